// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

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
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
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
  /** The longest body that is kept in memory. */
  private static final int MAX_BODY = 16 * 1024 * 1024;

  private final Terminal terminal;

  @Mixin final RequestOptions what = new RequestOptions();
  @Mixin final TokenOptions tokens = new TokenOptions();

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
      names = "--key-env",
      paramLabel = "NAME",
      defaultValue = "X402_KEY",
      description =
          "The environment variable with the payer's private key. Default: ${DEFAULT-VALUE}.")
  String keyVariable = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the body to this file.")
  @Nullable Path output;

  @Option(
      names = {"-s", "--silent"},
      description = "Print the body alone, and no progress.")
  boolean silent;

  @Option(
      names = {"-f", "--fail"},
      description = "Exit with 5 if the status is 400 or above.")
  boolean fail;

  @Option(names = "--json", description = "Print status, settlement and body as one JSON object.")
  boolean json;

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
    if (limit == null && (who == null || header)) {
      throw new IllegalArgumentException("--max: needed, such as --max '$0.05'");
    }
    if (checkOnChain && tokens.rpcUrl == null) {
      throw new IllegalArgumentException("--rpc-url: needed with --check-on-chain");
    }
    EvmSigner payer = terminal.signer(keyVariable);
    HttpRequest request = what.request();
    List<Token> known = tokens.known();
    if (header) {
      print(SignedHeader.make(request, payer, requireNonNull(limit), known));
      return ExitCode.OK;
    }
    Builder client = PayingHttpClient.over(HttpClient.newHttpClient());
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
    HttpResponse<InputStream> response = send(client.build(), request);
    byte[] body = body(response);
    Optional<OnChainCheck> check = check(response);
    print(response, body, check);
    if (check.isPresent() && check.get().exitCode() != ExitCode.OK) {
      if (silent) {
        terminal.err().println("x402: on chain: " + check.get().text());
      }
      return check.get().exitCode();
    }
    return fail && response.statusCode() >= 400 ? ExitCode.ERROR_STATUS : ExitCode.OK;
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
    if (silent) {
      return client.send(request, body);
    }
    try (Progress waiting = Progress.waitingFor(terminal, "an answer of " + what.url.getHost())) {
      return client.send(request, body);
    }
  }

  /** Returns the body; nothing if it goes to a file, where it can be of any length. */
  private byte[] body(HttpResponse<InputStream> response) throws IOException {
    try (InputStream body = response.body()) {
      Path file = output;
      if (file != null) {
        Files.copy(body, file, StandardCopyOption.REPLACE_EXISTING);
        return new byte[0];
      }
      byte[] bytes = body.readNBytes(MAX_BODY + 1);
      if (bytes.length > MAX_BODY) {
        throw new IOException("the body is longer than 16 MiB; --output takes any length");
      }
      return bytes;
    } catch (IOException e) {
      throw Payment.of(response)
          .map(payment -> new IOException(e.getMessage() + "; " + paid(payment), e))
          .orElse(e);
    }
  }

  private void print(String headerLine) {
    if (json) {
      String[] nameAndValue = headerLine.split(": ", 2);
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      object.putObject("header").put("name", nameAndValue[0]).put("value", nameAndValue[1]);
      terminal.out().println(object);
    } else {
      terminal.out().println(headerLine);
    }
  }

  private void print(HttpResponse<?> response, byte[] body, Optional<OnChainCheck> check)
      throws IOException {
    PrintStream out = terminal.out();
    if (json) {
      out.write((json(response, body, check) + "\n").getBytes(UTF_8));
      return;
    }
    if (!silent) {
      out.println("status     " + response.statusCode());
      Payment.of(response).ifPresent(payment -> out.println(paid(payment)));
      check.ifPresent(seen -> out.println("on chain   " + seen.text()));
    }
    if (output == null) {
      out.write(body);
      out.println();
    }
    out.flush();
  }

  private static String paid(Payment payment) {
    return (payment.settled() ? "paid       " : "signed     ")
        + payment.amount()
        + " atomic units to "
        + payment.payTo()
        + (payment.settled() ? ", settled in " : ", not settled ")
        + Display.harmless(payment.transaction().orElse(""));
  }

  private String json(HttpResponse<?> response, byte[] body, Optional<OnChainCheck> check) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("status", response.statusCode());
    Payment.of(response)
        .ifPresent(
            payment ->
                json.putObject("settlement")
                    .put("success", payment.settled())
                    .put("transaction", payment.transaction().orElse(""))
                    .put("network", payment.network().caip2())
                    .put("amount", payment.amount().toString())
                    .put("payer", payment.payer().text())
                    .put("payTo", payment.payTo().text()));
    check.ifPresent(seen -> json.set("onChain", seen.json()));
    if (output != null) {
      return json.put("output", output.toString()).toString();
    }
    String text = new String(body, UTF_8);
    return text.indexOf('\uFFFD') < 0
        ? json.put("body", text).toString()
        : json.put("bodyBase64", Base64.getEncoder().encodeToString(body)).toString();
  }
}
