// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command {@code x402}: without a subcommand one purchase from the 402 to the balances. See
 * docs/cli.md.
 */
@Command(
    name = "x402",
    version = "x402j 0.1.0-SNAPSHOT",
    description = {
      "Sells and buys over HTTP 402.",
      "Without a command it shows one purchase on a chain in the JVM."
    },
    synopsisSubcommandLabel = "[COMMAND]",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExit status:%n",
    footer = {
      "  0  done",
      "  1  failed: the server, the chain or a file did not play along",
      "  2  an option, a key or a setting is wrong or missing",
      "  3  a payment was asked for that is not allowed; nothing was signed",
      "  4  a payment was sent and its outcome is not known; do not pay again",
      "  5  with --fail: the server answered with a status of 400 or above",
      "  6  a receipt, a signed offer, or what a server says of a settlement does not hold"
    })
public final class Main implements Callable<Integer> {
  private final Terminal terminal;

  private Main(Terminal terminal) {
    this.terminal = terminal;
  }

  /**
   * Runs a command. Ends the JVM if its exit status is not 0.
   *
   * @param args the command and its options, nothing for one purchase
   */
  public static void main(String[] args) {
    int status = run(Terminal.system(), args);
    if (status != ExitCode.OK) {
      System.exit(status);
    }
  }

  static int run(Terminal terminal, String... args) {
    return commandLine(terminal).execute(args);
  }

  /** The command with all of its subcommands and options. */
  static CommandLine commandLine(Terminal terminal) {
    CommandLine x402 = new CommandLine(new Main(terminal));
    x402.addSubcommand(new Serve(terminal))
        .addSubcommand(new RunFacilitator(terminal))
        .addSubcommand(new Pay(terminal))
        .addSubcommand(new Inspect(terminal))
        .addSubcommand(new Mcp(terminal))
        .addSubcommand(new Wallet(terminal))
        .addSubcommand(new Spend(terminal))
        .addSubcommand(new ReceiptCommand(terminal));
    x402.setExpandAtFiles(false); // @FILE is a value of --data here
    Values.registerWith(x402);
    forAll(x402, terminal);
    return x402;
  }

  private static void forAll(CommandLine command, Terminal terminal) {
    Errors errors = new Errors(terminal);
    command.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    command.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    command.setParameterExceptionHandler(errors).setExecutionExceptionHandler(errors);
    command.getCommandSpec().mixinStandardHelpOptions(true);
    command.getSubcommands().values().forEach(each -> forAll(each, terminal));
  }

  @Override
  public Integer call() throws Exception {
    return demo();
  }

  @Command(name = "demo", description = "Shows one purchase, from the 402 to the balances.")
  int demo() throws Exception {
    Demo.run(terminal.out());
    return ExitCode.OK;
  }

  @Command(name = "measure", description = "Measures what the library costs, as ratios.")
  int measure() throws Exception {
    Measure.run(terminal.out());
    return ExitCode.OK;
  }
}
