// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** The future that a caller holds while a request is sent and paid for. */
class CancellableCallTest {
  private final CancellableCall<String> call = new CancellableCall<>(() -> {});

  @Test
  void cancellingTheResultCancelsTheStepThatItWaitsFor() {
    CompletableFuture<String> step = call.waitFor(new CompletableFuture<>());
    call.result().cancel(true);
    assertThat(step).isCancelled();
    assertThat(call.isOver()).isTrue();
  }

  @Test
  void aStepThatBeginsAfterTheCancellationIsCancelledAtOnce() {
    call.result().cancel(true);
    assertThat(call.waitFor(new CompletableFuture<>())).isCancelled();
  }

  @Test
  void onlyTheLastStepIsCancelled() {
    CompletableFuture<String> first = call.waitFor(new CompletableFuture<>());
    CompletableFuture<String> second = call.waitFor(new CompletableFuture<>());
    call.result().cancel(true);
    assertThat(second).isCancelled();
    assertThat(first).isNotDone();
  }

  @Test
  void givesTheOutcomeToTheCaller() {
    assertThat(call.isOver()).isFalse();
    call.completeWith(CompletableFuture.completedFuture("content"), () -> false);
    assertThat(call.result()).isCompletedWithValue("content");
    assertThat(call.isOver()).isTrue();
  }

  @Test
  void givesTheCallerTheFailureItself() {
    IOException failure = new IOException("reset");
    call.completeWith(
        CompletableFuture.failedFuture(new CompletionException(failure)), () -> false);
    assertThatThrownBy(call.result()::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void unwrapsWhatFuturesWrapAndNothingElse() {
    IOException failure = new IOException("reset");
    IOException withCause = new IOException("outer", failure);
    assertThat(CancellableCall.unwrapped(new CompletionException(new ExecutionException(failure))))
        .isSameAs(failure);
    assertThat(CancellableCall.unwrapped(withCause)).isSameAs(withCause);
  }
}
