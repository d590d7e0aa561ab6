// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.HandlerFramework;
import io.github.x402j.servlet.HandlerPaths;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.spring.PricedHandlers.Priced;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.handler.AbstractHandlerMapping;
import org.springframework.web.servlet.handler.AbstractHandlerMethodMapping;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;

/**
 * Reads the price of every mapped handler when all beans are there, and fails the start because of
 * an annotation that nothing gates, or that asks for more than a rule that is decided first.
 */
final class HandlerCheck implements SmartInitializingSingleton {
  private final ConfigurableListableBeanFactory beans;
  private final ObjectProvider<PricedHandlers> handlers;
  private final HandlerMappings mappings;
  private final VersionedFiles versioned = new VersionedFiles();
  private final Set<Method> mappedMethods = new HashSet<>();
  private final Set<Class<?>> mappedTypes = new HashSet<>();

  HandlerCheck(
      ConfigurableListableBeanFactory beans,
      ObjectProvider<PricedHandlers> handlers,
      HandlerMappings mappings) {
    this.beans = beans;
    this.handlers = handlers;
    this.mappings = mappings;
  }

  @Override
  public void afterSingletonsInstantiated() {
    // A mock container calls no initializer.
    beans.getBeanProvider(ServletContext.class).ifAvailable(SpringHandlers::gateIn);
    BeanFactoryUtils.beansOfTypeIncludingAncestors(beans, AbstractHandlerMapping.class, true, false)
        .values()
        .forEach(this::add);
    if (!versioned.isEmpty()) {
      handlers.getObject().gate().ifPresent(gate -> gate.alsoReads(versioned));
    }
    for (String name : beans.getBeanDefinitionNames()) {
      Class<?> type = name.startsWith("scopedTarget.") ? null : type(name);
      if (type != null && !Servlet.class.isAssignableFrom(type) && !isGatedByAnother(type)) {
        check(type);
      }
    }
  }

  /** Such as JAX-RS, whose resources may be beans. */
  private static boolean isGatedByAnother(Class<?> type) {
    return ServiceLoader.load(HandlerFramework.class).stream()
        .filter(framework -> framework.type() != SpringHandlers.class)
        .anyMatch(framework -> framework.get().gates(type));
  }

  // ---- what is mapped

  private void add(AbstractHandlerMapping mapping) {
    MappedHandlers all = new MappedHandlers(mapping, servletPath());
    if (mapping instanceof AbstractHandlerMethodMapping<?> methods) {
      methods
          .getHandlerMethods()
          .forEach(
              (mapped, method) ->
                  add(mapping, method, name(mapped, method), all.template(mapped))
                      .ifPresent(
                          priced ->
                              requireNoCheaperRule(priced, all.paths(mapped, method, priced))));
    } else if (mapping instanceof AbstractUrlHandlerMapping urls) {
      versioned.add(urls, servletPath());
      urls.getHandlerMap()
          .forEach(
              (path, mapped) -> {
                Object handler = mapped instanceof String bean ? beans.getBean(bean) : mapped;
                add(mapping, handler, path, all.template(path))
                    .ifPresent(
                        priced -> requireNoCheaperRule(priced, all.paths(path, handler, priced)));
              });
    }
  }

  /** Boot maps its dispatcher servlet to this path, and the rules of the filter begin with it. */
  private String servletPath() {
    return MappedHandlers.prefix(
        beans.getBean(Environment.class).getProperty("spring.mvc.servlet.path", ""));
  }

  private static void requireNoCheaperRule(Priced priced, List<HandlerPaths> paths) {
    try {
      paths.forEach(priced.handler()::requireNoCheaperRule);
    } catch (IllegalStateException e) {
      throw new StartFailedException(
          String.valueOf(e.getMessage()),
          "Make the path of the handler free by a rule of its own, and its annotation decides; or"
              + " remove the annotation, and the rule decides.",
          e);
    }
  }

  private Optional<Priced> add(
      AbstractHandlerMapping mapping, Object handler, String name, String template) {
    if (handler instanceof HandlerMethod method) {
      mappedMethods.add(method.getMethod());
      mappedTypes.add(method.getBeanType());
      requireNoMethods(method);
    } else {
      mappedTypes.add(ClassUtils.getUserClass(handler));
    }
    Optional<Priced> priced = handlers.getObject().of(handler, name, template);
    if (priced.isPresent() && !mappings.gate(mapping)) {
      throw ungated(
          name, mapping.getClass().getName() + " has lost the interceptor of x402-spring");
    }
    return priced;
  }

  /** Returns what the handler is mapped to: methods and patterns. */
  private static String name(Object mapped, HandlerMethod method) {
    if (!(mapped instanceof RequestMappingInfo info)) {
      return method.toString();
    }
    String methods =
        String.join(
            ",",
            info.getMethodsCondition().getMethods().stream().map(Enum::name).sorted().toList());
    String patterns = String.join(",", info.getPatternValues().stream().sorted().toList());
    return methods.isEmpty() ? patterns : methods + " " + patterns;
  }

  private static void requireNoMethods(HandlerMethod method) {
    RequiresPayment own =
        AnnotatedElementUtils.findMergedAnnotation(method.getMethod(), RequiresPayment.class);
    if (own != null && own.methods().length > 0) {
      throw new StartFailedException(
          method + ": @RequiresPayment names methods, which the mapping of the method does",
          "Remove methods from the annotation.",
          null);
    }
  }

  // ---- what is annotated

  /** Returns the class of a bean, null for a proxy of an interface, such as that of a client. */
  private @Nullable Class<?> type(String name) {
    Class<?> target = AutoProxyUtils.determineTargetClass(beans, name);
    Class<?> type = target == null ? beans.getType(name, false) : target;
    return type == null || type.isInterface() || java.lang.reflect.Proxy.isProxyClass(type)
        ? null
        : ClassUtils.getUserClass(type);
  }

  private void check(Class<?> type) {
    if (AnnotatedElementUtils.hasAnnotation(type, RequiresPayment.class)
        && !mappedTypes.contains(type)) {
      throw ungated(type.getName(), "no path is mapped to it; is it a @Controller?");
    }
    Map<Method, Boolean> annotated =
        MethodIntrospector.selectMethods(
            type,
            (Method method) ->
                AnnotatedElementUtils.hasAnnotation(method, RequiresPayment.class) ? true : null);
    for (Method method : annotated.keySet()) {
      if (!mappedMethods.contains(method)) {
        throw ungated(
            type.getName() + "." + method.getName(),
            "no path is mapped to it; is its class a @Controller, and the method a @GetMapping?");
      }
    }
  }

  private static StartFailedException ungated(String what, String reason) {
    return new StartFailedException(
        what + " is annotated with @RequiresPayment, and nothing gates it: " + reason,
        "Annotate the handler that serves the request, or remove the annotation.",
        null);
  }
}
