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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a facilitator's reply to a settle request means. Everything that can be read in two ways is
 * unclear, because bytes were sent.
 */
sealed interface RemoteAnswer {
  /**
   * It says that the money has moved, and everything that it says fits the payment.
   *
   * @param extensionResponses what it says about extensions
   */
  record Moved(String transaction, Map<String, Object> extensionResponses)
      implements RemoteAnswer {}

  /**
   * It says that it did not settle, for a reason that is known.
   *
   * @param nothingSent whether the reason can come only before a broadcast, and no transaction is
   *     named: nothing was sent for this request
   * @param hash the transaction that it names, or null
   */
  record Refused(ErrorReason reason, boolean nothingSent, @Nullable String hash)
      implements RemoteAnswer {
    Settlement.Failed failed() {
      return new Settlement.Failed(reason, "the facilitator refused to settle");
    }

    Optional<String> transaction() {
      return Optional.ofNullable(hash);
    }
  }

  /** It says that somebody has used the authorization: perhaps by an earlier request of ours. */
  record NonceUsed() implements RemoteAnswer {}

  /**
   * It says how the payment ended, and that another claimant asked before: what the payment buys,
   * it buys there.
   */
  record Repeated(Settlement.Failed outcome) implements RemoteAnswer {
    static Repeated settled() {
      return new Repeated(
          new Settlement.Failed(
              ErrorReason.NONCE_ALREADY_USED, "the facilitator has settled it for another seller"));
    }

    static Repeated failed(ErrorReason reason) {
      return new Repeated(
          new Settlement.Failed(reason, "another seller asked the facilitator first"));
    }
  }

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

  /** Not the outcome of a settlement, but that it is not known. */
  Set<ErrorReason> UNDECIDED =
      Set.of(ErrorReason.SETTLEMENT_PENDING, ErrorReason.UNEXPECTED_SETTLE_ERROR);

  /** A placeholder, and no hash of anything. */
  String NO_TRANSACTION = "0x" + "0".repeat(64);

  /** Statuses of the transport, whatever the body says: the request may be made again. */
  Set<Integer> OF_THE_TRANSPORT = Set.of(408, 425, 429);

  /** Statuses with which a facilitator gives its verdict; another one is trouble of its own. */
  static boolean isVerdict(int status) {
    return status == 200 || (status / 100 == 4 && !OF_THE_TRANSPORT.contains(status));
  }

  static RemoteAnswer of(FacilitatorHttp http, FacilitatorHttp.Reply reply, SignedPayment payment) {
    if (reply instanceof FacilitatorHttp.Reply.NotSent notSent) {
      return new NotSent(notSent.why());
    }
    if (reply instanceof FacilitatorHttp.Reply.Lost lost) {
      return new Unclear(null, false, lost.why());
    }
    if (reply instanceof FacilitatorHttp.Reply.Redirected redirected) {
      return new Unclear(null, false, "it " + redirected.why());
    }
    FacilitatorHttp.Reply.Answered answer = (FacilitatorHttp.Reply.Answered) reply;
    try {
      return of(
          answer.status(),
          FacilitatorMessages.readSettled(answer.body()),
          http.extensionResponses(answer),
          payment);
    } catch (MalformedPaymentException e) {
      return new Unclear(
          null, false, RemoteVerification.what(answer) + " with an answer that is none");
    }
  }

  private static RemoteAnswer of(
      int status,
      FacilitatorMessages.Settled settled,
      Map<String, Object> extensionResponses,
      SignedPayment payment) {
    @Nullable String hash = hash(settled.transaction());
    if (settled.success()) {
      Optional<String> lie = contradiction(status, settled, payment);
      if (lie.isEmpty() && settled.repeated()) {
        return Repeated.settled();
      }
      return hash == null || lie.isPresent()
          ? new Unclear(hash, false, lie.orElse("success without a transaction"))
          : new Moved(hash, extensionResponses);
    }
    String code = settled.errorReason();
    boolean isOutcome =
        ErrorReason.ofWireCode(code).filter(reason -> !UNDECIDED.contains(reason)).isPresent();
    if (isVerdict(status) && isOutcome && settled.repeated()) {
      return Repeated.failed(FacilitatorMessages.reason(code));
    }
    if (isVerdict(status) && code.equals(ErrorReason.NONCE_ALREADY_USED.wireCode())) {
      return new NonceUsed();
    }
    boolean nothingSent =
        FailureReasons.stageOf(code) == FailureReasons.Stage.BEFORE_BROADCAST
            && settled.transaction().isEmpty();
    if (isVerdict(status) && (nothingSent || isOutcome)) {
      return new Refused(FacilitatorMessages.reason(code), nothingSent, hash);
    }
    return new Unclear(
        hash,
        code.equals(ErrorReason.SETTLEMENT_PENDING.wireCode()),
        "failed with status " + status + ", which proves nothing: " + nameOf(code));
  }

  /** Of the facilitator's words only those that are known. */
  private static String nameOf(String code) {
    return FailureReasons.all().containsKey(code) ? code : "a reason that is not known";
  }

  /** Returns what in a success is not of this payment, empty if everything fits. */
  private static Optional<String> contradiction(
      int status, FacilitatorMessages.Settled settled, SignedPayment payment) {
    if (status != 200) {
      return Optional.of("success with status " + status);
    }
    if (!settled.errorReason().isEmpty()) {
      return Optional.of("success with a reason why it failed");
    }
    if (!settled.network().equals(Optional.of(payment.requirements().network()))) {
      return Optional.of("success on another network");
    }
    if (isOther(settled.payer(), payment.payer())) {
      return Optional.of("success for another payer");
    }
    if (isOther(settled.amount(), payment.requirements().amount())) {
      return Optional.of("success with another amount");
    }
    if (isOther(settled.asset(), payment.requirements().asset())) {
      return Optional.of("success with another token");
    }
    if (isOther(settled.payTo(), payment.requirements().payTo())) {
      return Optional.of("success for another recipient");
    }
    if (isOther(settled.digest(), payment.digest())) {
      return Optional.of("success of another authorization");
    }
    return Optional.empty();
  }

  /** A facilitator need not say everything; what it says must fit. */
  private static <T> boolean isOther(Optional<T> said, T expected) {
    return said.isPresent() && !said.get().equals(expected);
  }

  private static @Nullable String hash(String transaction) {
    String lowerCase = transaction.toLowerCase(Locale.ROOT);
    return Bytes32.isCanonical(lowerCase) && !lowerCase.equals(NO_TRANSACTION) ? lowerCase : null;
  }
}
