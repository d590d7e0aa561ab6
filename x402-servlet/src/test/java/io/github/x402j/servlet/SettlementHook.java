// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Facilitator;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Has something happen between the verification of a payment and its settlement. */
final class SettlementHook {
  private final AtomicReference<Runnable> beforeNext = new AtomicReference<>(() -> {});

  /** How many settlements were begun. */
  final AtomicInteger begun = new AtomicInteger();

  /** Does this once, when the next payment is verified and about to be settled. */
  void beforeNext(Runnable action) {
    beforeNext.set(action);
  }

  Facilitator over(Facilitator facilitator) {
    return (Facilitator)
        Proxy.newProxyInstance(
            SettlementHook.class.getClassLoader(),
            new Class<?>[] {Facilitator.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("settle") || method.getName().equals("settleLater")) {
                beforeNext.getAndSet(() -> {}).run();
                begun.incrementAndGet();
              }
              try {
                return method.invoke(facilitator, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
