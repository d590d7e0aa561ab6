// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PayingHttpClient.Builder;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pays for a URL and prints the answer. */
@Command(
    name = "pay",
    description = "Requests a URL, pays for it within a limit, and prints the answer.")
final class PayCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin final RequestOptions what = new RequestOptions();
  @Mixin final TokenOptions tokens = new TokenOptions();
  @Mixin final AnswerOptions answer = new AnswerOptions();
  @Mixin final KeyOptions keys = new KeyOptions();
  @Mixin final PendingOption pending = new PendingOption();

  @Option(
      names = "--max",
      paramLabel = "PRICE",
      description = "The most to pay, such as '$0.05'. Needed without --agent.")
  @Nullable Price max;

  @Option(
      names = "--agent",
      paramLabel = "AGENT",
      description = "Pay from this agent's wallet in the journal, within its limits.")
  @Nullable String agent;

  @Option(
      names = "--journal",
      paramLabel = "FILE",
      defaultValue = "${env:X402_JOURNAL}",
      description = "The file with the wallets, for --agent. Default: $$X402_JOURNAL.")
  @Nullable Path journal;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "What it is for; the journal names it with the payment. Default: none.")
  @Nullable String task;

  @Option(
      names = "--check-on-chain",
      description =
          "Check on the chain of --rpc-url that the payment was made. Exits with 6 if the server"
              + " says something false, with 4 if the chain does not show the payment.")
  boolean checkOnChain;

  @Option(
      names = {"--header", "--print-header"},
      description = "Print the header that pays, for another tool, and do not send it.")
  boolean header;

  PayCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    Price limit = max;
    String who = agent;
    if (limit == null && who == null) {
      throw new IllegalArgumentException("--max: needed, such as --max '$0.05'");
    }
    if (checkOnChain && tokens.rpcUrl == null) {
      throw new IllegalArgumentException("--rpc-url: needed with --check-on-chain");
    }
    EvmSigner payer = keys.signer(terminal, who);
    HttpRequest request = what.request();
    List<Token> known = tokens.known();
    Builder client = pending.client();
    known.forEach(client::token);
    if (limit != null) {
      client.policy(SpendingPolicy.empty().maxPerPayment(limit));
    }
    if (who == null) {
      return buy(client.signer(payer), request);
    }
    Path file = journal;
    if (file == null) {
      throw new IllegalArgumentException("--journal: needed with --agent");
    }
    try (SpendJournal book = SpendJournal.file(file)) {
      return buy(client.wallet(AgentWallet.open(who, payer, book)), request);
    }
  }

  private int buy(Builder client, HttpRequest request) throws IOException, InterruptedException {
    PayingHttpClient paying = task == null ? client.build() : client.build().forTask(task);
    if (header) {
      return sign(paying, request);
    }
    HttpResponse<InputStream> response = send(paying, request);
    byte[] body = answer.body(response);
    Optional<OnChainCheck> check = check(response);
    answer.print(terminal.out(), response, body, check);
    if (check.isPresent() && check.get().exitCode() != ExitCode.OK) {
      if (answer.silent) {
        terminal.err().println("x402: on chain: " + check.get().text());
      }
      return check.get().exitCode();
    }
    return answer.exitCode(response);
  }

  /** Compares what the server says of the payment with the chain, with {@code --check-on-chain}. */
  private Optional<OnChainCheck> check(HttpResponse<?> response) throws InterruptedException {
    Optional<Payment> payment = Payment.of(response);
    URI node = tokens.rpcUrl;
    if (!checkOnChain || node == null || payment.isEmpty()) {
      return Optional.empty();
    }
    try (Progress waiting = Progress.waitingFor(terminal, "the transaction on the chain")) {
      return Optional.of(OnChainCheck.of(payment.get(), Web3jChain.at(node)));
    }
  }

  private HttpResponse<InputStream> send(HttpClient client, HttpRequest request)
      throws IOException, InterruptedException {
    BodyHandler<InputStream> body = TimedBody.within(what.maxTime());
    if (answer.silent) {
      return client.send(request, body);
    }
    try (Progress waiting = Progress.waitingFor(terminal, "an answer of " + what.url.getHost())) {
      return client.send(request, body);
    }
  }

  /** Prints the header that pays; the payment goes through all that a sent one goes through. */
  private int sign(PayingHttpClient client, HttpRequest request)
      throws IOException, InterruptedException {
    HttpResponse<Void> asked = client.sign(request);
    Payment payment =
        Payment.of(asked)
            .orElseThrow(
                () -> new IllegalArgumentException("no payment asked: " + asked.statusCode()));
    if (answer.json) {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      object
          .putObject("header")
          .put("name", payment.headerName())
          .put("value", payment.secretHeaderValue());
      terminal.out().println(object);
    } else {
      terminal.out().println(payment.headerName() + ": " + payment.secretHeaderValue());
    }
    return ExitCode.OK;
  }
}
