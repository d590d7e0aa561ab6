// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.extension.Discoverable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a payer returned of the extensions with what was announced (specification 5.1.2). A
 * payer may leave an extension out and add members of its own; what it returns of the seller's
 * {@code info} must be what the seller said. What differs from one 402 to the next, such as a
 * signed offer, is not compared.
 */
final class ExtensionEcho {
  private static final String INFO = "info";

  private ExtensionEcho() {}

  /** Returns the name of an extension that was returned otherwise, empty if there is none. */
  static Optional<String> mismatch(PaymentRequired announced, PaymentPayload returned) {
    if (returned.extensions().isEmpty()) {
      return Optional.empty();
    }
    return announced.extensions().keySet().stream()
        .filter(returned.extensions()::containsKey)
        .filter(
            name ->
                !holds(
                    member(returned.extensions().get(name), INFO),
                    member(announced.extensions().get(name), INFO)))
        .findFirst();
  }

  private static @Nullable Object member(@Nullable Object object, String name) {
    return object instanceof Map<?, ?> members ? members.get(name) : null;
  }

  /** Returns whether the one holds all of the other: objects member by member, the rest equal. */
  private static boolean holds(@Nullable Object returned, @Nullable Object announced) {
    if (!(announced instanceof Map<?, ?> object)) {
      return Objects.equals(returned, announced);
    }
    return returned instanceof Map<?, ?> members
        && object.entrySet().stream()
            .allMatch(member -> holds(members.get(member.getKey()), member.getValue()));
  }

  /**
   * Returns the payment as it is told to a facilitator: for what is sold here, whatever resource
   * the payer names, and with the seller's own word on everything beside {@code info} that it
   * announced. What a facilitator lists of the seller is the seller's word alone.
   */
  static PaymentPayload told(PaymentRequired announced, PaymentPayload returned) {
    PaymentPayload told = returned.withResource(announced.resource());
    if (returned.extensions().isEmpty()) {
      return told;
    }
    Map<String, Object> extensions = new LinkedHashMap<>(returned.extensions());
    extensions.replaceAll((name, entry) -> told(announced.extensions().get(name), entry));
    extensions.remove(Discoverable.EXTENSION);
    if (returned.extensions().containsKey(Discoverable.EXTENSION)
        && announced.extensions().get(Discoverable.EXTENSION) instanceof Map<?, ?> own) {
      extensions.put(Discoverable.EXTENSION, own);
    }
    return told.withExtensions(extensions);
  }

  private static Object told(@Nullable Object announced, @Nullable Object returned) {
    if (!(announced instanceof Map<?, ?> own) || !(returned instanceof Map<?, ?> members)) {
      return Objects.requireNonNullElse(returned, Map.of());
    }
    Map<Object, Object> entry = new LinkedHashMap<>(members);
    own.forEach(
        (name, value) -> {
          if (!INFO.equals(name)) {
            entry.put(name, value);
          }
        });
    return entry;
  }
}
