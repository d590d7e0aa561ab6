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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    PathReadings readings = PathReadings.of(forward("", uri), dispatched);
    assertThat(readings.areAll()).isTrue();
    assertThat(readings.paths()).isEmpty();
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
    "/a//../b, /a/b, /b",
    "/a;x=/../b, /a;x=/../b, /b",
    "//a/b, //a/b, /b",
    "http://a/b, /http://a/b, /b",
    "/a%u002fb, /a%u002fb, /a/b",
    "/a%00b, /a, /ab",
    "/a%0ab, /ab, /ab",
    "/a%3fb, /a?b, /a",
    "/a%23b, /a#b, /a",
    "/%c0%afa, /À¯a, //a",
    "/%c0%ae%c0%ae/a, /../a, /a",
    "/%\uff12\uff25%2e/a, /../a, /a",
    "/caf%e9, /café, /caf�",
    "/%20a/b, '/ a/b', /a/b",
    "/a%20/%20%20b%20, '/a /  b ', /a/b",
    "/%20/%20a, '/ / a', /a",
    "/+a/b+c, '/ a/b c', '/a/b c'",
    "/a+b, /a+b, /a b",
    "/%2f%20a, // a, /a",
    "/cafÃ©;, /cafÃ©, /café",
    "/x/..\\x/a%2fb, /\\x/a%2fb, /a/b",
    "//a\\b/c, //a\\b/c, /c",
    "//a\\b/c, //a\\b/c, \\b/c",
    "/.//a\\b/%u0063, /.//a\\b/c, /c",
    "//a%5cb/c, //a\\b/c, /c",
    "//a%3fb/c, //a?b/c, /c",
    "//a%23b/c, //a#b/c, /c",
    "http://a\\b/c, /http://a\\b/c, /c",
    "/\\\\x/a, /\\\\x/a, /a",
    "/%5c\\x/a, /\\\\x/a, /a",
    "/\\\\\\x/a, ///x/a, /a",
    "/a/x/..\\b, /a/x/..\\b, /a\\b",
    "/a/.\\b, /a/.\\b, /a\\b",
    "/a/\\b, /a/\\b, /a\\b",
    "/%5c../b/c, /\\../b/c, /c",
    "/%25ï¼\u00961, /%ï¼\u00961, /a",
    "http:/a/b, /http:/a/b, /a/b",
    "http://a/b, /http:/a/b, /a/b",
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

  /** A router that looks at what is behind the path of its servlet does not climb out of it. */
  @ParameterizedTest
  @CsvSource({
    "/mvc/../a, /a, /mvc/a",
    "/mvc/x/../../a, /a, /mvc/a",
    "/mvc/..%2f..%2fa, /a, /mvc/a"
  })
  void theServletIsTheRootOfSomeReadings(String uri, String outside, String inside) {
    HttpServletRequest request = forward("", uri);
    when(request.getServletPath()).thenReturn("/mvc");
    assertThat(texts(PathReadings.of(request, PathVariants.decoded(uri))))
        .contains(outside, inside);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/*, false",
    "/{name}, true",
    "/*, true",
    "/b, true",
    "/B, false",
    "/b/y, false",
    "/b/index.html, true",
    "/café, true"
  })
  void tooManyReadingsAreForEveryRuleWhoseTextTheyHave(String rule, boolean isDoubted) {
    String nested = "/a" + "%" + "25".repeat(200) + "2e/../%62";
    HttpServletRequest request = forward("", nested);
    when(request.getServletPath()).thenReturn("/free");
    CanonicalPath.Decision decision = CanonicalPath.of(request, PathRules.strict());
    assertThat(decision.readings().areAll()).isFalse();
    assertThat(decision.problem()).contains("too many ways");
    Routes routes = Routes.of(List.of(Route.of(rule).price("$0.01")));
    assertThat(routes.mayBePriced(decision, "GET", PathRules.strict())).isEqualTo(isDoubted);
  }

  /** Whatever a text hides by further escapes, it may be anything. */
  @ParameterizedTest
  @ValueSource(strings = {"/%ff", "/%25ff", "/%u0061", "/%25u0061", "/é"})
  void whatIsNotAsciiMayHaveAnyText(String end) {
    assertThat(PathVariants.decodedThroughout("/a%2562" + end)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "/%61, /a",
    "/%252561, /a",
    "/%2%3561, /a",
    "/%2561%, /a%",
    "/%00%0a%61, /a",
    "/a%, /a%"
  })
  void decodesThroughout(String text, String decoded) {
    assertThat(PathVariants.decodedThroughout(text)).isEqualTo(decoded);
  }

  private static List<String> read(String context, String uri) {
    return texts(PathReadings.of(forward(context, uri), "/dispatched"));
  }

  private static List<String> texts(PathReadings readings) {
    assertThat(readings.areAll()).isTrue();
    return readings.paths().stream().map(CanonicalPath::value).toList();
  }

  private static HttpServletRequest forward(String context, String uri) {
    HttpServletRequest request = mock(HttpServletRequest.class);
    when(request.getDispatcherType()).thenReturn(DispatcherType.FORWARD);
    when(request.getContextPath()).thenReturn(context);
    when(request.getRequestURI()).thenReturn(uri);
    return request;
  }
}
