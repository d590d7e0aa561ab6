// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.FacilitatorException;
import io.github.x402j.client.Payment;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.OnChainPayment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A payment on the chain, in text for a person and in JSON for programs.
 *
 * @param seen what the chain shows, null if the node did not answer
 * @param failure why the node did not answer, empty if it did
 */
record OnChainCheck(@Nullable OnChainPayment seen, String failure) {
  /** A seller can know its transaction before our node does. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final long PAUSE_MILLIS = 500;

  /** Reads the payment from the chain; waits for it if the server says that it is settled. */
  static OnChainCheck of(Payment payment, Chain chain) throws InterruptedException {
    long start = System.nanoTime();
    while (true) {
      OnChainPayment seen;
      try {
        seen = payment.onChain(chain);
      } catch (FacilitatorException | IllegalArgumentException e) {
        return new OnChainCheck(null, String.valueOf(e.getMessage())); // the answer is still shown
      }
      boolean late = System.nanoTime() - start > PATIENCE.toNanos();
      if (!(seen instanceof OnChainPayment.NotFound) || !payment.settled() || late) {
        return new OnChainCheck(seen, "");
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  int exitCode() {
    if (seen instanceof OnChainPayment.Confirmed) {
      return ExitCode.OK;
    }
    return seen instanceof OnChainPayment.Contradicted
        ? ExitCode.NOT_VERIFIED
        : seen instanceof OnChainPayment.NotMade ? ExitCode.FAILED : ExitCode.PENDING;
  }

  String text() {
    if (seen instanceof OnChainPayment.Confirmed it) {
      return "made by " + it.transaction() + ", confirmations: " + it.confirmations();
    }
    if (seen instanceof OnChainPayment.Contradicted it) {
      return "NOT AS THE SERVER SAYS: "
          + it.detail()
          + it.actualTransaction().map(t -> ", " + t).orElse("");
    }
    if (seen instanceof OnChainPayment.NotMade it) {
      return "not made: " + it.detail();
    }
    return seen == null ? "could not be asked: " + failure : "not found, or not yet";
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (seen instanceof OnChainPayment.Confirmed it) {
      return json.put("verdict", "confirmed")
          .put("transaction", it.transaction())
          .put("confirmations", it.confirmations());
    }
    if (seen instanceof OnChainPayment.Contradicted it) {
      json.put("verdict", "contradicted").put("detail", it.detail());
      it.actualTransaction().ifPresent(transaction -> json.put("transaction", transaction));
      return json;
    }
    if (seen instanceof OnChainPayment.NotMade it) {
      return json.put("verdict", "notMade").put("detail", it.detail());
    }
    return seen == null
        ? json.put("verdict", "unknown").put("detail", failure)
        : json.put("verdict", "notFound");
  }
}
