// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Hashes;
import io.github.x402j.client.wallet.PaymentDecision.Declined;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Lets payments above a price wait for their owner. */
final class ApprovalRules {
  private static final String NAME = "approval";
  private static final SecureRandom RANDOM = new SecureRandom();

  private ApprovalRules() {}

  /**
   * What a payment has of its owner: the approval that it uses up, or why it is declined, and what
   * is to be written of that.
   *
   * @param used the name of the approval, null if none is used
   * @param declined why it is declined, null if it is not
   * @param waiting the details of a new approval that it waits for, null if there is none
   */
  record Answer(
      @Nullable String used, @Nullable Declined declined, @Nullable Map<String, String> waiting) {
    private static final Answer NOT_NEEDED = new Answer(null, null, null);
  }

  /**
   * @param details of the payment, as the journal has them
   */
  static Answer of(
      List<SpendingPolicy> policies,
      ProposedPayment payment,
      Map<String, String> details,
      Approvals approvals,
      Instant now)
      throws IOException {
    Optional<PolicyRule> strictest =
        policies.stream()
            .flatMap(policy -> policy.rules().stream())
            .filter(rule -> rule.name().equals(NAME) && payment.price().isMoreThan(above(rule)))
            .min((one, other) -> above(one).compareTo(above(other)));
    if (strictest.isEmpty()) {
      return Answer.NOT_NEEDED;
    }
    String limit = above(strictest.get()) + " without approval";
    String asked = payment.offer().priceText();
    String request = requestOf(payment);
    Optional<ApprovalRequest> known =
        approvals.of(request).filter(found -> now.isBefore(found.until()) && found.covers(details));
    if (known.isEmpty()) {
      String id = newId();
      Map<String, String> waiting = new TreeMap<>(details);
      waiting.put(Approvals.APPROVAL, id);
      waiting.put(Approvals.OF, request);
      waiting.put(Approvals.WITHIN, strictest.get().values().get(1));
      waiting.put(
          Approvals.UNTIL, now.plus(Duration.parse(strictest.get().values().get(1))).toString());
      return new Answer(null, Declined.waiting(limit, asked, id), waiting);
    }
    return switch (known.get().state()) {
      case APPROVED -> new Answer(known.get().id(), null, null);
      case WAITING -> new Answer(null, Declined.waiting(limit, asked, known.get().id()), null);
      case DENIED ->
          new Answer(null, Declined.of(NAME, limit, asked + ", which its owner denied"), null);
    };
  }

  private static Dollars above(PolicyRule rule) {
    return Dollars.parse(rule.values().get(0));
  }

  /** Returns what an approval is for. */
  private static String requestOf(ProposedPayment payment) {
    String fingerprint = payment.request().fingerprint();
    return fingerprint != null
        ? fingerprint
        : HexFormat.of()
            .formatHex(
                Hashes.sha256(
                    payment.method() + " " + payment.url() + " " + payment.resource().orElse("")));
  }

  private static String newId() {
    byte[] id = new byte[4];
    RANDOM.nextBytes(id);
    return HexFormat.of().formatHex(id);
  }
}
