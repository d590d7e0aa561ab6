// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a facilitator's reply to a settle request means. Only what cannot be read otherwise counts
 * as moved or as refused; everything else is unclear, because bytes were sent.
 */
sealed interface RemoteAnswer {
  /** It says that the money has moved, and everything that it says fits the payment. */
  record Moved(String transaction) implements RemoteAnswer {}

  /**
   * It says why it did not settle, in words that leave no doubt.
   *
   * @param hash the transaction that was reverted, or null if none was sent
   */
  record Refused(ErrorReason reason, @Nullable String hash) implements RemoteAnswer {
    Settlement.Failed failed() {
      return new Settlement.Failed(reason, "the facilitator refused to settle");
    }
  }

  /** It says that somebody has used the authorization: perhaps by an earlier request of ours. */
  record NonceUsed() implements RemoteAnswer {}

  /** The request did not leave. */
  record NotSent(String why) implements RemoteAnswer {}

  /**
   * The outcome is not known.
   *
   * @param hash the transaction that it names, or null
   * @param isPending whether it says itself that it does not know yet
   * @param why for people
   */
  record Unclear(@Nullable String hash, boolean isPending, String why) implements RemoteAnswer {
    Optional<String> transaction() {
      return Optional.ofNullable(hash);
    }
  }

  /** Codes that are certain: nothing was sent, or what was sent was reverted. */
  Set<String> CERTAIN_CODES =
      Set.of(
          "insufficient_funds",
          "unsupported_scheme",
          "unsupported_network",
          "unsupported_payload_type",
          "unexpected_verify_error",
          "asset_not_deployed_contract",
          "eip6492_factory_not_allowed");

  /** Begins like a refusal and is said of a transaction that was mined. */
  String EVENT_MISMATCH = "invalid_exact_evm_transfer_event_mismatch";

  /** Statuses with which a facilitator gives its verdict; another one is trouble of its own. */
  static boolean isVerdict(int status) {
    return status == 200 || status == 400 || status == 402 || status == 422;
  }

  static RemoteAnswer of(FacilitatorHttp.Reply reply, SignedPayment payment) {
    if (reply instanceof FacilitatorHttp.Reply.NotSent notSent) {
      return new NotSent(notSent.why());
    }
    if (reply instanceof FacilitatorHttp.Reply.Lost lost) {
      return new Unclear(null, false, lost.why());
    }
    FacilitatorHttp.Reply.Answered answer = (FacilitatorHttp.Reply.Answered) reply;
    try {
      return of(answer.status(), FacilitatorMessages.readSettled(answer.body()), payment);
    } catch (MalformedPaymentException e) {
      return new Unclear(null, false, "status " + answer.status() + " with an answer that is none");
    }
  }

  private static RemoteAnswer of(
      int status, FacilitatorMessages.Settled settled, SignedPayment payment) {
    @Nullable String hash = hash(settled.transaction());
    if (settled.success()) {
      Optional<String> lie = contradiction(status, settled, payment);
      return hash == null || lie.isPresent()
          ? new Unclear(hash, false, lie.orElse("success without a transaction"))
          : new Moved(hash);
    }
    String code = settled.errorReason();
    if (code.equals(ErrorReason.NONCE_ALREADY_USED.wireCode())) {
      return new NonceUsed();
    }
    boolean isCertain =
        CERTAIN_CODES.contains(code)
            || (code.startsWith("invalid_") && !code.equals(EVENT_MISMATCH));
    boolean sentSomething =
        !settled.transaction().isEmpty()
            && !code.equals(ErrorReason.INVALID_TRANSACTION_STATE.wireCode());
    if (isVerdict(status) && isCertain && !sentSomething) {
      return new Refused(FacilitatorMessages.reason(code), hash);
    }
    return new Unclear(
        hash,
        code.equals(ErrorReason.SETTLEMENT_PENDING.wireCode()),
        "the facilitator does not know the outcome");
  }

  /** Returns what in a success is not of this payment, empty if everything fits. */
  private static Optional<String> contradiction(
      int status, FacilitatorMessages.Settled settled, SignedPayment payment) {
    if (status != 200) {
      return Optional.of("success with status " + status);
    }
    if (!settled.network().equals(Optional.of(payment.requirements().network()))) {
      return Optional.of("success on another network");
    }
    if (settled.payer().isPresent() && !settled.payer().get().equals(payment.payer())) {
      return Optional.of("success for another payer");
    }
    if (settled.amount().isPresent()
        && !settled.amount().get().equals(payment.requirements().amount())) {
      return Optional.of("success with another amount");
    }
    return Optional.empty();
  }

  private static @Nullable String hash(String transaction) {
    String lowerCase = transaction.toLowerCase(Locale.ROOT);
    return Bytes32.isCanonical(lowerCase) ? lowerCase : null;
  }
}
