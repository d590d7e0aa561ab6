// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.extension.Discoverable;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/** What a resource method takes and answers, as far as its signature says it. */
final class ResourceParameters {
  private ResourceParameters() {}

  /** Returns the declaration of a resource method. */
  static Discoverable of(Class<?> type, Method method) {
    Discoverable declared = Discoverable.http();
    Map<String, Object> form = new LinkedHashMap<>();
    Type[] types = method.getGenericParameterTypes();
    for (int i = 0; i < types.length; i++) {
      List<Annotation> annotations = annotations(type, method, i);
      Optional<QueryParam> query = find(annotations, QueryParam.class);
      Optional<PathParam> path = find(annotations, PathParam.class);
      Optional<FormParam> field = find(annotations, FormParam.class);
      Map<String, Object> schema = new LinkedHashMap<>(Discoverable.schemaOf(types[i]));
      if (query.isPresent()) {
        find(annotations, DefaultValue.class)
            .filter(any -> "string".equals(schema.get("type")))
            .ifPresent(value -> schema.put("example", value.value()));
        declared = declared.query(query.get().value(), schema, false);
      } else if (path.isPresent()) {
        declared = declared.path(path.get().value(), schema);
      } else if (field.isPresent()) {
        form.put(field.get().value(), "string");
      } else if (annotations.stream().noneMatch(ResourceParameters::isOfJaxRs)) {
        declared =
            types[i] == String.class
                ? declared.textBody("string")
                : declared.jsonBodySchema(schema);
      }
    }
    return withOutput(form.isEmpty() ? declared : declared.formBody(form), method);
  }

  private static Discoverable withOutput(Discoverable declared, Method method) {
    Type answer = unwrapped(method.getGenericReturnType());
    if (answer instanceof Class<?> plain
        && (Response.class.isAssignableFrom(plain) || plain == void.class)) {
      return declared;
    }
    Map<String, Object> schema = Discoverable.schemaOf(answer);
    return schema.isEmpty() || schema.equals(Map.of("type", "object"))
        ? declared
        : declared.outputSchema(schema);
  }

  private static Type unwrapped(Type type) {
    return type instanceof ParameterizedType generic
            && generic.getRawType() instanceof Class<?> raw
            && CompletionStage.class.isAssignableFrom(raw)
        ? generic.getActualTypeArguments()[0]
        : type;
  }

  /** JAX-RS takes the annotations of what a method overrides. */
  private static List<Annotation> annotations(Class<?> type, Method method, int parameter) {
    return Declarations.of(type, method).stream()
        .flatMap(each -> Stream.of(each.getParameterAnnotations()[parameter]))
        .toList();
  }

  private static <A extends Annotation> Optional<A> find(
      List<Annotation> annotations, Class<A> wanted) {
    return annotations.stream().filter(wanted::isInstance).map(wanted::cast).findFirst();
  }

  /** Context, headers, cookies, beans: whatever is not the entity. */
  private static boolean isOfJaxRs(Annotation annotation) {
    return annotation.annotationType().getName().startsWith("jakarta.ws.rs.");
  }
}
