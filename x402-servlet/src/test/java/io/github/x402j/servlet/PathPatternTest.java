// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPatternTest {
  @ParameterizedTest
  @CsvSource({
    "/private, /private, true",
    "/private, /private/, true",
    "/private, /private/x, false",
    "/private, /PRIVATE, false",
    "/private, /privat\u00e9, false",
    "/private, /private.json, false",
    "/, /, true",
    "/, /x, false",
    "/api/*, /api, true",
    "/api/*, /api/, true",
    "/api/*, /api/x, true",
    "/api/*, /api/x/y/, true",
    "/api/*, /apis, false",
    "/api/*, /, false",
    "/*, /, true",
    "/*, /x/y, true",
    "/report/{id}, /report/7, true",
    "/report/{id}, /report/7/, true",
    "/report/{id}, /report/, false",
    "/report/{id}, /report, false",
    "/report/{id}, /report/a/b, false",
    "/f/r-{id}.pdf, /f/r-7.pdf, true",
    "/f/r-{id}.pdf, /f/r-.pdf, false",
    "/f/r-{id}.pdf, /f/r-7.PDF, false",
    "/f/aa{id}a, /f/aaa, false",
    "/u/{id}/*, /u/7, true",
    "/u/{id}/*, /u/7/x, true",
    "/r/{year}/page-{no}.html, /r/2026/page-7.html, true",
    "/r/{year}/page-{no}.html, /r/2026, false",
    "/u/{id}/*, /u, false"
  })
  void matchesWhatTheTableSays(String pattern, String path, boolean expected) {
    assertThat(PathPattern.parse(pattern).matches(CanonicalPath.parse(path))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "api/",
        "api",
        "*.jsp",
        "*",
        "/a*",
        "/a/*/b",
        "/**",
        "/*/*",
        "/a/*x",
        "/{a",
        "/a}",
        "/{}",
        "/{a}{b}",
        "/{a{b}}",
        "/}a{",
        "/{1a}",
        "/{a b}",
        "/{\u00e4}",
        "/a/{x}/{x}",
        "/a/",
        "/a//b",
        "//",
        "/./a",
        "/a/..",
        "/a\\b",
        "/a;b",
        "/a%20b",
        "/a?b",
        "/a#b",
        "/a\nb",
        "/a//*",
        "/a/**",
        "/**/a",
        "/a/[0-9]+",
        "/a/[^/]*",
        "/a/(b|c)",
        "/a|/b",
        "^/a",
        "/^a",
        "/a$",
        "/a$/b",
        "/a/.+",
        "/a/(x)+",
        "/a/\\d+",
        "/a/(?:b)",
        "/a/{id:[0-9]+}",
        "/a/{id:\\d+}",
        "/a/{*rest}",
        "/a/{id?}",
        "/a/<id>",
        "/a/<int:id>",
        "/a/*.json",
        "https://shop.example/a",
        "GET /a",
        "/report/:id",
        "/:id/report",
        "/report/[id]",
        "//*"
      })
  void refusesAtStartWhatWouldMatchNothingOrTooMuch(String pattern) {
    assertThatThrownBy(() -> PathPattern.parse(pattern))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + pattern + "'")
        .hasMessageContaining("expected");
  }

  @Test
  void putsTheMoreSpecificPatternFirst() {
    List<PathPattern> inOrder =
        patterns(
            "/a/b/c",
            "/a/b",
            "/a/b/{x}",
            "/a/{x}/c",
            "/a/file-{x}",
            "/a/f{x}",
            "/a/{x}",
            "/{x}",
            "/a/b/c/*",
            "/a/b/*",
            "/a/{x}/*",
            "/a/*",
            "/*");
    List<PathPattern> shuffled = new ArrayList<>(inOrder);
    Collections.shuffle(shuffled, new Random(402));
    Collections.sort(shuffled);

    assertThat(shuffled).isEqualTo(inOrder);
  }

  /** '~' comes after '{': the texts alone would order these the other way round. */
  @Test
  void ordersBySpecificityAndNotByText() {
    assertThat(PathPattern.parse("/~/{x}")).isLessThan(PathPattern.parse("/{y}/b"));
    assertThat(PathPattern.parse("/a/~~{x}")).isLessThan(PathPattern.parse("/a/a{x}"));
    assertThat(PathPattern.parse("/a/{x}~~")).isLessThan(PathPattern.parse("/a/a{x}"));
    assertThat(PathPattern.parse("/~/b/{x}")).isLessThan(PathPattern.parse("/{y}/b/c"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "z", "A", "Z", "a0", "a9", "a_", "aZ", "_", "0"})
  void takesNamesOfLettersDigitsAndUnderscores(String name) {
    if (name.equals("_") || name.equals("0")) {
      assertThatThrownBy(() -> PathPattern.parse("/{" + name + "}")).hasMessageContaining(name);
    } else {
      assertThat(PathPattern.parse("/{" + name + "}").matches(CanonicalPath.parse("/x"))).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"@", "[", "`", "a/b", "a:", "a-", "a@", "a[", "a`"})
  void takesNothingBesideThemInAName(String name) {
    assertThatThrownBy(() -> PathPattern.parse("/{" + name + "}"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ordersTotally() {
    List<PathPattern> all =
        new ArrayList<>(patterns("/a/{x}", "/a/{y}", "/a/b", "/a/*", "/A/b", "/*"));
    all.addAll(all.stream().map(PathPattern::ignoringCase).toList());
    for (PathPattern a : all) {
      for (PathPattern b : all) {
        assertThat(Integer.signum(a.compareTo(b))).isEqualTo(-Integer.signum(b.compareTo(a)));
        assertThat(a.compareTo(b) == 0).isEqualTo(a.equals(b));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/a/{x}, /a/{y}, true",
    "/a, /a, true",
    "/a/*, /a/*, true",
    "/a/{x}/*, /a/{y}/*, true",
    "/a/p{x}, /a/p{y}, true",
    "/a/p{x}, /a/{y}, false",
    "/a/{x}p, /a/p{x}, false",
    "/a, /a/*, false",
    "/a/{x}, /a/b, false",
    "/a/x, /a/{x}, false",
    "/a, /A, false",
    "/a/*, /a/b/*, false"
  })
  void findsTwoRulesForTheSameThing(String one, String other, boolean expected) {
    PathPattern a = PathPattern.parse(one);
    PathPattern b = PathPattern.parse(other);

    assertThat(a.overlapsExactly(b)).isEqualTo(expected);
    assertThat(b.overlapsExactly(a)).isEqualTo(expected);
  }

  @Test
  void foldsCaseOnlyWhenTold() {
    PathPattern folding = PathPattern.parse("/Private/{Id}.PDF").ignoringCase();

    assertThat(folding.matches(CanonicalPath.parse("/PRIVATE/aB.pdf"))).isTrue();
    assertThat(
            PathPattern.parse("/Private/{Id}.PDF").matches(CanonicalPath.parse("/PRIVATE/a.PDF")))
        .isFalse();
    assertThat(PathPattern.parse("/a").ignoringCase().overlapsExactly(PathPattern.parse("/A")))
        .isTrue();
  }

  private static List<PathPattern> patterns(String... texts) {
    return List.of(texts).stream().map(PathPattern::parse).toList();
  }
}
