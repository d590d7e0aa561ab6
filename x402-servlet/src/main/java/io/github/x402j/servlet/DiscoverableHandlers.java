// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.extension.Discoverable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** What annotations say of how handlers are called, for integrations of frameworks. */
public final class DiscoverableHandlers {
  private DiscoverableHandlers() {}

  /**
   * Returns a rule with what an annotation says of how its handler is called, the rule as it is if
   * the annotation does not make it discoverable.
   *
   * @param known what the handler's signature says; asked for what is discoverable
   * @throws IllegalArgumentException if an example is no JSON, or is not as the signature says
   */
  public static Route described(
      Route rule, RequiresPayment annotation, Supplier<Discoverable> known) {
    if (!annotation.discoverable()) {
      if (!annotation.inputExample().isEmpty() || !annotation.outputExample().isEmpty()) {
        throw new IllegalArgumentException("an example is for what is discoverable = true");
      }
      return rule;
    }
    Discoverable declared = known.get();
    if (!annotation.inputExample().isEmpty()) {
      if (!(json("inputExample", annotation.inputExample()) instanceof Map<?, ?> example)) {
        throw new IllegalArgumentException("inputExample: expected a JSON object");
      }
      Map<String, Object> named = new LinkedHashMap<>();
      example.forEach((name, value) -> named.put(String.valueOf(name), value));
      declared = takesBody(annotation) ? declared.jsonBody(named) : declared.inputExample(named);
    }
    if (!annotation.outputExample().isEmpty()) {
      declared = declared.outputExample(json("outputExample", annotation.outputExample()));
    }
    return rule.discoverable(declared);
  }

  /** Of a servlet nothing else tells it. */
  private static boolean takesBody(RequiresPayment annotation) {
    return annotation.methods().length > 0
        && Set.of("POST", "PUT", "PATCH").containsAll(List.of(annotation.methods()));
  }

  private static Object json(String name, String text) {
    try {
      return JsonText.parse(text);
    } catch (MalformedPaymentException e) {
      throw new IllegalArgumentException(name + ": expected JSON: " + e.getMessage(), e);
    }
  }
}
