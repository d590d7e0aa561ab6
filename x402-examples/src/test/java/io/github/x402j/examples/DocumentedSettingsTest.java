// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.servlet.RequiresPayment;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

/** What can be set, asked for or answered is on its page, and nothing else is. */
class DocumentedSettingsTest {
  private static final Set<String> OF_EVERY_COMMAND = Set.of("-h", "--help", "-V", "--version");

  @ParameterizedTest
  @CsvSource({
    "docs/configuration.md, io.github.x402j.servlet.PaymentFilterBuilder",
    "docs/configuration.md, io.github.x402j.servlet.Route",
    "docs/configuration.md, io.github.x402j.servlet.PathRules",
    "docs/configuration.md, io.github.x402j.evm.EvmFacilitator$Builder",
    "docs/configuration.md, io.github.x402j.facilitator.HttpFacilitator$Builder",
    "docs/configuration.md, io.github.x402j.evm.EvmLocalChecks$Builder",
    "docs/configuration.md, io.github.x402j.gate.FacilitatorService$Builder",
    "docs/configuration.md, io.github.x402j.jdbc.JdbcPaymentLedger$Builder",
    "docs/paying-client.md, io.github.x402j.client.PayingHttpClientBuilder",
    "docs/paying-client.md, io.github.x402j.client.AgentWalletBuilder",
    "docs/paying-client.md, io.github.x402j.client.SpendingPolicy",
    "docs/receipts.md, io.github.x402j.receipt.ReceiptIssuer$Builder",
    "docs/receipts.md, io.github.x402j.receipt.TrustedIssuer$Builder"
  })
  void everySettingIsOnItsPage(String page, Class<?> type) {
    Set<String> settings =
        Arrays.stream(type.getMethods())
            .filter(method -> method.getDeclaringClass() == type)
            .filter(method -> method.getReturnType() == type)
            .map(Method::getName)
            .filter(name -> !name.equals("strict") && !name.equals("of"))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(settings).isNotEmpty();
    assertThat(settings)
        .allSatisfy(name -> assertThat(Pages.text(page)).containsPattern("[`.]" + name + "[`(]"));
  }

  @Test
  void everyMemberOfTheAnnotationIsOnItsPage() {
    assertThat(RequiresPayment.class.getDeclaredMethods())
        .allSatisfy(
            member ->
                assertThat(Pages.text("docs/configuration.md"))
                    .contains("| `" + member.getName() + "` |"));
  }

  @ParameterizedTest
  @EnumSource(ErrorReason.class)
  void everyCodeIsOnThePageOfErrors(ErrorReason reason) {
    assertThat(Pages.text("docs/errors.md")).contains("`" + reason.wireCode() + "`");
  }

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
    String page = Pages.text("docs/cli.md");
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
    collect(Main.commandLine(Terminal.system()), "", commands);
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
      for (String line : Pages.text(page).lines().toList()) {
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
}
