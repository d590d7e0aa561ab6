// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code x402} and its subcommands. See docs/cli.md. */
@Command(
    name = "x402",
    version = "x402j 0.1.0-SNAPSHOT",
    description = {
      "Buys and sells over HTTP 402.",
      "x402 COMMAND --help lists the options of a command."
    },
    synopsisSubcommandLabel = "[COMMAND]",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExit status:%n",
    footer = {
      "  0  done",
      "  1  failed: an error of the server, the chain or a file",
      "  2  an option, a key or a setting is wrong or missing",
      "  3  the payment is not allowed; nothing was signed",
      "  4  a payment was sent and its outcome is not known; x402 resend finishes it",
      "  5  with --fail: the server answered with a status of 400 or above",
      "  6  a receipt, a signed offer, a settlement or a journal was not verified"
    })
public final class X402Command implements Runnable {
  /** Set by picocli. */
  @Spec private CommandSpec spec = CommandSpec.create();

  private X402Command() {}

  /**
   * Runs a command. Ends the JVM if its exit status is not 0.
   *
   * @param args the command and its options
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
    CommandLine x402 = new CommandLine(new X402Command());
    x402.addSubcommand(new ServeCommand(terminal))
        .addSubcommand(new FacilitatorCommand(terminal))
        .addSubcommand(new PayCommand(terminal))
        .addSubcommand(new ResendCommand(terminal))
        .addSubcommand(new InspectCommand(terminal))
        .addSubcommand(new FindCommand(terminal))
        .addSubcommand(new WalletCommand(terminal))
        .addSubcommand(new SpendCommand(terminal))
        .addSubcommand(new ProxyCommand(terminal))
        .addSubcommand(new JournalCommand(terminal))
        .addSubcommand(new SalesCommand(terminal))
        .addSubcommand(new ReceiptCommand(terminal));
    x402.setExpandAtFiles(false); // @FILE is a value of --data here
    OptionTypes.registerWith(x402);
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
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
