// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;

/** Makes any facilitator settle without the caller's thread, and has something happen before. */
final class LaterFacilitator {
  private final AtomicReference<Runnable> beforeNext = new AtomicReference<>(() -> {});

  /** Does this once, when the next payment is verified and about to be settled. */
  void beforeNext(Runnable action) {
    beforeNext.set(action);
  }

  Facilitator over(Facilitator facilitator) {
    return (Facilitator)
        Proxy.newProxyInstance(
            LaterFacilitator.class.getClassLoader(),
            new Class<?>[] {Facilitator.class},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("settle")) {
                beforeNext.getAndSet(() -> {}).run();
              }
              if (method.getName().equals("settleLater")) {
                return CompletableFuture.supplyAsync(
                    () ->
                        settle(
                            facilitator,
                            (SignedPayment) arguments[0],
                            (BeforeBroadcast) arguments[1]),
                    task -> new Thread(task).start());
              }
              try {
                return method.invoke(facilitator, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Settlement settle(
      Facilitator facilitator, SignedPayment payment, BeforeBroadcast before) {
    try {
      return facilitator.settle(payment, before);
    } catch (FacilitatorException e) {
      throw new CompletionException(e);
    }
  }
}
