// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.web3j.crypto.RawTransaction;

/** A client of a chain's endpoint, as code under test would be one. */
final class Rpc {

  static final BigInteger GWEI = BigInteger.TEN.pow(9);
  static final BigInteger ETHER = BigInteger.TEN.pow(18);

  private final URI url;
  private final Operator.Node node;
  private final HttpClient http = HttpClient.newHttpClient();

  Rpc(TestChain chain) {
    this.url = chain.rpcUrl();
    this.node = new RemoteChain.HttpNode(url);
  }

  JsonNode call(String method, Object... params) {
    return node.call(method, params);
  }

  long quantity(String method, Object... params) {
    return Operator.quantity(call(method, params)).longValueExact();
  }

  /** Calls a contract, on the latest block. */
  String ethCall(String to, String data) {
    return call("eth_call", Map.of("to", to, "data", data), "latest").asText();
  }

  String send(String raw) {
    return call("eth_sendRawTransaction", raw).asText();
  }

  HttpResponse<String> post(String body) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(url)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  JsonNode postJson(String body) throws IOException, InterruptedException {
    return new ObjectMapper().readTree(post(body).body());
  }

  /** Signs a transfer of one wei. */
  static String payment(TestChain chain, TestWallet from, long nonce, BigInteger gasPrice) {
    return from.signTransaction(
        RawTransaction.createEtherTransaction(
            BigInteger.valueOf(nonce),
            gasPrice,
            BigInteger.valueOf(21_000),
            "0x00000000000000000000000000000000000000aa",
            BigInteger.ONE),
        chain.chainId());
  }

  static String payment(TestChain chain, TestWallet from, long nonce) {
    return payment(chain, from, nonce, GWEI.multiply(BigInteger.valueOf(3)));
  }
}
