// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Every command and option is on its page, and the page has no others. */
class DocumentedCommandsTest {
  private static final Set<String> OF_EVERY_COMMAND = Set.of("-h", "--help", "-V", "--version");

  @Test
  void everyCommandAndOptionIsOnThePageOfTheCommandLine() {
    Map<String, Set<String>> documented = documented();
    commands()
        .forEach(
            (command, options) ->
                assertThat(documented.getOrDefault(command, Set.of()))
                    .as("options of %s on docs/cli.md and docs/quickstart.md", command)
                    .containsExactlyInAnyOrderElementsOf(options));
  }

  @Test
  void everyCommandIsInTheTableOfCommands() {
    String page = text("docs/cli.md");
    assertThat(commands().keySet())
        .allSatisfy(
            command ->
                assertThat(page)
                    .as(command)
                    .containsPattern("`(?:[a-z]+ )?" + command.replaceFirst(".* ", "") + "[ `]"));
  }

  /** The options of each command that does something, by its name, such as {@code wallet new}. */
  private static Map<String, Set<String>> commands() {
    Map<String, Set<String>> commands = new TreeMap<>();
    collect(X402Command.commandLine(Terminal.system()), "", commands);
    return commands;
  }

  private static void collect(CommandLine command, String prefix, Map<String, Set<String>> into) {
    command
        .getSubcommands()
        .forEach(
            (name, each) -> {
              if (each.getSubcommands().isEmpty()) {
                into.put(prefix + name, options(each));
              }
              collect(each, prefix + name + " ", into);
            });
  }

  private static Set<String> options(CommandLine command) {
    return command.getCommandSpec().options().stream()
        .flatMap(option -> Stream.of(option.names()))
        .filter(name -> !OF_EVERY_COMMAND.contains(name))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The same from the tables whose header begins with "option". */
  private static Map<String, Set<String>> documented() {
    Map<String, Set<String>> documented = new TreeMap<>();
    for (String page : List.of("docs/cli.md", "docs/quickstart.md")) {
      String header = "";
      for (String line : text(page).lines().toList()) {
        if (!line.startsWith("|")) {
          header = "";
        } else if (header.isEmpty()) {
          header = line;
        } else if (header.startsWith("| option ") && !line.startsWith("|---")) {
          String[] cells = line.split(" \\| ", -1);
          String of = header.startsWith("| option of") ? header.split(" \\| ", -1)[0] : cells[1];
          codes(of)
              .forEach(
                  command ->
                      documented
                          .computeIfAbsent(command, any -> new TreeSet<>())
                          .addAll(
                              codes(cells[0]).map(code -> code.replaceFirst(" .*", "")).toList()));
        }
      }
    }
    return documented;
  }

  private static Stream<String> codes(String cell) {
    return Pattern.compile("`([^`]+)`").matcher(cell).results().map(code -> code.group(1));
  }

  private static String text(String page) {
    Path clone = Files.isDirectory(Path.of("docs")) ? Path.of("") : Path.of("..");
    try {
      return Files.readString(clone.resolve(page));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
