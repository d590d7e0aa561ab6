// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Settles what is sent when a test says so, as a block of a chain does. */
final class ManualSettlements {
  /** Has a permit for each payment that was sent. */
  final Semaphore sent = new Semaphore(0);

  /** How many were to be settled without the caller's thread. */
  final AtomicInteger withoutThread = new AtomicInteger();

  private volatile CompletableFuture<Function<SignedPayment, Settlement>> block =
      new CompletableFuture<>();

  static Settlement.Settled settled(SignedPayment payment) {
    return new Settlement.Settled(
        payment.key().nonce(), payment.payer(), payment.requirements().amount());
  }

  /** Settles all that was sent since the last block. */
  void mine() {
    mine(ManualSettlements::settled);
  }

  /** Ends all that was sent since the last block in this way. */
  void mine(Function<SignedPayment, Settlement> outcome) {
    CompletableFuture<Function<SignedPayment, Settlement>> mined = block;
    block = new CompletableFuture<>();
    mined.complete(outcome);
  }

  /** Ends it by an exception. */
  void fail(Throwable failure) {
    CompletableFuture<Function<SignedPayment, Settlement>> mined = block;
    block = new CompletableFuture<>();
    mined.completeExceptionally(failure);
  }

  /** Returns a facilitator that checks like the other one, and settles here. */
  Facilitator over(Facilitator facilitator) {
    return (Facilitator)
        Proxy.newProxyInstance(
            ManualSettlements.class.getClassLoader(),
            new Class<?>[] {Facilitator.class},
            (proxy, method, arguments) -> {
              switch (method.getName()) {
                case "verify":
                  return new Verification.Valid((SignedPayment) arguments[0]);
                case "settleLater":
                  withoutThread.incrementAndGet();
                  return settle((SignedPayment) arguments[0], (BeforeBroadcast) arguments[1]);
                case "settle":
                  return settle((SignedPayment) arguments[0], (BeforeBroadcast) arguments[1])
                      .join();
                case "outcome":
                  return settled((SignedPayment) arguments[0]);
                default:
                  try {
                    return method.invoke(facilitator, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
              }
            });
  }

  private CompletableFuture<Settlement> settle(SignedPayment payment, BeforeBroadcast before) {
    CompletableFuture<Function<SignedPayment, Settlement>> next = block;
    before.sending(payment.key().nonce());
    sent.release();
    return next.thenApply(outcome -> outcome.apply(payment));
  }
}
