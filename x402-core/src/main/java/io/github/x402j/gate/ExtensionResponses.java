// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.FacilitatorMessages;
import io.github.x402j.SmallPool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the extensions of a facilitator service, and keeps what they do from the payment. */
final class ExtensionResponses {
  private static final Logger log = LoggerFactory.getLogger(FacilitatorService.class);
  private static final int THREADS = 8;
  private static final int WAITING = 64;

  private final List<FacilitatorExtension> extensions;
  private final ThreadPoolExecutor threads =
      SmallPool.of("x402-facilitator-extensions", THREADS, WAITING);

  ExtensionResponses(List<FacilitatorExtension> extensions) {
    this.extensions = List.copyOf(extensions);
  }

  List<String> names() {
    return extensions.stream().map(FacilitatorExtension::name).toList();
  }

  /** Returns the headers of an answer after each extension was asked; perhaps none. */
  Map<String, String> headers(
      Function<FacilitatorExtension, Optional<Map<String, Object>>> question) {
    Map<String, Object> said = new LinkedHashMap<>();
    long end =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FacilitatorExtension.LONGEST_WAIT_MILLIS);
    List<CompletableFuture<Optional<Map<String, Object>>>> answers = new ArrayList<>();
    extensions.forEach(extension -> answers.add(begin(() -> question.apply(extension))));
    for (int i = 0; i < answers.size(); i++) {
      String name = extensions.get(i).name();
      answer(name, answers.get(i), end).ifPresent(response -> said.put(name, response));
    }
    return said.isEmpty() ? Map.of() : header(said);
  }

  private static Map<String, String> header(Map<String, Object> said) {
    try {
      Optional<String> value = FacilitatorMessages.extensionResponses(said);
      if (value.isPresent()) {
        return Map.of(FacilitatorMessages.EXTENSION_RESPONSES, value.get());
      }
      log.warn("the answers of the extensions {} are too long", said.keySet());
    } catch (IllegalArgumentException e) {
      log.warn("the answers of the extensions {} are no JSON", said.keySet());
    }
    return Map.of();
  }

  private interface Task {
    Optional<Map<String, Object>> run();
  }

  private CompletableFuture<Optional<Map<String, Object>>> begin(Task task) {
    CompletableFuture<Optional<Map<String, Object>>> answer = new CompletableFuture<>();
    try {
      threads.execute(
          () -> {
            try {
              answer.complete(task.run());
            } catch (RuntimeException | Error e) {
              answer.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(e);
    }
    return answer;
  }

  private static Optional<Map<String, Object>> answer(
      String name, CompletableFuture<Optional<Map<String, Object>>> answer, long end) {
    try {
      return answer.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      log.warn("extension {}: no answer in time", name);
    } catch (ExecutionException e) {
      log.warn("extension {} failed", name, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }
}
