// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Price;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.servlet.DiscoverableHandlers;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.servlet.Route;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.expression.Expression;
import org.springframework.expression.ParseException;
import org.springframework.expression.common.TemplateParserContext;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.StandardEvaluationContext;

/** Reads annotations: placeholders, expressions and beans that name a price. */
final class AnnotationPrices {
  private static final TemplateParserContext EXPRESSION = new TemplateParserContext("#{", "}");

  private final ConfigurableBeanFactory beans;
  private final SpelExpressionParser parser = new SpelExpressionParser();

  AnnotationPrices(ConfigurableBeanFactory beans) {
    this.beans = beans;
  }

  /**
   * What an annotation says.
   *
   * @param price for people
   */
  record Terms(Route rule, String price) {}

  /**
   * Returns what the annotation says.
   *
   * @param name of the handler, for messages
   * @param known what the signature of the handler says; asked for what is discoverable
   * @throws StartFailedException if it names no price
   */
  Terms read(String name, RequiresPayment annotation, Supplier<Discoverable> known) {
    try {
      Terms terms = priced(annotation);
      Route rule = terms.rule();
      if (!annotation.description().isEmpty()) {
        rule = rule.description(resolve(annotation.description()));
      }
      if (!annotation.mimeType().isEmpty()) {
        rule = rule.mimeType(resolve(annotation.mimeType()));
      }
      rule = DiscoverableHandlers.described(rule, annotation, known);
      return new Terms(annotation.settleFirst() ? rule.settleFirst() : rule, terms.price());
    } catch (IllegalArgumentException | IllegalStateException | ParseException e) {
      throw new StartFailedException(
          "@RequiresPayment on " + name + ": " + e.getMessage(),
          "Correct the annotation, or set the property that it names.",
          e);
    }
  }

  private Terms priced(RequiresPayment annotation) {
    Route everywhere = Route.of("/*");
    if (!annotation.pricedBy().isEmpty()) {
      if (!annotation.value().isEmpty()) {
        throw new IllegalArgumentException("expected a price or pricedBy, found both");
      }
      String bean = annotation.pricedBy();
      return new Terms(everywhere.price(bean(bean)), "by " + bean);
    }
    String text = resolve(annotation.value()).strip();
    if (!text.startsWith(EXPRESSION.getExpressionPrefix())) {
      return new Terms(everywhere.price(text), text);
    }
    Expression expression = parser.parseExpression(text, EXPRESSION);
    return new Terms(everywhere.price(request -> evaluate(expression, request)), text);
  }

  private String resolve(String text) {
    String resolved = beans.resolveEmbeddedValue(text);
    return resolved == null ? "" : resolved;
  }

  /** Fails at the start if there is no such bean. */
  private Function<HttpServletRequest, Price> bean(String name) {
    try {
      if (!(beans.getBean(name) instanceof Function<?, ?> function)) {
        throw new IllegalArgumentException(
            "pricedBy: expected bean '" + name + "' to be a Function<HttpServletRequest, Price>");
      }
      @SuppressWarnings("unchecked") // what it is handed is checked by it, what it returns below
      Function<HttpServletRequest, ?> price = (Function<HttpServletRequest, ?>) function;
      return request -> price(price.apply(request));
    } catch (NoSuchBeanDefinitionException e) {
      throw new IllegalArgumentException("pricedBy: there is no bean '" + name + "'", e);
    }
  }

  private Price evaluate(Expression expression, HttpServletRequest request) {
    StandardEvaluationContext context = new StandardEvaluationContext();
    context.setBeanResolver(new BeanFactoryResolver(beans));
    context.setVariable("request", request);
    return price(expression.getValue(context));
  }

  /**
   * @throws IllegalStateException if the value is neither a price nor a text that spells one
   */
  private static Price price(@Nullable Object value) {
    if (value instanceof Price price) {
      return price;
    }
    if (value instanceof String text) {
      return Price.parse(text);
    }
    throw new IllegalStateException(
        "expected a Price or a text such as $0.01, found "
            + (value == null ? "null" : value.getClass().getName()));
  }
}
