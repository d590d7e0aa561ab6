// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The pages of the documentation, with their code blocks, headings and links. */
final class Pages {
  static final Path CLONE = Files.isDirectory(Path.of("docs")) ? Path.of("") : Path.of("..");

  private static final Pattern FENCE = Pattern.compile("^ *```([a-z]*) *$");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");

  private Pages() {}

  /** A code block: where it is, what its fence says, and its text. */
  record Block(String page, int line, String language, String text) {
    String where() {
      return page + ":" + line;
    }
  }

  /** The README and everything in docs, by the path in the clone. */
  static List<String> manual() {
    List<String> pages = new ArrayList<>(List.of("README.md"));
    pages.addAll(markdown("docs"));
    return pages;
  }

  /** All pages that can have links. */
  static List<String> all() {
    List<String> pages = new ArrayList<>(manual());
    pages.add("CHANGELOG.md");
    pages.addAll(markdown(".github"));
    return pages;
  }

  private static List<String> markdown(String directory) {
    try (Stream<Path> files = Files.list(CLONE.resolve(directory))) {
      return files
          .map(file -> directory + "/" + file.getFileName())
          .filter(name -> name.endsWith(".md"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String page) {
    try {
      return Files.readString(CLONE.resolve(page));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The blocks between fences. */
  static List<Block> blocks(String page) {
    List<Block> blocks = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    String language = null;
    int start = 0;
    int number = 0;
    for (String line : text(page).split("\n", -1)) {
      number++;
      Matcher fence = FENCE.matcher(line);
      if (!fence.matches()) {
        text.append(line).append('\n');
      } else if (language == null) {
        language = fence.group(1);
        start = number + 1;
        text.setLength(0);
      } else {
        blocks.add(new Block(page, start, language, text.toString()));
        language = null;
      }
    }
    return blocks;
  }

  /** Where the links of a page go, those to the web left out. */
  static List<String> links(String page) {
    return LINK.matcher(prose(page))
        .results()
        .map(link -> link.group(1))
        .filter(target -> !target.startsWith("http"))
        .toList();
  }

  /** The anchors of a page's headings. */
  static List<String> anchors(String page) {
    return prose(page)
        .lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ *", "").toLowerCase(java.util.Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }

  private static String prose(String page) {
    return text(page).replaceAll("(?ms)^ *```.*?^ *```$", "");
  }
}
