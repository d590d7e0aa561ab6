// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import jakarta.ws.rs.HttpMethod;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where annotations of a resource may stand: as JAX-RS inherits them, on what a method overrides
 * and on what a class extends and implements; classes before interfaces, the nearest first (Jakarta
 * RESTful Web Services 3.1, section 3.6).
 */
final class Declarations {
  private Declarations() {}

  /** Returns a class, its superclasses, and the interfaces of all of them. */
  static Set<Class<?>> of(Class<?> type) {
    Set<Class<?>> all = new LinkedHashSet<>();
    for (Class<?> next = type; next != null && next != Object.class; next = next.getSuperclass()) {
      all.add(next);
    }
    for (Class<?> each : List.copyOf(all)) {
      addInterfaces(each, all);
    }
    return all;
  }

  private static void addInterfaces(Class<?> type, Set<Class<?>> all) {
    for (Class<?> each : type.getInterfaces()) {
      all.add(each);
      addInterfaces(each, all);
    }
  }

  /** Returns the method and those that it overrides, seen from a class. */
  static List<Method> of(Class<?> type, Method method) {
    List<Method> all = new ArrayList<>();
    all.add(method);
    for (Class<?> each : of(type)) {
      methodsOf(each).stream()
          .filter(other -> !other.equals(method) && isOverridden(other, method))
          .forEach(all::add);
    }
    return all;
  }

  /** Returns the methods that a class declares and JAX-RS may call. */
  static List<Method> methodsOf(Class<?> type) {
    return Stream.of(type.getDeclaredMethods())
        .filter(method -> !method.isSynthetic() && !Modifier.isStatic(method.getModifiers()))
        .toList();
  }

  private static boolean isOverridden(Method other, Method method) {
    if (!other.getName().equals(method.getName())
        || other.getParameterCount() != method.getParameterCount()
        || Modifier.isPrivate(other.getModifiers())) {
      return false;
    }
    Class<?>[] own = method.getParameterTypes();
    Class<?>[] others = other.getParameterTypes();
    Type[] generic = other.getGenericParameterTypes();
    for (int i = 0; i < own.length; i++) {
      boolean isSame =
          own[i] == others[i]
              || !(generic[i] instanceof Class) && others[i].isAssignableFrom(own[i]);
      if (!isSame) {
        return false;
      }
    }
    return true;
  }

  /** Returns the HTTP method that a resource method is for, empty for all others. */
  static Optional<String> httpMethod(Method method) {
    return find(method, HttpMethod.class).map(HttpMethod::value);
  }

  /** Returns an annotation that stands on an element, or on an annotation that does. */
  static <A extends Annotation> Optional<A> find(AnnotatedElement element, Class<A> type) {
    return Optional.ofNullable(find(element, type, new HashSet<>()));
  }

  private static <A extends Annotation> @Nullable A find(
      AnnotatedElement element, Class<A> type, Set<Class<?>> seen) {
    A direct = element.getDeclaredAnnotation(type);
    if (direct != null) {
      return direct;
    }
    for (Annotation each : element.getDeclaredAnnotations()) {
      Class<? extends Annotation> annotation = each.annotationType();
      if (seen.add(annotation)) {
        A composed = find(annotation, type, seen);
        if (composed != null) {
          return composed;
        }
      }
    }
    return null;
  }
}
