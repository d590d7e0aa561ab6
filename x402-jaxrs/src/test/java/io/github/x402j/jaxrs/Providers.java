// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import jakarta.annotation.Priority;
import jakarta.ws.rs.NameBinding;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.Feature;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/** What an application has besides its resources. */
final class Providers {
  private Providers() {}

  @Provider
  public static class Cors implements ContainerResponseFilter {
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
      response.getHeaders().add("Access-Control-Allow-Origin", "https://a.example");
      response.getHeaders().add("Access-Control-Expose-Headers", "X-Data");
      response.getHeaders().add("Vary", "Origin");
      response.getHeaders().add("X-Filter", "seen");
    }
  }

  @Provider
  @Priority(Priorities.AUTHENTICATION)
  public static class Login implements ContainerRequestFilter {
    @Override
    public void filter(ContainerRequestContext context) {
      if (context.getHeaderString("X-Stranger") != null) {
        context.abortWith(Response.status(401).header("WWW-Authenticate", "Basic").build());
      }
    }
  }

  /** A filter of the lowest priority that an application gives. */
  @Provider
  @Priority(Priorities.USER + 1000)
  public static class Check implements ContainerRequestFilter {
    @Override
    public void filter(ContainerRequestContext context) {
      if (context.getHeaderString("X-Bad") != null) {
        context.abortWith(Response.status(400).entity("bad").build());
      }
    }
  }

  static final class Mapped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Mapped(String message) {
      super(message);
    }
  }

  @Provider
  public static class Mapper implements ExceptionMapper<Mapped> {
    @Override
    public Response toResponse(Mapped exception) {
      return Response.status(409).entity("mapped").build();
    }
  }

  /** Registers more by itself. */
  @Provider
  public static class MorePrices implements Feature {
    @Override
    public boolean configure(FeatureContext context) {
      context.register(
          PaymentPrices.named("perRow", Goods.Rows::price).and("bad", request -> null));
      return true;
    }
  }

  /** Answers whatever nothing else does. */
  @Provider
  public static class Last implements ExceptionMapper<Throwable> {
    static final List<Throwable> MAPPED = new CopyOnWriteArrayList<>();

    @Override
    public Response toResponse(Throwable exception) {
      MAPPED.add(exception);
      return Response.status(200).entity("a problem").build();
    }
  }

  @NameBinding
  @Retention(RetentionPolicy.RUNTIME)
  public @interface Loud {}

  @Provider
  @Loud
  public static class Shout implements WriterInterceptor {
    @Override
    public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
      context.setEntity(
          context.getEntity() + "!" + context.getEntity().toString().toUpperCase(Locale.ROOT));
      context.proceed();
    }
  }
}
