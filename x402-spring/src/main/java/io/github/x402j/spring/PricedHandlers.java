// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.extension.Discoverable;
import io.github.x402j.servlet.HandlerPrices;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.PricedHandler;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContext;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.expression.AnnotatedElementKey;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;
import org.springframework.web.method.HandlerMethod;

/** The handlers that carry {@link RequiresPayment}, with their prices. */
final class PricedHandlers {
  /** Those that an annotation leaves free by not naming them. */
  private static final Set<String> KNOWN_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE");

  /**
   * A handler with its price.
   *
   * @param price as it is written
   * @param methods the HTTP methods that cost it, empty for all
   */
  record Priced(PricedHandler handler, String price, Set<String> methods) {
    /**
     * Returns whether a request with this method costs something. An unknown method does: a mapping
     * without methods takes them all.
     */
    boolean covers(String method) {
      String upper = method.toUpperCase(Locale.ROOT);
      return methods.isEmpty()
          || methods.contains(upper.equals("HEAD") ? "GET" : upper)
          || !KNOWN_METHODS.contains(upper);
    }
  }

  private final AnnotationPrices annotations;
  private final ObjectProvider<PaymentFilter> filter;
  private final ObjectProvider<ServletContext> webapp;
  private final Map<AnnotatedElementKey, Optional<Priced>> known = new ConcurrentHashMap<>();

  PricedHandlers(
      AnnotationPrices annotations,
      ObjectProvider<PaymentFilter> filter,
      ObjectProvider<ServletContext> webapp) {
    this.annotations = annotations;
    this.filter = filter;
    this.webapp = webapp;
  }

  /** Returns the annotation of a method, or else of its class; merged, inherited, composed. */
  static Optional<RequiresPayment> annotation(AnnotatedElement method, Class<?> type) {
    RequiresPayment own = AnnotatedElementUtils.findMergedAnnotation(method, RequiresPayment.class);
    return Optional.ofNullable(
        own != null
            ? own
            : AnnotatedElementUtils.findMergedAnnotation(type, RequiresPayment.class));
  }

  /** Returns the handler with its price, empty if it has no annotation. */
  Optional<Priced> of(Object handler) {
    return of(handler, handler instanceof HandlerMethod method ? method.toString() : "", "");
  }

  /**
   * Returns the handler with its price, empty if it has no annotation.
   *
   * @param name what its sales are recorded under, if it was not known
   * @param template of its paths within the webapp, empty if they are not known
   */
  Optional<Priced> of(Object handler, String name, String template) {
    AnnotatedElementKey key = key(handler);
    Optional<Priced> priced = known.get(key);
    return priced != null
        ? priced
        : known.computeIfAbsent(key, absent -> price(handler, name, template));
  }

  /** Returns those that are known. */
  Collection<Priced> all() {
    return known.values().stream().flatMap(Optional::stream).toList();
  }

  private static AnnotatedElementKey key(Object handler) {
    return handler instanceof HandlerMethod method
        ? new AnnotatedElementKey(method.getMethod(), method.getBeanType())
        : new AnnotatedElementKey(handler.getClass(), null);
  }

  private Optional<Priced> price(Object handler, String name, String template) {
    AnnotatedElement element;
    Class<?> type;
    if (handler instanceof HandlerMethod method) {
      element = method.getMethod();
      type = method.getBeanType();
    } else {
      type = ClassUtils.getUserClass(handler);
      element = type;
    }
    return annotation(element, type)
        .map(
            annotation ->
                price(annotation, handler, name.isEmpty() ? type.getName() : name, template));
  }

  private Priced price(RequiresPayment annotation, Object handler, String name, String template) {
    Set<String> methods =
        Arrays.stream(annotation.methods())
            .map(method -> method.toUpperCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    AnnotationPrices.Terms terms =
        annotations.read(name, annotation, () -> declared(handler, template));
    return new Priced(
        add(name, described(terms.rule(), annotation, handler)), terms.price(), methods);
  }

  /** What buyers find is described, by the annotation or by what else says it. */
  private static Route described(Route rule, RequiresPayment annotation, Object handler) {
    String summary =
        annotation.discoverable()
                && annotation.description().isEmpty()
                && handler instanceof HandlerMethod method
            ? HandlerParameters.summary(method)
            : "";
    return summary.isEmpty() ? rule : rule.description(summary);
  }

  private static Discoverable declared(Object handler, String template) {
    Discoverable signature =
        handler instanceof HandlerMethod method
            ? HandlerParameters.of(method)
            : Discoverable.http();
    return template.isEmpty() ? signature : signature.template(template);
  }

  private PricedHandler add(String name, Route rule) {
    HandlerPrices prices = prices(name);
    try {
      return prices.add(name, rule);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new StartFailedException(
          "@RequiresPayment on " + name + ": " + e.getMessage(), "Correct the price.", e);
    }
  }

  private HandlerPrices prices(String name) {
    return gate()
        .orElseThrow(
            () ->
                new StartFailedException(
                    name
                        + " is annotated with @RequiresPayment, and nothing gates it: this webapp"
                        + " has no PaymentFilter",
                    "Remove x402.enabled=false, or remove the annotation.",
                    null));
  }

  /** Returns the gate of the webapp, empty where it sells nothing. */
  Optional<HandlerPrices> gate() {
    PaymentFilter bean = filter.getIfAvailable();
    return bean != null
        ? Optional.of(bean.handlers())
        : Optional.ofNullable(webapp.getIfAvailable()).flatMap(HandlerPrices::of);
  }
}
