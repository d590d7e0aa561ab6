// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.servlet.HandlerFramework;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.ws.rs.Path;

/** Tells the payment filter which annotated classes {@link PaidResources} gates. */
public final class JaxRsHandlers implements HandlerFramework {
  /** Makes what {@link java.util.ServiceLoader} finds. */
  public JaxRsHandlers() {}

  /**
   * Returns whether it is a resource class, root or not, an interface of one, or an annotation that
   * carries {@link RequiresPayment} for them.
   */
  @Override
  public boolean gates(Class<?> annotated) {
    return annotated.isAnnotation()
        || Declarations.of(annotated).stream()
            .anyMatch(type -> type.isAnnotationPresent(Path.class) || hasResourceMethod(type));
  }

  private static boolean hasResourceMethod(Class<?> type) {
    return Declarations.methodsOf(type).stream()
        .anyMatch(
            method ->
                method.isAnnotationPresent(Path.class)
                    || Declarations.httpMethod(method).isPresent());
  }
}
