// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.HandlerFramework;
import jakarta.servlet.ServletContext;
import java.lang.reflect.Modifier;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.servlet.mvc.Controller;

/**
 * Tells the payment filter what Spring MVC gates. Found by {@link java.util.ServiceLoader}; not for
 * use in code.
 */
public final class SpringHandlers implements HandlerFramework {
  private static final String ACTIVE = SpringHandlers.class.getName();

  /** Makes what the filter finds. */
  public SpringHandlers() {}

  /** Notes that the starter gates the handlers of this webapp. */
  static void gateIn(ServletContext webapp) {
    webapp.setAttribute(ACTIVE, true);
  }

  @Override
  public boolean isSetUpIn(ServletContext webapp) {
    return webapp.getAttribute(ACTIVE) != null;
  }

  /** Leaves every bean to {@link HandlerCheck}, which knows what Spring MVC has mapped. */
  @Override
  public boolean gates(Class<?> annotated) {
    return Modifier.isAbstract(annotated.getModifiers()) // interfaces and annotations included
        || AnnotatedElementUtils.hasAnnotation(annotated, Component.class)
        || HttpRequestHandler.class.isAssignableFrom(annotated)
        || Controller.class.isAssignableFrom(annotated);
  }
}
