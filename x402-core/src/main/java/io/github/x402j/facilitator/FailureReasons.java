// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a facilitator's reason for a failed settlement says about the transaction. The table holds
 * the reasons of the specification, of the published facilitators and of those that document them;
 * {@code docs/facilitator.md} shows it.
 *
 * <p>A reason counts as {@link Stage#BEFORE_BROADCAST} only if every one of them gives it before it
 * sends a transaction and never later. A reason that is not in the table may follow a broadcast.
 */
final class FailureReasons {
  /** When a reason can be given. */
  enum Stage {
    /** Only while the request is checked: nothing was sent for this request. */
    BEFORE_BROADCAST,
    /** Also when a transaction was sent, or may have been. */
    MAY_FOLLOW_BROADCAST
  }

  /** The request or its terms are wrong, or the state of the chain was read before the sending. */
  private static final Set<String> CHECKS =
      Set.of(
          "insufficient_funds",
          "invalid_network",
          "invalid_payment_requirements",
          "invalid_scheme",
          "invalid_x402_version",
          "unexpected_verify_error",
          "unsupported_network",
          "unsupported_payload_type",
          "unsupported_scheme",
          "asset_not_deployed_contract",
          "eip6492_factory_not_allowed",
          "missing_eip712_domain",
          "network_mismatch",
          "invalid_exact_evm_authorization_value",
          "invalid_exact_evm_eip3009_not_supported",
          "invalid_exact_evm_failed_to_check_deployment",
          "invalid_exact_evm_failed_to_check_nonce",
          "invalid_exact_evm_failed_to_get_balance",
          "invalid_exact_evm_failed_to_get_network_config",
          "invalid_exact_evm_failed_to_parse_signature",
          "invalid_exact_evm_failed_to_verify_signature",
          "invalid_exact_evm_missing_eip712_domain",
          "invalid_exact_evm_network_mismatch",
          "invalid_exact_evm_payload",
          "invalid_exact_evm_payload_authorization_value",
          "invalid_exact_evm_payload_authorization_value_mismatch",
          "invalid_exact_evm_payload_missing_signature",
          "invalid_exact_evm_payload_recipient_mismatch",
          "invalid_exact_evm_payload_signature",
          "invalid_exact_evm_payload_undeployed_smart_wallet",
          "invalid_exact_evm_recipient_mismatch",
          "invalid_exact_evm_required_amount",
          "invalid_exact_evm_scheme",
          "invalid_exact_evm_signature_format",
          "invalid_exact_evm_token_name_mismatch",
          "invalid_exact_evm_token_version_mismatch",
          "invalid_exact_evm_transaction_simulation_failed");

  /** The same of {@code exact} by Permit2 and of its extensions. */
  private static final Set<String> PERMIT2_CHECKS =
      Set.of(
          "invalid_permit2_recipient_mismatch",
          "invalid_permit2_spender",
          "permit2_allowance_required",
          "permit2_amount_mismatch",
          "permit2_deadline_expired",
          "permit2_insufficient_amount",
          "permit2_insufficient_balance",
          "permit2_not_yet_valid",
          "permit2_proxy_not_deployed",
          "permit2_simulation_failed",
          "permit2_token_mismatch",
          "eip2612_asset_mismatch",
          "eip2612_deadline_expired",
          "eip2612_from_mismatch",
          "eip2612_spender_not_permit2",
          "invalid_eip2612_extension_format",
          "erc20_approval_asset_mismatch",
          "erc20_approval_from_mismatch",
          "erc20_approval_spender_not_permit2",
          "erc20_approval_tx_invalid_calldata",
          "erc20_approval_tx_invalid_signature",
          "erc20_approval_tx_parse_failed",
          "erc20_approval_tx_signer_mismatch",
          "erc20_approval_tx_wrong_selector",
          "erc20_approval_tx_wrong_spender",
          "erc20_approval_tx_wrong_target",
          "invalid_erc20_approval_extension_format");

  /** Checks of x402-rs, under names of its own. */
  private static final Set<String> RS_CHECKS =
      Set.of(
          "accepted_requirements_mismatch",
          "asset_mismatch",
          "chain_id_mismatch",
          "invalid_format",
          "invalid_payment_amount",
          "invalid_payment_early",
          "invalid_payment_expired",
          "invalid_signature",
          "recipient_mismatch",
          "transaction_simulation",
          "unsupported_chain");

  /** Checks that CDP documents besides. */
  private static final Set<String> CDP_CHECKS =
      Set.of(
          "amount_too_low",
          "invalid_amount",
          "invalid_bazaar_extension",
          "invalid_exact_evm_extra_field",
          "invalid_exact_evm_payload_authorization_from_address_kyt",
          "invalid_exact_evm_payload_authorization_to_address_kyt",
          "invalid_exact_evm_payload_authorization_typed_data_message",
          "invalid_exact_evm_payload_authorization_value_too_low",
          "invalid_exact_evm_payload_signature_address",
          "invalid_exact_evm_permit2_payload_allowance_required",
          "invalid_exact_evm_permit2_payload_amount",
          "invalid_exact_evm_permit2_payload_deadline",
          "invalid_exact_evm_permit2_payload_recipient",
          "invalid_exact_evm_permit2_payload_spender",
          "invalid_exact_evm_permit2_payload_valid_after",
          "invalid_exact_evm_unsupported_scheme",
          "kyt_risk_detected",
          "permit2_disabled",
          "preflight_validation_failed",
          "request_blocked_by_location",
          "self_send_not_allowed");

  /**
   * Known, and no proof. Some are said of a transaction; some are read from the text of an error of
   * the node, whichever call it answered; some stand for any trouble.
   */
  private static final Set<String> NO_PROOF =
      Set.of(
          "duplicate_settlement",
          "erc20_approval_broadcast_failed",
          "erc20_approval_insufficient_eth_for_gas",
          "erc20_approval_tx_failed",
          "failed_to_execute_transfer",
          "invalid_exact_evm_failed_to_execute_transfer",
          "invalid_exact_evm_failed_to_get_receipt",
          "invalid_exact_evm_insufficient_balance",
          "invalid_exact_evm_insufficient_funds",
          "invalid_exact_evm_nonce_already_used",
          "invalid_exact_evm_payload_authorization_valid_after",
          "invalid_exact_evm_payload_authorization_valid_before",
          "invalid_exact_evm_permit2_payload_signature",
          "invalid_exact_evm_signature",
          "invalid_exact_evm_transaction_failed",
          "invalid_exact_evm_transaction_state",
          "invalid_exact_evm_transfer_event_mismatch",
          "invalid_exact_evm_verification_failed",
          "invalid_payload",
          "invalid_permit2_signature",
          "invalid_transaction_state",
          "permit2_2612_amount_mismatch",
          "permit2_amount_exceeds_permitted",
          "permit2_invalid_amount",
          "permit2_invalid_destination",
          "permit2_invalid_nonce",
          "permit2_invalid_owner",
          "permit2_invalid_signature",
          "permit2_payment_too_early",
          "settle_exact_evm_transaction_confirmation_timed_out",
          "settle_exact_failed_onchain",
          "settle_exact_node_failure",
          "settlement_pending",
          "smart_wallet_deployment_failed",
          "transaction_failed",
          "unexpected_error",
          "unexpected_settle_error",
          "unknown_error");

  private static final Map<String, Stage> TABLE = table();

  private FailureReasons() {}

  /** Returns when facilitators give this reason; one that is not known may follow a broadcast. */
  static Stage stageOf(String reason) {
    return TABLE.getOrDefault(reason, Stage.MAY_FOLLOW_BROADCAST);
  }

  /** Returns every reason that is known, in alphabetical order. */
  static Map<String, Stage> all() {
    return TABLE;
  }

  private static Map<String, Stage> table() {
    Map<String, Stage> table = new TreeMap<>();
    for (Set<String> checks : Set.of(CHECKS, PERMIT2_CHECKS, RS_CHECKS, CDP_CHECKS)) {
      checks.forEach(reason -> table.put(reason, Stage.BEFORE_BROADCAST));
    }
    NO_PROOF.forEach(reason -> table.put(reason, Stage.MAY_FOLLOW_BROADCAST));
    return Collections.unmodifiableMap(table);
  }
}
