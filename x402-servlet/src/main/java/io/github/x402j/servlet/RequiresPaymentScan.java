// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.annotation.HandlesTypes;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what carries {@link RequiresPayment} and is not gated, and fails the start because of it.
 * Containers that scan classes find this initializer by themselves and call it; where none does, in
 * an embedded container, {@link PaymentFilter} looks at the servlets, the filters and the beans of
 * Spring's root context.
 */
@HandlesTypes(RequiresPayment.class)
public final class RequiresPaymentScan implements ServletContainerInitializer {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);
  private static final String FOUND = RequiresPaymentScan.class.getName() + ".found";
  private static final String REGISTERED = RequiresPaymentScan.class.getName() + ".registered";
  private static final String SPRING_ROOT =
      "org.springframework.web.context.WebApplicationContext.ROOT";

  /** Makes what a container calls. */
  public RequiresPaymentScan() {}

  @Override
  public void onStartup(@Nullable Set<Class<?>> classes, ServletContext context) {
    Set<Class<?>> found = new LinkedHashSet<>(classes == null ? Set.of() : classes);
    found.removeIf(type -> !isAnnotated(type));
    if (!found.isEmpty()) {
      context.setAttribute(FOUND, Set.copyOf(found));
      context.addListener(new Unregistered());
    }
  }

  /**
   * Comes after every initializer and after the listeners that the webapp declares: nothing later
   * can register a filter. It may not ask for registrations itself.
   */
  private static final class Unregistered implements ServletContextListener {
    @Override
    public void contextInitialized(ServletContextEvent event) {
      ServletContext context = event.getServletContext();
      if (context.getAttribute(REGISTERED) != null) {
        return;
      }
      for (Class<?> type : found(context)) {
        if (!Modifier.isAbstract(type.getModifiers())) {
          throw new IllegalStateException(
              type.getName()
                  + " is annotated with @RequiresPayment, and nothing gates it: call"
                  + " PaymentFilter.register(servletContext, filter)");
        }
      }
    }
  }

  /** Notes that the webapp has a filter. */
  static void registered(ServletContext context) {
    context.setAttribute(REGISTERED, true);
  }

  /** Returns whether a class or one of its methods is annotated. */
  private static boolean isAnnotated(Class<?> type) {
    return type.isAnnotationPresent(RequiresPayment.class) || annotatedMethod(type).isPresent();
  }

  /** Returns a method of a class, of its superclasses or interfaces, that is annotated. */
  static Optional<Method> annotatedMethod(Class<?> type) {
    Deque<Class<?>> open = new ArrayDeque<>(List.of(type));
    while (!open.isEmpty()) {
      Class<?> next = open.remove();
      for (Method method : methods(next)) {
        if (method.isAnnotationPresent(RequiresPayment.class)) {
          return Optional.of(method);
        }
      }
      open.addAll(List.of(next.getInterfaces()));
      if (next.getSuperclass() != null) {
        open.add(next.getSuperclass());
      }
    }
    return Optional.empty();
  }

  /** Returns none for a class that names others which are not there. */
  private static Method[] methods(Class<?> type) {
    try {
      return type.getDeclaredMethods();
    } catch (LinkageError e) {
      log.debug("the methods of {} are not known", type.getName(), e);
      return new Method[0];
    }
  }

  /**
   * Checks every annotated class that can be known. A servlet is left to {@link Registration}, and
   * what a framework gates to its integration.
   *
   * @throws IllegalStateException if one is neither
   */
  static void check(ServletContext context, HandlerPrices handlers) {
    List<Class<?>> all = new ArrayList<>(found(context));
    context
        .getFilterRegistrations()
        .values()
        .forEach(filter -> addAnnotated(context, filter.getClassName(), all));
    all.addAll(beans(context));
    all.removeIf(type -> handlers.gate(type, context));
    for (Class<?> type : all) {
      if (!Servlet.class.isAssignableFrom(type)) {
        throw new IllegalStateException(
            type.getName()
                + " is annotated with @RequiresPayment and is no servlet class, so nothing gates"
                + " it: add x402-spring or x402-jaxrs for a handler of theirs, or price its path"
                + " with routes(Route.of(...)) and remove the annotation");
      }
      if (!Modifier.isAbstract(type.getModifiers()) && !isRegistered(context, type)) {
        log.warn(
            "{} is annotated with @RequiresPayment and is not registered as a servlet: whatever"
                + " else calls it is not gated",
            type.getName());
      }
    }
  }

  private static Collection<Class<?>> found(ServletContext context) {
    List<Class<?>> found = new ArrayList<>();
    if (context.getAttribute(FOUND) instanceof Set<?> types) {
      types.forEach(type -> found.add((Class<?>) type));
    }
    return found;
  }

  private static boolean isRegistered(ServletContext context, Class<?> type) {
    for (ServletRegistration servlet : context.getServletRegistrations().values()) {
      String name = servlet.getClassName();
      Class<?> registered = name == null ? null : Registration.findClass(context, name);
      if (registered != null && type.isAssignableFrom(registered)) {
        return true;
      }
    }
    return false;
  }

  private static void addAnnotated(
      ServletContext context, @Nullable String className, List<Class<?>> all) {
    Class<?> type = className == null ? null : Registration.findClass(context, className);
    if (type != null && isAnnotated(type)) {
      all.add(type);
    }
  }

  /** Returns the annotated bean classes of Spring's root context, without making a bean. */
  private static Collection<Class<?>> beans(ServletContext context) {
    Set<Class<?>> annotated = new LinkedHashSet<>();
    Object spring = context.getAttribute(SPRING_ROOT);
    if (spring == null) {
      return annotated;
    }
    try {
      var names = spring.getClass().getMethod("getBeanDefinitionNames");
      var type = spring.getClass().getMethod("getType", String.class, boolean.class);
      for (String name : (String[]) Objects.requireNonNull(names.invoke(spring))) {
        if (type.invoke(spring, name, false) instanceof Class<?> bean && isAnnotated(bean)) {
          annotated.add(bean);
        }
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      log.debug("the beans of Spring's root context are not known", e);
    }
    return annotated;
  }
}
