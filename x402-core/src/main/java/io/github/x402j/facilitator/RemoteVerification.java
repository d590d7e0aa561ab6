// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.http.Backoff;
import io.github.x402j.http.Deadline;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a facilitator whether a payment would go through, again if there is no answer. */
final class RemoteVerification {
  private static final Logger log = LoggerFactory.getLogger(HttpFacilitator.class);
  private static final int MAX_ATTEMPTS = 3;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final FacilitatorHttp http;
  private final Duration requestTimeout;
  private final Duration verifyTimeout;
  private final ResourceInfo resource;

  RemoteVerification(
      FacilitatorHttp http,
      Duration requestTimeout,
      Duration verifyTimeout,
      ResourceInfo resource) {
    this.http = http;
    this.requestTimeout = requestTimeout;
    this.verifyTimeout = verifyTimeout;
    this.resource = resource;
  }

  Verification of(SignedPayment payment) throws FacilitatorException {
    Deadline deadline = http.deadline(verifyTimeout);
    String request = FacilitatorMessages.request(payment, resource);
    Backoff pauses = new Backoff(FIRST_PAUSE, 3, LONGEST_PAUSE);
    for (int attempt = 1; ; attempt++) {
      FacilitatorHttp.Reply reply = http.post("/verify", request, deadline.atMost(requestTimeout));
      Optional<Verification> verdict = verdict(reply, payment);
      if (verdict.isPresent()) {
        return verdict.get();
      }
      if (attempt == MAX_ATTEMPTS
          || !isWorthAnother(reply)
          || !deadline.sleep(jittered(pauses.next()))) {
        throw new FacilitatorException("the facilitator did not verify: " + what(reply));
      }
    }
  }

  /** Returns what was answered, empty if that is no verdict on the payment. */
  private Optional<Verification> verdict(FacilitatorHttp.Reply reply, SignedPayment payment)
      throws FacilitatorException {
    if (!(reply instanceof FacilitatorHttp.Reply.Answered answer)) {
      return Optional.empty();
    }
    FacilitatorMessages.Verified verified;
    try {
      verified = FacilitatorMessages.readVerified(answer.body());
    } catch (MalformedPaymentException e) {
      if (answer.status() == 200) {
        throw new FacilitatorException("the facilitator did not verify: an answer that is none");
      }
      return Optional.empty();
    }
    if (!isSaidBy(answer.status(), verified)) {
      return Optional.empty();
    }
    if (!verified.isValid()) {
      return Optional.of(invalid(verified.reason(), payment));
    }
    requireConsistent(answer.status(), verified, payment);
    return Optional.of(new Verification.Valid(payment, http.extensionResponses(answer)));
  }

  /** In a failure of its own, a facilitator's "invalid" counts if its reason is one of a check. */
  private static boolean isSaidBy(int status, FacilitatorMessages.Verified verified) {
    return RemoteAnswer.isVerdict(status)
        || (!verified.isValid()
            && status >= 500
            && verified.reason().filter(RemoteVerification::isOfACheck).isPresent());
  }

  private static boolean isOfACheck(String code) {
    return FailureReasons.stageOf(code) == FailureReasons.Stage.BEFORE_BROADCAST
        && !code.equals(ErrorReason.UNEXPECTED_VERIFY_ERROR.wireCode());
  }

  private void requireConsistent(
      int status, FacilitatorMessages.Verified verified, SignedPayment payment)
      throws FacilitatorException {
    if (verified.reason().filter(reason -> !reason.isEmpty()).isPresent()) {
      log.error("facilitator {}: said valid, and why it is not", http.origin());
      throw new FacilitatorException("the facilitator said valid, and why it is not");
    }
    if (status != 200
        || verified.payer().filter(payer -> !payer.equals(payment.payer())).isPresent()) {
      log.error("facilitator {}: said valid of another payment than was asked", http.origin());
      throw new FacilitatorException("the facilitator said valid of another payment");
    }
  }

  private static Verification invalid(Optional<String> code, SignedPayment payment) {
    return new Verification.Invalid(
        code.map(FacilitatorMessages::reason).orElse(ErrorReason.UNEXPECTED_VERIFY_ERROR),
        "the facilitator found it invalid",
        payment.payer());
  }

  /** What a facilitator does not let us do now it will not let us do in a second. */
  private static boolean isWorthAnother(FacilitatorHttp.Reply reply) {
    return reply instanceof FacilitatorHttp.Reply.Answered answer
        ? answer.status() == 429 || answer.status() >= 500
        : !(reply instanceof FacilitatorHttp.Reply.Redirected);
  }

  static String what(FacilitatorHttp.Reply reply) {
    if (reply instanceof FacilitatorHttp.Reply.Answered answer) {
      return FacilitatorMessages.errorType(answer.body())
          .map(type -> "status " + answer.status() + " (" + type + ")")
          .orElse("status " + answer.status());
    }
    if (reply instanceof FacilitatorHttp.Reply.Redirected redirected) {
      return "it " + redirected.why();
    }
    return reply instanceof FacilitatorHttp.Reply.Lost lost
        ? lost.why()
        : ((FacilitatorHttp.Reply.NotSent) reply).why();
  }

  private static Duration jittered(Duration pause) {
    return pause.plusMillis(ThreadLocalRandom.current().nextLong(pause.toMillis()));
  }
}
