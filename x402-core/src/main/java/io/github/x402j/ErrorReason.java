// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Arrays;
import java.util.Optional;

/** Why a payment was refused, in the codes of the specification (section 9). */
public enum ErrorReason {
  /** The payer has too little of the token. */
  INSUFFICIENT_FUNDS("insufficient_funds"),
  /** {@code validAfter} is not in the past. */
  AUTHORIZATION_NOT_YET_VALID("invalid_exact_evm_payload_authorization_valid_after"),
  /** {@code validBefore} is past, too near, or further away than the seller allows. */
  AUTHORIZATION_EXPIRED("invalid_exact_evm_payload_authorization_valid_before"),
  /** The value is not exactly the price. */
  VALUE_MISMATCH("invalid_exact_evm_payload_authorization_value_mismatch"),
  /** The signature is not the payer's over this authorization. */
  INVALID_SIGNATURE("invalid_exact_evm_payload_signature"),
  /** The money would go to somebody else. */
  RECIPIENT_MISMATCH("invalid_exact_evm_payload_recipient_mismatch"),
  /** The authorization has been used or cancelled. */
  NONCE_ALREADY_USED("invalid_exact_evm_nonce_already_used"),
  /** Another contract than the proxy of the scheme may spend it. */
  PERMIT2_SPENDER_MISMATCH("invalid_permit2_spender"),
  /** Permit2 would move the money to somebody else. */
  PERMIT2_RECIPIENT_MISMATCH("invalid_permit2_recipient_mismatch"),
  /** The signature is not the payer's over this authorization of Permit2. */
  PERMIT2_INVALID_SIGNATURE("invalid_permit2_signature"),
  /** {@code deadline} is past, too near, or further away than the seller allows. */
  PERMIT2_DEADLINE_EXPIRED("permit2_deadline_expired"),
  /** {@code witness.validAfter} is in the future. */
  PERMIT2_NOT_YET_VALID("permit2_not_yet_valid"),
  /** The amount is not exactly the price. */
  PERMIT2_AMOUNT_MISMATCH("permit2_amount_mismatch"),
  /** The token is not the one that was offered. */
  PERMIT2_TOKEN_MISMATCH("permit2_token_mismatch"),
  /** The payer has not approved Permit2 for as much of the token. */
  PERMIT2_ALLOWANCE_REQUIRED("permit2_allowance_required"),
  /** Permit2 has used or cancelled the nonce. */
  PERMIT2_INVALID_NONCE("permit2_invalid_nonce"),
  /** The transfer by Permit2 would fail, or would not bring the whole amount. */
  PERMIT2_SIMULATION_FAILED("permit2_simulation_failed"),
  /** There is no proxy of the scheme on the chain. */
  PERMIT2_PROXY_NOT_DEPLOYED("permit2_proxy_not_deployed"),
  /** The network is not one that was offered. */
  INVALID_NETWORK("invalid_network"),
  /** The payload is not what its scheme defines. */
  INVALID_PAYLOAD("invalid_payload"),
  /** {@code accepted} is not among the requirements that were offered. */
  INVALID_PAYMENT_REQUIREMENTS("invalid_payment_requirements"),
  /** The scheme is not one that was offered. */
  INVALID_SCHEME("invalid_scheme"),
  /** The scheme is not supported here. */
  UNSUPPORTED_SCHEME("unsupported_scheme"),
  /** {@code x402Version} is neither 1 nor 2, or does not fit the header. */
  INVALID_X402_VERSION("invalid_x402_version"),
  /** The transaction failed or was rejected. */
  INVALID_TRANSACTION_STATE("invalid_transaction_state"),
  /** Verification could not be carried out. */
  UNEXPECTED_VERIFY_ERROR("unexpected_verify_error"),
  /** Settlement could not be carried out. */
  UNEXPECTED_SETTLE_ERROR("unexpected_settle_error"),
  /** The receipt is not good for this; not a code of the specification. */
  INVALID_RECEIPT("invalid_receipt"),
  /** The receipt has no use left; not a code of the specification. */
  RECEIPT_USED("receipt_already_used"),
  /** The payment identifier was used with another payload; not a code of the specification. */
  PAYMENT_IDENTIFIER_CONFLICT("payment_identifier_conflict"),
  /** The seller needs a payment identifier; not a code of the specification. */
  PAYMENT_IDENTIFIER_REQUIRED("payment_identifier_required"),
  /**
   * The payment returns an extension otherwise than it was announced; not a code of the
   * specification.
   */
  EXTENSION_ECHO_MISMATCH("extension_echo_mismatch"),
  /** The seller refuses this request or this payer; not a code of the specification. */
  ACCESS_REFUSED("access_refused"),
  /** The sign-in is not good; the client gets one of the codes of its extension. */
  INVALID_SIGN_IN("invalid_siwx"),
  /** The outcome of the settlement is not known yet; not a code of the specification. */
  SETTLEMENT_PENDING("settlement_pending");

  private final String wireCode;

  ErrorReason(String wireCode) {
    this.wireCode = wireCode;
  }

  /** Returns the code as it stands in messages. */
  public String wireCode() {
    return wireCode;
  }

  /** Returns the reason with this code, empty if the specification has no such code. */
  public static Optional<ErrorReason> ofWireCode(String code) {
    return Arrays.stream(values()).filter(reason -> reason.wireCode.equals(code)).findFirst();
  }
}
