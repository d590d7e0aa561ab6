// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands of {@code docs/mainnet.md} are commands with options that there are. */
class DocumentedLinesTest {
  private static final Pattern COMMAND = Pattern.compile("(?m)^x402 (.*)$");

  private static List<String> commands() throws IOException {
    Path clone = Files.isDirectory(Path.of("docs")) ? Path.of("") : Path.of("..");
    return COMMAND
        .matcher(Files.readString(clone.resolve("docs/mainnet.md")))
        .results()
        .map(line -> line.group(1))
        .toList();
  }

  @Test
  void everyCommandOfThePageCanBeGiven() throws IOException {
    assertThat(commands())
        .hasSize(3)
        .allSatisfy(
            line -> {
              CommandLine cli = X402Command.commandLine(Terminal.system());
              String[] words = line.replace("'", "").split(" ", -1);
              assertThatCode(() -> cli.parseArgs(words)).as(line).doesNotThrowAnyException();
            });
  }
}
