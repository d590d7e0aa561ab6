// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The containers are in {@link PathBypassTest}; here each rule is seen alone. */
class CanonicalPathTest {
  private static final PathRules STRICT = PathRules.strict();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/a",
        "/a/",
        "/a/b.c",
        "/a..b",
        "/...",
        "/.well-known/x402",
        "/caf\u00e9",
        "/a b",
        "/\uff0fprivate",
        "/a~b",
        "/a+b"
      })
  void acceptsWhatHasOneReading(String path) {
    assertThat(CanonicalPath.parse(path).value()).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "//",
        "//a",
        "/a//b",
        "/a//",
        "/.",
        "/..",
        "/./a",
        "/a/.",
        "/a/..",
        "/a/../b",
        "/a/./",
        "/\\a",
        "/a\\",
        "/a;b",
        "/a%2f",
        "/a%",
        "/a\u0000",
        "/a\n",
        "/\r",
        "/a\u007f",
        "/a\u0085"
      })
  void refusesWhatADefaultServletMayResolve(String path) {
    assertThatThrownBy(() -> CanonicalPath.parse(path))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(CanonicalPath.of(request("/x", path.isEmpty() ? "x" : path), STRICT).problem())
        .isNotNull();
  }

  @Test
  void joinsServletPathAndPathInfo() {
    HttpServletRequest request = request("/mvc/a", "/mvc");
    when(request.getPathInfo()).thenReturn("/a");

    assertThat(pathOf(CanonicalPath.of(request, STRICT))).isEqualTo("/mvc/a");
  }

  @Test
  void readsAnEmptyPathAsTheRoot() {
    assertThat(pathOf(CanonicalPath.of(request("/app", ""), STRICT))).isEqualTo("/");
  }

  @Test
  void takesTheIncludedPathNotThatOfTheIncludingPage() {
    HttpServletRequest request = request("/free", "/free");
    when(request.getDispatcherType()).thenReturn(DispatcherType.INCLUDE);
    when(request.getAttribute(RequestDispatcher.INCLUDE_SERVLET_PATH)).thenReturn("/paid");
    when(request.getAttribute(RequestDispatcher.INCLUDE_PATH_INFO)).thenReturn("/x");

    assertThat(pathOf(CanonicalPath.of(request, STRICT))).isEqualTo("/paid/x");
  }

  @Test
  void knowsNothingOfAnIncludeByName() {
    HttpServletRequest request = request("/free", "/free");
    when(request.getDispatcherType()).thenReturn(DispatcherType.INCLUDE);

    assertThat(CanonicalPath.of(request, STRICT).problem()).contains("by name");
    assertThat(CanonicalPath.of(request, STRICT).readings().areAll()).isFalse();
  }

  @Test
  void examinesTheDispatchedPathOfAForwardButNotTheRequestLine() {
    HttpServletRequest forwarded = request("/a;x", "/a");
    when(forwarded.getDispatcherType()).thenReturn(DispatcherType.FORWARD);
    HttpServletRequest climbing = request("/a", "/x/../a");
    when(climbing.getDispatcherType()).thenReturn(DispatcherType.FORWARD);

    assertThat(pathOf(CanonicalPath.of(forwarded, STRICT))).isEqualTo("/a");
    assertThat(CanonicalPath.of(climbing, STRICT).problem()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/private",
        "/%70rivate",
        "/%50rivate",
        "/p%52ivate",
        "/%70%72%69%76%61%74%65",
        "/a%20b",
        "/caf%C3%A9",
        "/caf%c3%a9",
        "/%F0%9F%98%80",
        "/a%7E"
      })
  void acceptsEscapesThatEveryContainerReadsAlike(String line) {
    assertThat(PathSpelling.problemOf(line, STRICT)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "private",
        "http://evil.example/private",
        "//private",
        "/a//b",
        "/a//",
        "/./private",
        "/x/../private",
        "/x/..",
        "/.",
        "/x/..;/private",
        "/private;",
        "/;/private",
        "/%2e/private",
        "/x/%2E%2e/private",
        "/a%2eb",
        "/a%2Fb",
        "/%2fprivate",
        "/private%2f",
        "/%5cprivate",
        "/\\private",
        "/private\\",
        "/%2570rivate",
        "/a%3Bb",
        "/private%00",
        "/.%00/private",
        "/api/%0A",
        "/private%0d%0a",
        "/a%7f",
        "/a%c2%85",
        "/%u0070rivate",
        "/%zz",
        "/%",
        "/%7",
        "/%7\uff10",
        "/%c0%ae/private",
        "/%c0%af",
        "/%e0%80%af",
        "/%f0%80%80%af",
        "/%ed%a0%80",
        "/%f4%90%80%80",
        "/%f5%80%80%80",
        "/%c3",
        "/%c3x",
        "/%80",
        "/%ff",
        "/%e2%82",
        "/a b",
        "/a\tb",
        "/a\u0000",
        "/caf\u00e9",
        "/a|b",
        "/a\"b",
        "/{a}",
        "/a^",
        "/a?b",
        "/a#b"
      })
  void refusesWhatAContainerMayReadOtherwise(String line) {
    assertThat(PathSpelling.problemOf(line, STRICT)).matches("the request line has .{5,}");
  }

  /** The platform's decoder is the judge of what is UTF-8. */
  @Test
  void takesTheEscapesThatAreUtf8AndNoOthers() {
    int[] rest = {0x00, 0x2d, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (int first = 0x80; first <= 0xff; first++) {
      decidesAsTheDecoderDoes(first);
      for (int second = 0; second <= 0xff; second++) {
        decidesAsTheDecoderDoes(first, second);
        for (int third : rest) {
          decidesAsTheDecoderDoes(first, second, third);
        }
      }
      for (int second : rest) {
        for (int third : rest) {
          for (int fourth : rest) {
            decidesAsTheDecoderDoes(first, second, third, fourth);
          }
        }
      }
    }
  }

  private static void decidesAsTheDecoderDoes(int... octets) {
    StringBuilder line = new StringBuilder("/");
    byte[] bytes = new byte[octets.length];
    for (int i = 0; i < octets.length; i++) {
      line.append(String.format("%%%02x", octets[i]));
      bytes[i] = (byte) octets[i];
    }
    String decoded;
    try {
      decoded = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException notUtf8) {
      assertThat(PathSpelling.problemOf(line.toString(), STRICT)).as(line.toString()).isNotNull();
      return;
    }
    boolean isPlain =
        decoded.chars().noneMatch(c -> Character.isISOControl(c) || "\\/.%;".indexOf(c) >= 0);
    assertThat(PathSpelling.problemOf(line.toString(), STRICT) == null)
        .as(line.toString())
        .isEqualTo(isPlain);
  }

  @ParameterizedTest
  @CsvSource({
    "/a;b=c/d, PATH_PARAMETERS",
    "/a%2fb, ENCODED_SLASH",
    "/%2e/a, ENCODED_DOT",
    "/a%252f, ENCODED_PERCENT",
    "/a%3bb, ENCODED_SEMICOLON",
    "/a/../b, DOT_SEGMENTS",
    "/a/., DOT_SEGMENTS",
    "/a//b, EMPTY_SEGMENTS",
    "/a|b, UNENCODED_CHARACTERS"
  })
  void givesUpOneRuleAtATime(String line, PathRules.Leniency rule) {
    for (PathRules.Leniency each : PathRules.Leniency.values()) {
      if (each == rule) {
        assertThat(PathSpelling.problemOf(line, relaxed(each))).as(each.name()).isNull();
      } else {
        assertThat(PathSpelling.problemOf(line, relaxed(each))).as(each.name()).isNotNull();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/%u0070rivate",
        "/%zz",
        "/%",
        "/%c0%ae",
        "/%ff",
        "/%00",
        "/%0a",
        "/%5c",
        "/\\",
        "/a b",
        "*",
        "http://evil.example/"
      })
  void neverAcceptsMalformedEscapesOrControls(String line) {
    PathRules everything = STRICT;
    for (PathRules.Leniency each : PathRules.Leniency.values()) {
      everything = relax(each).apply(everything);
    }
    assertThat(PathSpelling.problemOf(line, everything)).isNotNull();
  }

  @Test
  void keepsTheRulesForTheDispatchedPathWhenTheRequestLineIsRelaxed() {
    PathRules lenient = STRICT.allowDotSegments().allowEmptySegments().allowPathParameters();

    assertThat(pathOf(CanonicalPath.of(request("/x/..//a;b", "/a"), lenient))).isEqualTo("/a");
    assertThat(CanonicalPath.of(request("/x/../a", "/x/../a"), lenient).problem()).isNotNull();
    assertThat(CanonicalPath.of(request("//a", "//a"), lenient).problem()).isNotNull();
  }

  @Test
  void acceptsALeftoverPercentOrSemicolonOnlyWhenTold() {
    assertThat(pathOf(CanonicalPath.of(request("/a%25b", "/a%b"), STRICT.allowEncodedPercent())))
        .isEqualTo("/a%b");
    assertThat(pathOf(CanonicalPath.of(request("/a%3Bb", "/a;b"), STRICT.allowEncodedSemicolon())))
        .isEqualTo("/a;b");
  }

  @Test
  void doesNotEchoTheRequestInItsReason() {
    CanonicalPath.Decision decision = CanonicalPath.of(request("/<script>", "/<script>"), STRICT);

    assertThat(decision.problem()).isNotNull().doesNotContain("script", "<");
  }

  @Test
  void namesTheWelcomeFilesOfADirectoryAndOfNothingElse() {
    PathRules rules = STRICT.welcomeFiles("index.html", "home/start.jsp");

    assertThat(CanonicalPath.parse("/dir/").withWelcomeFiles(rules))
        .extracting(CanonicalPath::value)
        .containsExactly("/dir/", "/dir/index.html", "/dir/home/start.jsp");
    assertThat(CanonicalPath.parse("/dir").withWelcomeFiles(rules))
        .extracting(CanonicalPath::value)
        .containsExactly("/dir");
    assertThatThrownBy(() -> STRICT.welcomeFiles("../x")).hasMessageContaining("'../x'");
  }

  @Test
  @Tag("timed")
  void decidesHostileLengthInBoundedTime() {
    HttpServletRequest dots = request("/" + "a/../".repeat(7_000), "/" + "a/../".repeat(7_000));
    HttpServletRequest escapes = request("/" + "%2e".repeat(7_000), "/" + ".".repeat(7_000));
    PathRules lenient = STRICT.allowDotSegments().allowEncodedDot();
    PathPattern pattern = PathPattern.parse("/a/{x}/*");
    CanonicalPath deep = CanonicalPath.parse("/a".repeat(20_000));
    // The best of several rounds: the bound is on the work, not on what else this machine does.
    long best = Long.MAX_VALUE;
    for (int round = 0; round < 30; round++) {
      long start = System.nanoTime();
      CanonicalPath.of(dots, lenient);
      CanonicalPath.of(escapes, lenient);
      CanonicalPath.of(dots, STRICT);
      pattern.matches(deep);
      best = Math.min(best, System.nanoTime() - start);
    }
    assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(5));
  }

  private static PathRules relaxed(PathRules.Leniency rule) {
    return relax(rule).apply(STRICT);
  }

  private static UnaryOperator<PathRules> relax(PathRules.Leniency rule) {
    return switch (rule) {
      case PATH_PARAMETERS -> PathRules::allowPathParameters;
      case ENCODED_SLASH -> PathRules::allowEncodedSlash;
      case ENCODED_DOT -> PathRules::allowEncodedDot;
      case ENCODED_PERCENT -> PathRules::allowEncodedPercent;
      case ENCODED_SEMICOLON -> PathRules::allowEncodedSemicolon;
      case DOT_SEGMENTS -> PathRules::allowDotSegments;
      case EMPTY_SEGMENTS -> PathRules::allowEmptySegments;
      case UNENCODED_CHARACTERS -> PathRules::allowUnencodedCharacters;
    };
  }

  private static HttpServletRequest request(String requestUri, String servletPath) {
    HttpServletRequest request = mock(HttpServletRequest.class);
    when(request.getDispatcherType()).thenReturn(DispatcherType.REQUEST);
    when(request.getRequestURI()).thenReturn(requestUri);
    when(request.getServletPath()).thenReturn(servletPath);
    return request;
  }

  private static String pathOf(CanonicalPath.Decision decision) {
    assertThat(decision.problem()).isNull();
    return decision.path().value();
  }
}
