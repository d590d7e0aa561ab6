// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.Price;
import io.github.x402j.RequestMethod;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.servlet.DiscoverableHandlers;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.servlet.Route;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Configuration;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an annotation says of a resource method or class.
 *
 * @param where the class and the method, for people
 */
record ResourcePrice(RequiresPayment annotation, String where) {
  /** Returns that of a method, or of what it overrides. */
  static Optional<ResourcePrice> onMethod(Class<?> type, Method method) {
    String where = where(type, method);
    Optional<ResourcePrice> price =
        Declarations.of(type, method).stream()
            .flatMap(each -> Declarations.find(each, RequiresPayment.class).stream())
            .findFirst()
            .map(annotation -> new ResourcePrice(annotation, where));
    price.ifPresent(found -> found.requireOneMethod(type, method));
    return price;
  }

  /** Returns that of a class, or of what it extends and implements. */
  static Optional<ResourcePrice> onClass(Class<?> type) {
    return Declarations.of(type).stream()
        .flatMap(each -> Declarations.find(each, RequiresPayment.class).stream())
        .findFirst()
        .map(annotation -> new ResourcePrice(annotation, type.getName()));
  }

  /**
   * Requires that every annotated method of a class is one that JAX-RS runs filters for.
   *
   * @throws IllegalStateException if one is a locator, or no resource method
   */
  static void requireFiltered(Class<?> type) {
    for (Class<?> each : Declarations.of(type)) {
      for (Method method : Declarations.methodsOf(each)) {
        Declarations.find(method, RequiresPayment.class)
            .map(annotation -> new ResourcePrice(annotation, where(type, method)))
            .ifPresent(price -> price.requireFiltered(type, method));
      }
    }
  }

  private void requireFiltered(Class<?> type, Method method) {
    if (isLocator(type, method)) {
      throw wrong(
          "nothing gates a sub-resource locator; annotate the sub-resource class, its methods, or "
              + type.getSimpleName(),
          null);
    }
    if (httpMethod(type, method).isEmpty()) {
      throw wrong("it is no resource method, so nothing gates it", null);
    }
  }

  /** Returns whether a method leads to a sub-resource. */
  static boolean isLocator(Class<?> type, Method method) {
    return path(type, method).isPresent() && httpMethod(type, method).isEmpty();
  }

  /** Returns the class of the sub-resource that a locator says it returns, or an object of it. */
  static Class<?> located(Method locator) {
    Type type = locator.getGenericReturnType();
    return type instanceof ParameterizedType parameterized
            && parameterized.getRawType() == Class.class
            && parameterized.getActualTypeArguments()[0] instanceof Class<?> argument
        ? argument
        : locator.getReturnType();
  }

  /** Returns whether nothing that a locator leads to can carry a price: its class is known. */
  static boolean isSurelyFree(Method locator) {
    Class<?> type = located(locator);
    boolean isThatClass =
        locator.getReturnType() == Class.class && type != Class.class
            || Modifier.isFinal(type.getModifiers());
    return isThatClass
        && onClass(type).isEmpty()
        && Stream.of(type.getMethods())
            .allMatch(
                method ->
                    isLocator(type, method)
                        ? isSurelyFree(method)
                        : onMethod(type, method).isEmpty());
  }

  /** Returns the HTTP method that a method is for, empty for what JAX-RS answers by itself. */
  static String httpMethod(Class<?> type, Method method) {
    return Declarations.of(type, method).stream()
        .flatMap(each -> Declarations.httpMethod(each).stream())
        .findFirst()
        .orElse("");
  }

  /** Returns the method and the template of its path, such as {@code GET /quotes/{id}}. */
  static String name(Class<?> type, Method method) {
    Optional<String> root = path(type);
    return httpMethod(type, method)
        + " "
        + (root.isPresent()
            ? join(root.get(), path(type, method).orElse(""))
            : type.getSimpleName() + "." + method.getName());
  }

  /** Returns the template of the path of a class, empty for one that only locators lead to. */
  static Optional<String> path(Class<?> type) {
    return Declarations.of(type).stream().flatMap(ResourcePrice::declaredPath).findFirst();
  }

  /** Returns the template of the path of a method, empty for one that has that of its class. */
  static Optional<String> path(Class<?> type, Method method) {
    return Declarations.of(type, method).stream().flatMap(ResourcePrice::declaredPath).findFirst();
  }

  private static Stream<String> declaredPath(AnnotatedElement element) {
    return Optional.ofNullable(element.getDeclaredAnnotation(Path.class)).map(Path::value).stream();
  }

  /** Returns the template of a path and one below it. */
  static String join(String root, String more) {
    String joined = "/" + root + "/" + more;
    String single = joined.replaceAll("/{2,}", "/");
    return single.length() > 1 && single.endsWith("/")
        ? single.substring(0, single.length() - 1)
        : single;
  }

  private static String where(Class<?> type, Method method) {
    return type.getName() + "." + method.getName();
  }

  private void requireOneMethod(Class<?> type, Method method) {
    if (annotation.methods().length > 0) {
      throw wrong("methods is for a class; a method has its HTTP method", null);
    }
    if (httpMethod(type, method).equals("OPTIONS")) {
      throw wrong("OPTIONS is never sold, as browsers ask with it before they pay", null);
    }
  }

  /** Returns whether the annotation of a class is about requests with an HTTP method. */
  boolean covers(String httpMethod) {
    if (httpMethod.equals("OPTIONS")) {
      return false;
    }
    return annotation.methods().length == 0
        || Stream.of(annotation.methods())
            .map(each -> each.toUpperCase(Locale.ROOT))
            .anyMatch(
                each -> each.equals(httpMethod) || each.equals(RequestMethod.priced(httpMethod)));
  }

  /**
   * Returns the rule for it.
   *
   * @param known what the signature of the method says; asked for what is discoverable
   * @throws IllegalStateException if the annotation holds no good price
   */
  Route rule(Configuration application, Supplier<Discoverable> known) {
    try {
      return DiscoverableHandlers.described(rule(application), annotation, known);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage(), e);
    }
  }

  private Route rule(Configuration application) {
    Route rule = Route.of("/*");
    if (!annotation.description().isEmpty()) {
      rule = rule.description(annotation.description());
    }
    if (!annotation.mimeType().isEmpty()) {
      rule = rule.mimeType(annotation.mimeType());
    }
    if (annotation.settleFirst()) {
      rule = rule.settleFirst();
    }
    String function = annotation.pricedBy();
    if (function.isEmpty()) {
      return rule.price(parsed());
    }
    if (!annotation.value().isEmpty()) {
      throw wrong("expected a price or pricedBy, found both", null);
    }
    return rule.price(
        PaymentPrices.find(application, function)
            .orElseThrow(
                () ->
                    wrong(
                        "pricedBy \""
                            + function
                            + "\": no such function; register PaymentPrices.named(\""
                            + function
                            + "\", ...) in the application",
                        null)));
  }

  /** Returns the price, empty if it depends on the request. */
  Optional<Price> fixed() {
    return annotation.pricedBy().isEmpty() ? Optional.of(parsed()) : Optional.empty();
  }

  private Price parsed() {
    try {
      return Price.parse(annotation.value());
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage(), e);
    }
  }

  /** Returns the error that names the place. */
  IllegalStateException wrong(@Nullable String reason, @Nullable Throwable cause) {
    return new IllegalStateException(where + ": @RequiresPayment: " + reason, cause);
  }
}
