// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Price;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.AgentWallet.Builder;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.WalletStatus;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes, shows, revokes and reinstates the wallets of agents. */
@Command(
    name = "wallet",
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes, shows, revokes and reinstates the wallets of agents.")
final class WalletCommand {
  /** What the command waits for: another process can have it open. */
  private static final String JOURNAL = "the journal";

  private final Terminal terminal;

  WalletCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      name = "new",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Gives an agent a wallet with a limit.")
  int make(
      @Parameters(paramLabel = "AGENT", description = "The agent's id.") String agent,
      @Mixin JournalOption journal,
      @Option(
              names = "--limit",
              paramLabel = "PRICE",
              required = true,
              description = "The most to spend, such as '$20'.")
          Price limit,
      @Option(
              names = "--per",
              paramLabel = "PERIOD",
              defaultValue = "EVER",
              description =
                  "The period after which the limit begins anew: ${COMPLETION-CANDIDATES}. Default:"
                      + " ${DEFAULT-VALUE}.")
          BillingPeriod period,
      @Option(
              names = "--domains",
              paramLabel = "HOST",
              split = ",",
              required = true,
              description = "The hosts that it can pay: api.example.com, *.example.com.")
          String[] domains,
      @Option(
              names = "--expires-in",
              paramLabel = "DURATION",
              description = "When it expires, such as P30D or PT1H. Default: never.")
          @Nullable Duration expiresIn,
      @Option(
              names = "--key-env",
              paramLabel = "NAME",
              defaultValue = "X402_KEY",
              description = "The variable with its private key. Default: ${DEFAULT-VALUE}.")
          String keyVariable,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException {
    EvmSigner signer = terminal.signer(keyVariable);
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      Builder wallet =
          AgentWallet.provision(agent, signer, book).limit(limit, period).allowedDomains(domains);
      if (period != BillingPeriod.EVER) {
        wallet.renewEachPeriod();
      }
      if (expiresIn != null) {
        wallet.expiresAt(Instant.now().plus(expiresIn));
      }
      print(wallet.create().status(), json);
    }
    return ExitCode.OK;
  }

  @Command(
      name = "show",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Shows the wallets: limit, spent, left. Needs no key.")
  int show(
      @Parameters(arity = "0..1", paramLabel = "AGENT", description = "The wallet of one agent.")
          @Nullable String agent,
      @Mixin JournalOption journal,
      @Option(names = "--json", description = "Print a JSON array.") boolean json)
      throws IOException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      List<WalletStatus> wallets =
          book.wallets(Instant.now()).stream()
              .filter(wallet -> agent == null || wallet.agent().equals(agent))
              .toList();
      if (agent != null && wallets.isEmpty()) {
        throw new IllegalArgumentException("wallet " + agent + ": there is none in the journal");
      }
      if (json) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        wallets.forEach(wallet -> all.add(json(wallet)));
        terminal.out().println(all);
      } else {
        print(wallets);
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "revoke",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Revokes a wallet at once, until it is reinstated. Needs no key.")
  int revoke(
      @Parameters(paramLabel = "AGENT", description = "The agent's id.") String agent,
      @Mixin JournalOption journal,
      @Option(
              names = "--reason",
              paramLabel = "TEXT",
              defaultValue = "revoked by its owner",
              description = "The reason, for the journal.")
          String reason,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      book.revoke(agent, reason, Instant.now());
      print(book.wallet(agent, Instant.now()).orElseThrow(), json);
    }
    return ExitCode.OK;
  }

  @Command(
      name = "reinstate",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Lets a revoked wallet pay again, within its terms. Needs no key.")
  int reinstate(
      @Parameters(paramLabel = "AGENT", description = "The agent's id.") String agent,
      @Mixin JournalOption journal,
      @Option(
              names = "--reason",
              paramLabel = "TEXT",
              defaultValue = "reinstated by its owner",
              description = "The reason, for the journal.")
          String reason,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      book.reinstate(agent, reason, Instant.now());
      print(book.wallet(agent, Instant.now()).orElseThrow(), json);
    }
    return ExitCode.OK;
  }

  private void print(WalletStatus wallet, boolean json) {
    if (json) {
      terminal.out().println(json(wallet));
    } else {
      print(List.of(wallet));
    }
  }

  private void print(List<WalletStatus> wallets) {
    PrintStream out = terminal.out();
    out.printf(
        "%-20s %-42s %10s %10s %10s  %s%n", "agent", "address", "limit", "spent", "left", "state");
    for (WalletStatus wallet : wallets) {
      out.printf(
          "%-20s %-42s %10s %10s %10s  %s%n",
          Display.harmless(wallet.agent()),
          wallet.address(),
          wallet.limit().map(Object::toString).orElse("none"),
          wallet.spent(),
          wallet.remaining().map(Object::toString).orElse("any"),
          wallet
              .revokedFor()
              .map(why -> "revoked: " + Display.harmless(why))
              .orElse("pays, per " + wallet.period()));
    }
  }

  private static ObjectNode json(WalletStatus wallet) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("agent", wallet.agent())
            .put("address", wallet.address().text())
            .put("limit", wallet.limit().map(Object::toString).orElse(null))
            .put("period", wallet.period().name())
            .put("spent", wallet.spent().toString())
            .put("reserved", wallet.reserved().toString())
            .put("remaining", wallet.remaining().map(Object::toString).orElse(null))
            .put("expires", wallet.expires().map(Object::toString).orElse(null))
            .put("revoked", wallet.revoked())
            .put("revokedFor", wallet.revokedFor().orElse(null));
    wallet.domains().forEach(json.withArray("domains")::add);
    return json;
  }
}
