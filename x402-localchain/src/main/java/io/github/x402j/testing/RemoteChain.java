// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A development node elsewhere that knows {@code anvil_setBalance} and {@code anvil_setCode}. */
final class RemoteChain implements TestChain {

  private static final BigInteger OPERATOR_WEI = BigInteger.TEN.pow(24);

  private final URI url;
  private final Operator operator;

  private RemoteChain(URI url, Operator operator) {
    this.url = url;
    this.operator = operator;
  }

  static RemoteChain connect(URI url) {
    Operator.Node node = new HttpNode(url);
    long chainId = Operator.quantity(node.call("eth_chainId")).longValueExact();
    RemoteChain chain = new RemoteChain(url, new Operator(node, chainId, TestWallet.random()));
    chain.fund(chain.operator.wallet().address(), OPERATOR_WEI);
    PlacedContracts.CODES.forEach(chain::placeCode);
    return chain;
  }

  @Override
  public URI rpcUrl() {
    return url;
  }

  @Override
  public long chainId() {
    return operator.chainId();
  }

  @Override
  public synchronized void fund(String address, BigInteger wei) {
    BigInteger balance = etherBalance(address).add(wei);
    operator.node().call("anvil_setBalance", address, RpcJson.quantity(balance));
  }

  @Override
  public BigInteger etherBalance(String address) {
    return operator.balance(address);
  }

  @Override
  public TestUsdc deployUsdc(String name, String version, int decimals) {
    return TestUsdc.deploy(operator, name, version, decimals);
  }

  @Override
  public TestToken deployToken(String name, String symbol, int decimals) {
    return TestToken.deploy(operator, name, symbol, decimals, false);
  }

  @Override
  public TestToken deployPermitToken(String name, String symbol, int decimals) {
    return TestToken.deploy(operator, name, symbol, decimals, true);
  }

  @Override
  public TestUsdc placeUsdc(String address, String name, String version) {
    TestUsdc deployed = deployUsdc(name, version);
    operator.node().call("anvil_setCode", address, deployed.code());
    return deployed.at(address);
  }

  @Override
  public void placeCode(String address, String code) {
    operator.node().call("anvil_setCode", address, code);
  }

  @Override
  public String deployContractWallet(String ownerAddress, WalletBehaviour behaviour) {
    return operator.deployContractWallet(ownerAddress, behaviour);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return "RemoteChain[" + chainId() + "]";
  }

  /** A node behind a URL. */
  static final class HttpNode implements Operator.Node {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI url;
    private final HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    HttpNode(URI url) {
      this.url = url;
    }

    @Override
    public JsonNode call(String method, Object... params) {
      JsonNode answer =
          post(Map.of("jsonrpc", "2.0", "id", 1, "method", method, "params", List.of(params)));
      JsonNode error = answer.get("error");
      if (error != null && !error.isNull()) {
        JsonNode data = error.get("data");
        throw new RpcError(
            error.path("code").asInt(),
            error.path("message").asText(),
            data == null || data.isNull() ? null : data.asText());
      }
      return answer.path("result");
    }

    @Override
    public JsonNode mine(String signedTransaction) {
      String hash = call("eth_sendRawTransaction", signedTransaction).asText();
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (System.nanoTime() < deadline) {
        JsonNode receipt = call("eth_getTransactionReceipt", hash);
        if (!receipt.isNull() && !receipt.isMissingNode()) {
          return receipt;
        }
        pause();
      }
      throw new IllegalStateException("transaction " + hash + " was not mined in " + TIMEOUT);
    }

    private JsonNode post(Map<String, Object> message) {
      try {
        HttpRequest request =
            HttpRequest.newBuilder(url)
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(message)))
                .build();
        return JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
      } catch (IOException e) {
        throw new UncheckedIOException("the node of " + RPC_PROPERTY + " does not answer", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for the node", e);
      }
    }

    private static void pause() {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for a receipt", e);
      }
    }
  }
}
