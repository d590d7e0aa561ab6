// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Price;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.AgentWallet.Builder;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.client.wallet.WalletStatus;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes, shows, limits and revokes the wallets of agents, and approves their payments. */
@Command(
    name = "wallet",
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes, shows and revokes wallets of agents; approves payments.")
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
              names = "--policy",
              paramLabel = "FILE",
              description =
                  "A YAML file with more rules. Default: the wallet's own, if it has any.")
          @Nullable Path policy,
      @Mixin KeyOptions keys,
      @Option(
              names = "--import-env",
              paramLabel = "NAME",
              description = "Put the private key in this variable into the agent's keystore.")
          @Nullable String importVariable,
      @Mixin OwnerOption owner,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException, FacilitatorException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      Optional<SpendingPolicy> rules =
          policy == null ? Optional.empty() : Optional.of(SpendingPolicy.fromFile(policy));
      EvmSigner signer = signer(agent, keys, importVariable, book);
      Builder wallet =
          AgentWallet.provision(agent, signer, book)
              .limit(limit, period)
              .allowedDomains(domains)
              .by(owner.name);
      if (period != BillingPeriod.EVER) {
        wallet.renewEachPeriod();
      }
      if (expiresIn != null) {
        wallet.expiresAt(Instant.now().plus(expiresIn));
      }
      rules.ifPresent(wallet::policy);
      new WalletTable(terminal.out(), null).print(wallet.create().status(), json);
    }
    return ExitCode.OK;
  }

  /** Returns the signer of a new wallet: with a key of its own, unless its owner names one. */
  private EvmSigner signer(
      String agent, KeyOptions keys, @Nullable String importVariable, SpendJournal book)
      throws IOException {
    AgentWallet.requireName(agent); // becomes the name of a file
    if (keys.keyVariable != null && importVariable != null) {
      throw new IllegalArgumentException("--import-env: expected it or --key-env, found both");
    }
    boolean hasKeystore = Files.exists(keys.keystore(agent));
    if (importVariable != null || (keys.keyVariable == null && !hasKeystore)) {
      Optional<WalletStatus> known = book.wallet(agent, Instant.now());
      if (known.isPresent() && importVariable == null) {
        throw new IllegalArgumentException(
            "--key-env: needed, as the wallet of " + agent + " is for " + known.get().address());
      }
      return keys.create(terminal, agent, importVariable);
    }
    return keys.signer(terminal, agent);
  }

  @Command(
      name = "show",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Shows the wallets: limit, spent, left. Needs no key.")
  int show(
      @Parameters(arity = "0..1", paramLabel = "AGENT", description = "The wallet of one agent.")
          @Nullable String agent,
      @Mixin JournalOption journal,
      @Option(
              names = "--rpc-url",
              paramLabel = "URL",
              description = "Show balances, too, on the chain of this node.")
          @Nullable URI node,
      @Option(
              names = "--token",
              paramLabel = "ADDRESS",
              description = "A token to show the balances in, besides the chain's USDC.")
          @Nullable Address token,
      @Option(names = "--json", description = "Print a JSON array.") boolean json)
      throws IOException, FacilitatorException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      List<WalletStatus> wallets =
          book.wallets(Instant.now()).stream()
              .filter(wallet -> agent == null || wallet.agent().equals(agent))
              .toList();
      if (agent != null && wallets.isEmpty()) {
        throw new IllegalArgumentException("wallet " + agent + ": there is none in the journal");
      }
      Balances balances = node == null ? null : Balances.at(node, token);
      new WalletTable(terminal.out(), balances).print(wallets, json);
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
      @Mixin OwnerOption owner,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException, FacilitatorException {
    return change(
        journal, agent, json, book -> book.revoke(agent, reason, owner.name, Instant.now()));
  }

  @Command(
      name = "reinstate",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = {
        "Lets a revoked wallet pay again, within its terms. Needs no key.",
        "With --host it lets the wallet pay a host again that was stopped."
      })
  int reinstate(
      @Parameters(paramLabel = "AGENT", description = "The agent's id.") String agent,
      @Mixin JournalOption journal,
      @Option(
              names = "--host",
              paramLabel = "HOST",
              description = "A host that was stopped as it took payments without delivering.")
          @Nullable String host,
      @Option(
              names = "--reason",
              paramLabel = "TEXT",
              defaultValue = "reinstated by its owner",
              description = "The reason, for the journal.")
          String reason,
      @Mixin OwnerOption owner,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException, FacilitatorException {
    return change(
        journal,
        agent,
        json,
        book -> {
          if (host == null) {
            book.reinstate(agent, reason, owner.name, Instant.now());
          } else {
            book.reinstateHost(agent, host, reason, owner.name, Instant.now());
          }
        });
  }

  @Command(
      name = "policy",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Shows the policy of a wallet, or replaces it. Needs no key.")
  int policy(
      @Parameters(paramLabel = "AGENT", description = "The agent's id.") String agent,
      @Parameters(arity = "0..1", paramLabel = "FILE", description = "The new policy, in YAML.")
          @Nullable Path file,
      @Mixin JournalOption journal,
      @Mixin OwnerOption owner,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException, FacilitatorException {
    if (file != null) {
      SpendingPolicy policy = SpendingPolicy.fromFile(file);
      return change(
          journal, agent, json, book -> book.setPolicy(agent, policy, owner.name, Instant.now()));
    }
    return change(journal, agent, json, book -> {});
  }

  @Command(
      name = "approvals",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Lists the payments that wait for approval. Needs no key.")
  int approvals(
      @Mixin JournalOption journal,
      @Option(names = "--json", description = "Print a JSON array.") boolean json)
      throws IOException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      new ApprovalTable(terminal.out()).print(book.approvals(Instant.now()), json);
    }
    return ExitCode.OK;
  }

  @Command(
      name = "approve",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Approves a payment: the agent's next try goes through, once.")
  int approve(
      @Parameters(paramLabel = "ID", description = "The approval's name.") String id,
      @Mixin JournalOption journal,
      @Mixin OwnerOption owner,
      @Option(names = "--json", description = "Print a JSON array.") boolean json)
      throws IOException {
    return decide(journal, json, book -> book.approve(id, owner.name, Instant.now()));
  }

  @Command(
      name = "deny",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Denies a payment that waits for approval.")
  int deny(
      @Parameters(paramLabel = "ID", description = "The approval's name.") String id,
      @Mixin JournalOption journal,
      @Mixin OwnerOption owner,
      @Option(names = "--json", description = "Print a JSON array.") boolean json)
      throws IOException {
    return decide(journal, json, book -> book.deny(id, owner.name, Instant.now()));
  }

  private int decide(JournalOption journal, boolean json, Change change) throws IOException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      change.in(book);
      new ApprovalTable(terminal.out()).print(book.approvals(Instant.now()), json);
    }
    return ExitCode.OK;
  }

  /** Who decides, for the journal. */
  static final class OwnerOption {
    @Option(
        names = "--by",
        paramLabel = "NAME",
        defaultValue = "${sys:user.name}",
        description = "Who decides, for the journal. Default: your user name.")
    String name = "";
  }

  /** Changes what a wallet may do. */
  private interface Change {
    void in(SpendJournal book) throws IOException;
  }

  private int change(JournalOption journal, String agent, boolean json, Change change)
      throws IOException, FacilitatorException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      change.in(book);
      new WalletTable(terminal.out(), null)
          .print(book.wallet(agent, Instant.now()).orElseThrow(), json);
    }
    return ExitCode.OK;
  }
}
