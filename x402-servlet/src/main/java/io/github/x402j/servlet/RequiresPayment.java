// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Puts a price on a servlet, for every URL and every kind of dispatch that reaches it, named
 * dispatchers included; or, with x402-spring or x402-jaxrs, on a controller or resource class or on
 * one of its methods. The annotation of a method comes before that of its class.
 *
 * <pre>{@code
 * @WebServlet("/quotes")
 * @RequiresPayment("$0.01")
 * final class QuotesServlet extends HttpServlet { ... }
 * }</pre>
 *
 * <p>{@link PaymentFilter#register} finds it on servlets registered by class, by instance and by
 * scanning. An annotation that nothing gates fails the start of the webapp.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface RequiresPayment {
  /**
   * The price, as {@link io.github.x402j.Price#parse} takes it: {@code $0.01}. A framework may
   * resolve placeholders and expressions in it. Required unless {@link #pricedBy} is set.
   */
  String value() default "";

  /**
   * The name of what prices each request, as the integration of the framework looks it up; a {@code
   * Function<HttpServletRequest, Price>}. Not for servlets.
   */
  String pricedBy() default "";

  /**
   * The HTTP methods that are priced; none means all of them. HEAD counts as GET. On a method of a
   * class, which has its HTTP methods, it must be left out.
   */
  String[] methods() default {};

  /** What is sold, for people. */
  String description() default "";

  /** The media type of the response. */
  String mimeType() default "";

  /** Whether the payment is settled before the servlet runs; see {@link Route#settleFirst()}. */
  boolean settleFirst() default false;

  /**
   * Whether the 402 says how it is called, so that facilitators list it; see {@link
   * Route#discoverable()}. What its parameters are is read from the handler's signature, where a
   * framework knows it.
   */
  boolean discoverable() default false;

  /**
   * An example of the input, for {@link #discoverable}: the body if it has one, its query
   * parameters otherwise; a JSON object. Default: none.
   */
  String inputExample() default "";

  /** An example of the answer, for {@link #discoverable}: JSON. Default: none. */
  String outputExample() default "";
}
