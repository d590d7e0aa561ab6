// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Address;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PayingHttpClientBuilder;
import io.github.x402j.client.Payment;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Pays for a URL and prints what it bought. */
final class Pay {
  static final Set<String> OPTIONS =
      Set.of(
          "--rpc-url",
          "--token",
          "--key-env",
          "--max",
          "--method",
          "--data",
          "--json!",
          "--header!");

  private Pay() {}

  static void run(Options options, PrintStream out) throws Exception {
    EvmSigner payer = EvmSigner.fromEnvironment(options.get("--key-env").orElse("X402_KEY"));
    Price limit = Price.parse(options.require("--max", "as nothing is paid without a limit"));
    List<Token> tokens = new ArrayList<>(Usdc.all());
    if (options.has("--token")) {
      tokens.add(0, token(options));
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(options.operand(0)))
            .method(
                options.get("--method").orElse(options.has("--data") ? "POST" : "GET"),
                options
                    .get("--data")
                    .map(HttpRequest.BodyPublishers::ofString)
                    .orElse(HttpRequest.BodyPublishers.noBody()))
            .build();
    if (options.has("--header")) {
      out.println(SignedHeader.make(request, payer, limit, tokens));
      return;
    }
    PayingHttpClientBuilder client =
        PayingHttpClient.over(HttpClient.newHttpClient()).signer(payer).maxPerPayment(limit);
    tokens.forEach(client::token);
    print(options, client.build().send(request, HttpResponse.BodyHandlers.ofString()), out);
  }

  private static Token token(Options options) throws Exception {
    String rpcUrl = options.require("--rpc-url", "with --token, to read its name and version");
    return OnChainToken.read(
        Web3jChain.at(URI.create(rpcUrl)), Address.parse(options.require("--token", "here")));
  }

  private static void print(Options options, HttpResponse<String> response, PrintStream out) {
    if (options.has("--json")) {
      out.println(json(response));
      return;
    }
    out.println("status     " + response.statusCode());
    Payment.of(response)
        .ifPresent(
            payment ->
                out.println(
                    "paid       "
                        + payment.amount()
                        + " atomic units to "
                        + payment.payTo()
                        + (payment.settled() ? ", settled in " : ", not settled ")
                        + payment.transaction().orElse("")));
    out.println(response.body());
  }

  private static String json(HttpResponse<String> response) {
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
    return json.put("body", response.body()).toString();
  }
}
