// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.lang.reflect.Proxy;
import java.util.Optional;

/** Ports that must hear nothing of a payment: each of their methods fails the test. */
public final class Untouchable {
  private Untouchable() {}

  /** Returns a ledger that knows nothing, and must not be asked for more than that. */
  public static PaymentLedger emptyLedger(Runnable asked) {
    PaymentLedger untouchable = of(PaymentLedger.class);
    return (PaymentLedger)
        Proxy.newProxyInstance(
            PaymentLedger.class.getClassLoader(),
            new Class<?>[] {PaymentLedger.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("find")) {
                asked.run();
                return Optional.empty();
              }
              return method.invoke(untouchable, arguments);
            });
  }

  /** Returns an implementation of a port that must not be called. */
  public static <T> T of(Class<T> port) {
    Object untouchable =
        Proxy.newProxyInstance(
            port.getClassLoader(),
            new Class<?>[] {port},
            (proxy, method, arguments) -> {
              if (method.getDeclaringClass() == Object.class) {
                return method.invoke(port, arguments);
              }
              throw new AssertionError(
                  port.getSimpleName() + "." + method.getName() + " was called");
            });
    return port.cast(untouchable);
  }
}
