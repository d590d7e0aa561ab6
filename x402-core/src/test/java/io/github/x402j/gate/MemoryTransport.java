// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.extension.StoredAnswer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;

/** A transport without a network: keeps the order of what {@link PaymentGate#sell} called. */
public final class MemoryTransport implements SaleTransport<RuntimeException> {
  public final List<String> calls = new ArrayList<>();
  public Refusal refusal;
  public StoredAnswer repeated;
  public Map<String, String> headers = Map.of();
  public Ending<RuntimeException> later;
  public boolean connectionIsBroken;
  public boolean tellsArrival;

  /** Runs when the answer is to be copied: the delivery is recorded, and not out yet. */
  public Runnable onCopy = () -> {};

  /** Whether it can answer later; then what it is to do later, once that is known. */
  public boolean canAnswerLater;

  public Rest<RuntimeException> rest;
  public CompletionStage<?> known;

  private final BooleanSupplier handler;
  private final StoredAnswer answer;

  private MemoryTransport(BooleanSupplier handler, StoredAnswer answer) {
    this.handler = handler;
    this.answer = answer;
  }

  /** A handler that makes this answer. */
  public static MemoryTransport answering(StoredAnswer answer) {
    return new MemoryTransport(() -> true, answer);
  }

  /** A handler that makes this answer, and ends later. */
  public static MemoryTransport answeringLater(StoredAnswer answer) {
    return new MemoryTransport(null, answer);
  }

  /** A handler that says whether it completed; null if it ends later. */
  public static MemoryTransport running(BooleanSupplier handler) {
    return new MemoryTransport(handler, null);
  }

  @Override
  public void refuse(Refusal newRefusal) {
    calls.add("refuse " + newRefusal.status());
    refusal = newRefusal;
  }

  @Override
  public void runGranted(Admission.Granted granted) {
    calls.add("granted " + granted.reason());
  }

  @Override
  public void repeat(StoredAnswer newAnswer) {
    calls.add("repeat");
    repeated = newAnswer;
  }

  @Override
  public void run(VerifiedPayment payment, Ending<RuntimeException> ending) {
    calls.add("run");
    if (handler == null) {
      later = ending;
    } else if (handler.getAsBoolean()) {
      ending.completed();
    } else {
      ending.failed();
    }
  }

  @Override
  public boolean canAnswerLater() {
    return canAnswerLater;
  }

  @Override
  public void answerWhen(CompletionStage<?> newKnown, Rest<RuntimeException> newRest) {
    known = newKnown;
    rest = newRest;
  }

  @Override
  public boolean tellsArrival() {
    return tellsArrival;
  }

  @Override
  public void fail(VerifiedPayment payment) {
    calls.add("fail");
  }

  @Override
  public void addHeaders(VerifiedPayment payment, Map<String, String> newHeaders) {
    calls.add("headers");
    headers = newHeaders;
  }

  @Override
  public Optional<StoredAnswer> copy(long maxBytes) {
    calls.add("copy");
    onCopy.run();
    return Optional.ofNullable(answer).filter(made -> made.body().length <= maxBytes);
  }

  @Override
  public void deliver(VerifiedPayment payment) {
    calls.add("deliver");
    if (connectionIsBroken) {
      throw new UncheckedIOException(new IOException("the connection is broken"));
    }
  }
}
