// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.PaymentKey;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/**
 * A ledger that outlives the processes that use it, as one in a database does: each has a view, and
 * what a killed one held is suspended when its lease ends.
 */
final class LedgerStore {
  private static final Duration LEASE = Duration.ofSeconds(10);

  /** The calls that may fail without an effect. */
  private static final Set<String> FALLIBLE = Set.of("claim", "settling", "find");

  private record Hold(PaymentKey key, Baton.Process process) {}

  private final VirtualTime time;
  private final Baton baton;
  private final PaymentLedger ledger;
  private final List<Hold> holds = new ArrayList<>();
  private final List<String> delivered = new ArrayList<>();
  private long orphansUntil;
  private int failures;

  LedgerStore(VirtualTime time, Baton baton) {
    this.time = time;
    this.baton = baton;
    this.ledger = InMemoryPaymentLedger.withCapacity(10_000, time);
  }

  /** Lets the next calls fail. */
  void fail(int calls) {
    failures += calls;
  }

  void recover() {
    failures = 0;
    orphansUntil = 0;
  }

  /** Says that the process is dead; others may take over what it held when the lease is over. */
  void killed() {
    orphansUntil = time.now() + LEASE.toMillis();
  }

  /** Returns whether it says that the authorization has bought its delivery. */
  boolean isDelivered(String nonce) {
    return delivered.contains(nonce);
  }

  PaymentLedger viewOf(Baton.Process process) {
    return (PaymentLedger)
        Proxy.newProxyInstance(
            PaymentLedger.class.getClassLoader(),
            new Class<?>[] {PaymentLedger.class},
            (proxy, method, arguments) -> {
              if (method.getDeclaringClass() == Object.class) {
                return invoke(method, arguments);
              }
              baton.call("ledger " + method.getName());
              if (process.isKilled()) {
                throw new Baton.Killed();
              }
              if (failures > 0 && FALLIBLE.contains(method.getName())) {
                failures--;
                throw new LedgerException("the database does not answer");
              }
              takeOver();
              Object result = invoke(method, arguments);
              note(method.getName(), arguments, result, process);
              return result;
            });
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(ledger, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private void note(String method, Object[] arguments, Object result, Baton.Process process) {
    if (arguments == null || !(arguments[0] instanceof PaymentKey key)) {
      return;
    }
    switch (method) {
      case "claim" -> {
        if (result instanceof PaymentLedger.Claim.Granted
            || result instanceof PaymentLedger.Claim.Resumed) {
          holds.add(new Hold(key, process));
        }
      }
      case "delivered" -> {
        delivered.add(key.nonce());
        holds.removeIf(hold -> hold.key.equals(key));
      }
      case "takeBack" -> {
        if (Boolean.TRUE.equals(result)) {
          delivered.remove(key.nonce());
        }
      }
      case "suspend", "release" -> holds.removeIf(hold -> hold.key.equals(key));
      default -> {}
    }
  }

  private void takeOver() {
    if (time.now() < orphansUntil) {
      return;
    }
    for (Iterator<Hold> each = holds.iterator(); each.hasNext(); ) {
      Hold hold = each.next();
      if (hold.process.isKilled()) {
        each.remove();
        ledger.suspend(hold.key);
      }
    }
  }
}
