// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The BOM has no parent, so nothing but this keeps it in step with the modules. */
class BomTest {
  private static final String BOM = Pages.text("x402-bom/pom.xml");
  private static final String PARENT = Pages.text("pom.xml");

  @Test
  void listsEveryPublishedModule() {
    List<String> published =
        found("<module>([^<]+)</module>", PARENT).stream()
            .filter(
                module ->
                    Pages.text(module + "/pom.xml")
                        .contains("<published.phase>validate</published.phase>"))
            .toList();

    assertThat(published).contains("x402-core", "x402-mcp", "x402-cli");
    assertThat(found("<artifactId>([^<]+)</artifactId>", BOM)).containsAll(published);
  }

  @Test
  void hasTheVersionOfTheModules() {
    assertThat(found("<version>([^<]+)</version>", BOM).get(0))
        .isEqualTo(found("<version>([^<]+)</version>", PARENT).get(0));
  }

  private static List<String> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(BomTest::group).toList();
  }

  private static String group(MatchResult match) {
    return match.group(1);
  }
}
