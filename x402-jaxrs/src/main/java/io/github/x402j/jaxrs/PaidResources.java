// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.extension.Discoverable;
import io.github.x402j.servlet.HandlerPaths;
import io.github.x402j.servlet.HandlerPrices;
import io.github.x402j.servlet.PaymentRequiredException;
import io.github.x402j.servlet.PricedHandler;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.ConstrainedTo;
import jakarta.ws.rs.RuntimeType;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Application;
import jakarta.ws.rs.core.Configuration;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a gate in front of each resource method that carries {@link RequiresPayment}, or whose class
 * does. JAX-RS 3.1 finds it by {@link java.util.ServiceLoader}; register the class where that is
 * switched off ({@code jakarta.ws.rs.loadServices}).
 *
 * <p>The gate is the last request filter: filters of the application that authenticate and
 * authorize come first. A method that is not paid for does not run, and nothing that JAX-RS writes
 * goes out.
 */
@ConstrainedTo(RuntimeType.SERVER)
public final class PaidResources
    implements DynamicFeature, ExceptionMapper<PaymentRequiredException> {
  private static final Logger log = LoggerFactory.getLogger(PaidResources.class);

  /** After every other but RESTEasy's last one, which makes a request for events asynchronous. */
  private static final int LAST = Integer.MAX_VALUE - 1;

  private static final int PAYMENT_REQUIRED = 402;
  private static final String ADMITTED_BY = PaidResources.class.getName() + ".gate";

  @Context private @Nullable ServletContext servletContext;
  @Context private @Nullable HttpServletRequest currentRequest;
  @Context private @Nullable HttpServletResponse currentResponse;
  @Context private @Nullable Application application;

  private final Map<Class<?>, Optional<ClassGate>> classGates = new ConcurrentHashMap<>();
  private final Set<Class<?>> checked = ConcurrentHashMap.newKeySet();

  /** Makes what JAX-RS injects into. */
  public PaidResources() {}

  /**
   * Decides whether a method is priced.
   *
   * @throws IllegalStateException if an annotation cannot be kept to; it names class and method
   */
  @Override
  public void configure(ResourceInfo resource, FeatureContext features) {
    Configuration configuration = features.getConfiguration();
    checkApplication(configuration);
    Class<?> type = resource.getResourceClass();
    Method method = resource.getResourceMethod();
    if (type == null || method == null) {
      return; // JAX-RS answers by itself
    }
    check(type, configuration);
    Optional<ResourcePrice> price = ResourcePrice.onMethod(type, method);
    if (price.isEmpty()) {
      String httpMethod = ResourcePrice.httpMethod(type, method);
      price = ResourcePrice.onClass(type);
      if (price.isPresent() && !httpMethod.isEmpty() && !price.get().covers(httpMethod)) {
        return;
      }
    }
    ResourceGate gate =
        price
            .map(
                found ->
                    gate(
                        found,
                        ResourcePrice.name(type, method),
                        configuration,
                        () -> declared(type, method),
                        noCheaperRule(type, method)))
            .orElse(null);
    Map<Class<?>, Integer> contracts = new HashMap<>(Map.of(ContainerRequestFilter.class, LAST));
    if (gate != null || ResourcePrice.path(type).isEmpty()) {
      contracts.put(WriterInterceptor.class, Integer.MIN_VALUE);
    }
    features.register(new Gatekeeper(gate, configuration), contracts);
  }

  /** Checks the resources that JAX-RS shows later, or not at all: those with locators only. */
  private void checkApplication(Configuration configuration) {
    Application all = application;
    if (all != null && checked.add(PaidResources.class)) {
      all.getClasses().stream()
          .filter(type -> ResourcePrice.path(type).isPresent())
          .forEach(type -> check(type, configuration));
    }
  }

  /** Checks a resource class, and those that its locators say they return. */
  private void check(Class<?> type, Configuration configuration) {
    gateOfClass(type, configuration);
    if (checked.add(type)) {
      for (Method method : type.getMethods()) {
        if (ResourcePrice.isLocator(type, method)) {
          requireNothingSettledFirst(type, method);
          check(ResourcePrice.located(method), configuration);
        } else {
          ResourcePrice.onMethod(type, method)
              .ifPresent(
                  price ->
                      gate(
                          price,
                          ResourcePrice.name(type, method),
                          configuration,
                          () -> declared(type, method),
                          handler -> {}));
        }
      }
    }
  }

  /**
   * A rule for a path is decided in front of JAX-RS, and takes exactly its own price. The context
   * is asked now, as RESTEasy injects one that answers in its own calls only.
   */
  private Consumer<PricedHandler> noCheaperRule(Class<?> type, Method method) {
    ServletContext context = servletContext;
    if (context == null
        || ResourcePrice.path(type).isEmpty()
        || ResourcePrice.httpMethod(type, method).isEmpty()) {
      return handler -> {};
    }
    ResourcePaths paths = ResourcePaths.of(context);
    List<Class<?>> roots = roots();
    return handler -> paths.requireNoCheaperRule(handler, type, method, roots);
  }

  /** Of what a locator leads to, neither the class nor the price is known before the request. */
  private void requireNothingSettledFirst(Class<?> type, Method locator) {
    ServletContext context = servletContext;
    boolean isFree = ResourcePrice.onClass(type).isEmpty() && ResourcePrice.isSurelyFree(locator);
    if (context != null && ResourcePrice.path(type).isPresent() && !isFree) {
      List<HandlerPaths> below = ResourcePaths.of(context).below(type, locator);
      HandlerPrices.whenKnown(context, prices -> below.forEach(prices::requireNothingSettledFirst));
    }
  }

  private List<Class<?>> roots() {
    Application all = application;
    return all == null ? List.of() : List.copyOf(all.getClasses());
  }

  /** Answers for a method that asked for its payment; the {@code PaymentFilter} drops it. */
  @Override
  public Response toResponse(PaymentRequiredException exception) {
    return Response.status(PAYMENT_REQUIRED).build();
  }

  /** Returns what the signature says, with the paths as far as it is certain where JAX-RS is. */
  private Discoverable declared(Class<?> type, Method method) {
    Discoverable signature = ResourceParameters.of(type, method);
    Optional<String> root = ResourcePrice.path(type);
    Set<String> bases = certainBases();
    if (root.isEmpty() || bases.isEmpty()) {
      return signature;
    }
    String path = ResourcePrice.join(root.get(), ResourcePrice.path(type, method).orElse(""));
    return signature.template(
        bases.stream()
            .map(base -> ResourcePrice.join(base, path))
            .collect(Collectors.joining(",")));
  }

  /** The mapping of its servlet counts, and what the application says where there is not one. */
  private Set<String> certainBases() {
    ServletContext context = servletContext;
    ResourcePaths paths = context == null ? null : ResourcePaths.of(context);
    if (paths != null && paths.isCertain() && !paths.bases().isEmpty()) {
      return paths.bases();
    }
    Application all = application;
    ApplicationPath front =
        all == null ? null : all.getClass().getAnnotation(ApplicationPath.class);
    return front == null ? Set.of() : Set.of(front.value().replaceFirst("/?\\*$", ""));
  }

  private ResourceGate gate(
      ResourcePrice price,
      String name,
      Configuration configuration,
      Supplier<Discoverable> known,
      Consumer<PricedHandler> check) {
    ServletContext context = servletContext;
    if (context == null) {
      throw price.wrong("nothing gates it: JAX-RS does not run in a servlet container", null);
    }
    return new ResourceGate(price, name, price.rule(configuration, known), context, check);
  }

  /** Returns the gate of what locators of an annotated class lead to. */
  private Optional<ClassGate> gateOfClass(Class<?> type, Configuration configuration) {
    return classGates.computeIfAbsent(
        type,
        root -> {
          ResourcePrice.requireFiltered(root);
          String name =
              ResourcePrice.join(ResourcePrice.path(root).orElse(root.getSimpleName()), "*");
          return ResourcePrice.onClass(root)
              .map(
                  price ->
                      new ClassGate(
                          price,
                          gate(price, name, configuration, Discoverable::http, handler -> {})));
        });
  }

  /** The gate of a class and the methods that it is about. */
  private record ClassGate(ResourcePrice price, ResourceGate gate) {}

  /** The last request filter of one resource method, and the outermost writer of its response. */
  private final class Gatekeeper implements ContainerRequestFilter, WriterInterceptor {
    private final @Nullable ResourceGate own;
    private final Configuration configuration;

    /**
     * @param own null for a method that is free unless a locator of a priced class led to it
     */
    Gatekeeper(@Nullable ResourceGate own, Configuration configuration) {
      this.own = own;
      this.configuration = configuration;
    }

    @Override
    public void filter(ContainerRequestContext context) {
      try {
        ResourceGate gate = own != null ? own : inherited(context);
        if (gate == null) {
          return;
        }
        if (gate.admit(Objects.requireNonNull(currentRequest))) {
          context.setProperty(ADMITTED_BY, gate);
        } else {
          context.abortWith(Response.status(PAYMENT_REQUIRED).build());
        }
      } catch (RuntimeException e) { // an exception mapper might answer it with anything
        log.error("a priced method was not run", e);
        context.abortWith(Response.serverError().build());
      }
    }

    /** Returns the gate of the nearest resource class on the way here that has one. */
    private @Nullable ResourceGate inherited(ContainerRequestContext context) {
      return context.getUriInfo().getMatchedResources().stream()
          .flatMap(resource -> gateOfClass(resource.getClass(), configuration).stream())
          .findFirst()
          .filter(found -> found.price().covers(context.getMethod()))
          .map(ClassGate::gate)
          .orElse(null);
    }

    /** RESTEasy keeps it to itself that an entity was written in part. */
    @Override
    public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
      try {
        context.proceed();
      } catch (IOException | RuntimeException e) {
        if (context.getProperty(ADMITTED_BY) instanceof ResourceGate gate
            && Objects.requireNonNull(currentResponse).isCommitted()) {
          gate.failed(Objects.requireNonNull(currentRequest), e);
        }
        throw e;
      }
    }
  }
}
