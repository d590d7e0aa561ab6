// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.SpendJournal;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a proxy that pays for programs in any language. */
@Command(
    name = "proxy",
    description = {
      "Runs an HTTP proxy on 127.0.0.1 that pays within the wallets of agents.",
      "Ask for http://127.0.0.1:8403/https/api.example.com/path in place of"
          + " https://api.example.com/path."
    })
final class ProxyCommand implements Callable<Integer> {
  private static final int TOKEN_BYTES = 24;

  private final Terminal terminal;

  @Option(
      names = "--agent",
      paramLabel = "AGENT",
      required = true,
      split = ",",
      description = "The agents whose wallets pay.")
  List<String> agents = List.of();

  @Option(
      names = "--proxy-token-env",
      paramLabel = "NAME",
      split = ",",
      description =
          "The environment variables with the tokens of the agents, in their order. Default: new"
              + " tokens, which are printed.")
  List<String> tokenVariables = List.of();

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8403",
      description = "Port on 127.0.0.1, 0 for a free one. Default: ${DEFAULT-VALUE}.")
  int port;

  @Option(
      names = {"-m", "--max-time"},
      paramLabel = "SECONDS",
      defaultValue = "120",
      description =
          "How long a request can take until the headers of its answer are there, paying and"
              + " resending included. Default: ${DEFAULT-VALUE}.")
  int seconds;

  @Option(
      names = "--json",
      description = "Print JSON, one object a line. The last is {\"ready\":URL}.")
  boolean json;

  @Mixin final JournalOption journal = new JournalOption();
  @Mixin final KeyOptions keys = new KeyOptions();
  @Mixin final TokenOptions tokens = new TokenOptions();
  @Mixin final PendingOption pending = new PendingOption();

  ProxyCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    if (!tokenVariables.isEmpty() && tokenVariables.size() != agents.size()) {
      throw new IllegalArgumentException(
          "--proxy-token-env: expected one for each agent, found " + tokenVariables.size());
    }
    List<Token> known = tokens.known();
    try (SpendJournal book = journal.open()) {
      List<ProxyAgents.Agent> all = new ArrayList<>();
      for (int i = 0; i < agents.size(); i++) {
        all.add(agent(agents.get(i), tokenOf(i), book, known));
      }
      PayingProxy proxy =
          PayingProxy.start(port, new ProxyAgents(all), Duration.ofSeconds(seconds));
      if (tokenVariables.isEmpty()) {
        all.forEach(this::print);
      }
      Foreground.untilStopped(terminal, proxy.url(), json, proxy::join, proxy);
    }
    return ExitCode.OK;
  }

  private ProxyAgents.Agent agent(String name, String token, SpendJournal book, List<Token> known)
      throws IOException {
    AgentWallet wallet = AgentWallet.open(name, keys.signer(terminal, name), book);
    PayingHttpClient.Builder client = pending.client().wallet(wallet);
    known.forEach(client::token);
    return new ProxyAgents.Agent(name, token, client.build());
  }

  private String tokenOf(int agent) {
    if (tokenVariables.isEmpty()) {
      byte[] token = new byte[TOKEN_BYTES];
      new SecureRandom().nextBytes(token);
      return HexFormat.of().formatHex(token);
    }
    String variable = tokenVariables.get(agent);
    @Nullable String token = terminal.environment().apply(variable);
    if (token == null) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": expected a token, found nothing");
    }
    return token;
  }

  private void print(ProxyAgents.Agent agent) {
    terminal
        .out()
        .println(
            json
                ? JsonNodeFactory.instance
                    .objectNode()
                    .put("agent", agent.name())
                    .put("token", agent.token())
                : "token of " + agent.name() + "  " + agent.token());
  }
}
