// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xml.sax.InputSource;

/** The pages: what they show compiles, and what they point to is there. */
class DocumentationTest {
  @Test
  void everyJavaBlockOfThePagesCompiles() throws Exception {
    List<Pages.Block> blocks = blocks("java").toList();

    assertThat(blocks).hasSizeGreaterThan(30);
    assertThat(new Snippets().errors(blocks)).isEmpty();
  }

  @Test
  void tellsPageAndLineOfABlockThatDoesNotCompile() throws Exception {
    Pages.Block block = new Pages.Block("docs/x.md", 7, "java", "int a = 1;\nint b = nothing;\n");

    assertThat(new Snippets().errors(List.of(block)))
        .singleElement()
        .asString()
        .startsWith("docs/x.md:8: cannot find symbol");
  }

  @Test
  void everyXmlBlockIsWellFormedAndNamesThisVersion() {
    assertThat(blocks("xml"))
        .isNotEmpty()
        .allSatisfy(
            block -> {
              assertThatCode(() -> parse("<page>" + block.text() + "</page>"))
                  .doesNotThrowAnyException();
              if (block.text().contains("<dependency>")) {
                assertThat(block.text()).contains("<version>" + version() + "</version>");
              }
            });
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(String page) {
    for (String link : Pages.links(page)) {
      String file = link.replaceFirst("#.*", "");
      Path directory = Path.of(page).resolveSibling("");
      String target = file.isEmpty() ? page : directory.resolve(file).normalize().toString();
      assertThat(Pages.CLONE.resolve(target)).as("%s links to %s", page, link).exists();
      if (link.contains("#")) {
        assertThat(Pages.anchors(target))
            .as("%s links to %s", page, link)
            .contains(link.substring(link.indexOf('#') + 1));
      }
    }
  }

  @Test
  void everyPageIsReachedFromTheReadme() {
    assertThat(Pages.links("README.md"))
        .containsAll(Pages.manual().stream().filter(page -> page.startsWith("docs/")).toList());
  }

  @ParameterizedTest
  @MethodSource("suites")
  void everySuiteThatAPageNamesExists(String page) throws Exception {
    try (Stream<Path> files = Files.walk(Pages.CLONE)) {
      List<String> sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(file -> file.getFileName().toString().replace(".java", ""))
              .toList();
      List<String> named =
          java.util.regex.Pattern.compile("`([A-Z]\\w+(?:Test|Contract))`")
              .matcher(Pages.text(page))
              .results()
              .map(name -> name.group(1))
              .toList();
      assertThat(sources).containsAll(named);
    }
  }

  static List<String> pages() {
    return Pages.all();
  }

  static List<String> suites() {
    return List.of("docs/security.md", "docs/testing.md", "docs/interop.md", "docs/vectors.md");
  }

  private static Stream<Pages.Block> blocks(String language) {
    return Pages.manual().stream()
        .flatMap(page -> Pages.blocks(page).stream())
        .filter(block -> block.language().equals(language.toLowerCase(Locale.ROOT)));
  }

  private static String version() {
    return Pages.text("pom.xml")
        .replaceFirst("(?s).*?<artifactId>x402-parent</artifactId>\\s*<version>([^<]*)<.*", "$1");
  }

  private static void parse(String xml) throws Exception {
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }
}
