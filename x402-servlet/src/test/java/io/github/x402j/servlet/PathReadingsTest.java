// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spring MVC on the containers is in {@link SpringDispatchTest}; here each reading is seen. */
class PathReadingsTest {
  @ParameterizedTest
  @CsvSource({
    "/free, /free",
    "/fr%65e, /free",
    "/caf%C3%A9, /caf\u00e9",
    "/, /",
    "/dir/, /dir/index.html",
  })
  void aPlainSpellingHasNoOtherReading(String uri, String dispatched) {
    assertThat(PathReadings.of(forward("", uri), dispatched)).hasValue(List.of());
  }

  @ParameterizedTest
  @CsvSource({
    "/a/../b, /a/../b, /b",
    "/a/..%2fb, /a/..%2fb, /b",
    "/a%2fb/../c, /a%2fb/../c, /a/c",
    "/%2561, /%61, /a",
    "/a;x=/..;y/b, /a/../b, /b",
    "/a%3bx, /a;x, /a",
    "//a///b/, //a///b/, /a/b/",
    "/a%5c..%5cb, /a\\..\\b, /b",
    "/a/%252e%252e/b, /a/%2e%2e/b, /b",
    "/../../a, /../../a, /a",
    "/a b%, /a b%, /a b%",
    "/100%25, /100%, /100%",
  })
  void anotherSpellingHasThemAll(String uri, String literal, String resolved) {
    assertThat(read("", uri)).contains(literal, resolved);
  }

  @ParameterizedTest
  @CsvSource({
    "/shop/a/../b, /a/../b",
    "/%73hop/a//b, /a/b",
    "/x/../shop/a//b, /a/b",
    "//shop//a, /a"
  })
  void theContextPathIsNoPartOfThem(String uri, String reading) {
    assertThat(read("/shop", uri)).contains(reading).noneMatch(path -> path.contains("hop"));
  }

  @Test
  void anIncludeIsReadByItsOwnUri() {
    HttpServletRequest request = forward("", "/page");
    when(request.getDispatcherType()).thenReturn(DispatcherType.INCLUDE);
    when(request.getAttribute(RequestDispatcher.INCLUDE_REQUEST_URI)).thenReturn("/a/../b");

    assertThat(texts(PathReadings.of(request, "/b"))).contains("/a/../b");
  }

  /** A URI that reads as one thing and was dispatched as another has that reading, too. */
  @Test
  void whatTheContainerDecodedBeforeIsComparedWithThePath() {
    assertThat(texts(PathReadings.of(forward("", "/%61ll"), "/%61ll"))).contains("/all");
  }

  @Test
  void tooManyReadingsAreNotDecided() {
    String nested = "/a" + "%" + "25".repeat(100) + "2e/../b";
    assertThat(PathReadings.of(forward("", nested), "/b")).isEmpty();
    HttpServletRequest request = forward("", nested);
    when(request.getServletPath()).thenReturn("/b");
    assertThat(CanonicalPath.of(request, PathRules.strict()))
        .isInstanceOf(CanonicalPath.Refused.class);
  }

  private static List<String> read(String context, String uri) {
    return texts(PathReadings.of(forward(context, uri), "/dispatched"));
  }

  private static List<String> texts(Optional<List<CanonicalPath>> readings) {
    return readings.orElseThrow().stream().map(CanonicalPath::value).toList();
  }

  private static HttpServletRequest forward(String context, String uri) {
    HttpServletRequest request = mock(HttpServletRequest.class);
    when(request.getDispatcherType()).thenReturn(DispatcherType.FORWARD);
    when(request.getContextPath()).thenReturn(context);
    when(request.getRequestURI()).thenReturn(uri);
    return request;
  }
}
