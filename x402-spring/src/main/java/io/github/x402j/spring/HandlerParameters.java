// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.extension.Discoverable;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.springframework.beans.BeanUtils;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.http.HttpEntity;
import org.springframework.util.ClassUtils;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.bind.annotation.ValueConstants;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.method.HandlerMethod;

/** What a handler takes and answers, as far as its signature says it. */
final class HandlerParameters {
  private static final Set<Class<?>> WRAPPERS =
      Set.of(Callable.class, DeferredResult.class, CompletionStage.class, HttpEntity.class);
  private static final boolean HAS_SWAGGER =
      ClassUtils.isPresent(
          "io.swagger.v3.oas.annotations.Parameter", HandlerParameters.class.getClassLoader());

  private HandlerParameters() {}

  /** Returns the declaration of a handler. */
  static Discoverable of(HandlerMethod handler) {
    Discoverable declared = Discoverable.http();
    for (MethodParameter parameter : handler.getMethodParameters()) {
      parameter.initParameterNameDiscovery(new DefaultParameterNameDiscoverer());
      declared = with(declared, parameter);
    }
    boolean writesBody =
        handler.hasMethodAnnotation(ResponseBody.class)
            || AnnotatedElementUtils.hasAnnotation(handler.getBeanType(), ResponseBody.class);
    Type answer = unwrapped(handler.getReturnType().getGenericParameterType());
    Map<String, Object> schema = Discoverable.schemaOf(answer);
    boolean isKnown = writesBody || answer != handler.getReturnType().getGenericParameterType();
    return isKnown && saysSomething(schema) ? declared.outputSchema(schema) : declared;
  }

  /** Returns what is said of a handler in one sentence, empty if nothing is. */
  static String summary(HandlerMethod handler) {
    return HAS_SWAGGER ? DocumentedHandler.summary(handler) : "";
  }

  private static Discoverable with(Discoverable declared, MethodParameter parameter) {
    RequestParam query = parameter.getParameterAnnotation(RequestParam.class);
    Type type = parameter.getGenericParameterType();
    if (query != null && isSimple(parameter)) {
      boolean required =
          query.required()
              && query.defaultValue().equals(ValueConstants.DEFAULT_NONE)
              && !parameter.isOptional();
      return declared.query(name(query.name(), parameter), schema(parameter), required);
    }
    PathVariable path = parameter.getParameterAnnotation(PathVariable.class);
    if (path != null && isSimple(parameter)) {
      return declared.path(name(path.name(), parameter), schema(parameter));
    }
    if (!parameter.hasParameterAnnotation(RequestBody.class)) {
      return declared;
    }
    if (MultiValueMap.class.isAssignableFrom(parameter.getParameterType())) {
      return declared.formBody(Map.of());
    }
    return parameter.getParameterType() == String.class
        ? declared.textBody("string")
        : declared.jsonBodySchema(Discoverable.schemaOf(type));
  }

  private static boolean isSimple(MethodParameter parameter) {
    Class<?> type = parameter.nestedIfOptional().getNestedParameterType();
    return BeanUtils.isSimpleProperty(type)
        || Iterable.class.isAssignableFrom(type) && !Map.class.isAssignableFrom(type);
  }

  private static String name(String declared, MethodParameter parameter) {
    return declared.isEmpty() ? String.valueOf(parameter.getParameterName()) : declared;
  }

  private static Map<String, Object> schema(MethodParameter parameter) {
    Map<String, Object> schema =
        new LinkedHashMap<>(Discoverable.schemaOf(parameter.getGenericParameterType()));
    return HAS_SWAGGER ? DocumentedHandler.described(schema, parameter) : schema;
  }

  private static boolean saysSomething(Map<String, Object> schema) {
    return !schema.isEmpty() && !schema.equals(Map.of("type", "object"));
  }

  /** Returns what is written to the body. */
  private static Type unwrapped(Type type) {
    if (type instanceof ParameterizedType generic
        && generic.getRawType() instanceof Class<?> raw
        && WRAPPERS.stream().anyMatch(wrapper -> wrapper.isAssignableFrom(raw))) {
      return unwrapped(generic.getActualTypeArguments()[0]);
    }
    return type;
  }
}
