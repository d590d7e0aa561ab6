// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.x402j.Facilitator;
import java.lang.reflect.Method;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What stands around a facilitator passes everything on, what has a default included. */
class DecoratedFacilitatorTest {

  static Stream<Arguments> methods() {
    return Stream.of(GuardedFacilitator.class, LateStart.class)
        .flatMap(
            decorator ->
                Stream.of(Facilitator.class.getMethods())
                    .map(method -> Arguments.of(decorator, method)));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void passesOn(Class<?> decorator, Method method) {
    assertThatCode(() -> decorator.getDeclaredMethod(method.getName(), method.getParameterTypes()))
        .doesNotThrowAnyException();
  }
}
