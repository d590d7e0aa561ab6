// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Usdc;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Gets a URL twice out of one wallet, and prints what came of the second request. */
final class InteropSignInClient implements InteropProgram {
  @Override
  public int run(Terminal terminal, String... args) throws Exception {
    AgentWallet wallet =
        AgentWallet.provision("reader", terminal.signer("INTEROP_KEY"), SpendJournal.inMemory())
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .create();
    HttpClient client =
        PayingHttpClient.over(HttpClient.newHttpClient())
            .wallet(wallet)
            .token(Usdc.BASE_SEPOLIA)
            .build();
    HttpRequest request = HttpRequest.newBuilder(URI.create(args[0])).build();
    HttpResponse<String> first = client.send(request, HttpResponse.BodyHandlers.ofString());
    HttpResponse<String> second = client.send(request, HttpResponse.BodyHandlers.ofString());
    ObjectNode said = JsonNodeFactory.instance.objectNode();
    said.put("first", first.statusCode()).put("firstPaid", Payment.of(first).isPresent());
    said.put("status", second.statusCode()).put("secondPaid", Payment.of(second).isPresent());
    said.put("body", second.body());
    terminal.out().println(said);
    return ExitCode.OK;
  }
}
