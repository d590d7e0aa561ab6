// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.IntFunction;

/** What is sold by several servers on one chain, and those who buy it. */
final class Market implements AutoCloseable {
  static final long PRICE = 10_000;
  static final String URL = "https://market.example/it";
  private static final Duration WINDOW = Duration.ofSeconds(60);
  private static final Duration PATIENCE =
      Duration.ofSeconds(Integer.getInteger("x402.market.patience", 25));

  final TestChain chain = TestChain.fromSystemProperty();
  final TestUsdc usdc = chain.deployUsdc();
  final Address payTo = Address.parse(TestWallet.random().address());
  private final PaymentRequirements offer =
      offer(new Network(chain.chainId()), usdc.address(), usdc.name(), usdc.version(), payTo);
  private final HttpClient http = HttpClient.newHttpClient();

  static PaymentRequirements offer(
      Network network, String token, String name, String version, Address payTo) {
    return PaymentRequirements.exact(
        new Token(network, Address.parse(token), 6, name, version),
        TokenAmount.of(PRICE),
        payTo,
        WINDOW);
  }

  /** Returns a new account that can pay for gas. */
  TestWallet gasAccount() {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    return gas;
  }

  /** Returns a new account that can pay for so many. */
  TestWallet payer(int payments) {
    TestWallet payer = TestWallet.random();
    usdc.mint(payer.address(), payments * PRICE);
    return payer;
  }

  long earned() {
    return usdc.balanceOf(payTo.text()).longValueExact();
  }

  /** One payment, as its payer sees it. */
  final class Order {
    final String payer;
    final String nonce;
    final String header;
    private final String secret;
    int served;
    int refused;
    int unanswered;
    int unavailable;

    Order(TestWallet wallet, int number) {
      payer = wallet.address();
      nonce = "0x%064x".formatted(number + 1);
      secret = "%043d".formatted(number);
      Instant now = Instant.now();
      TransferAuthorization authorization =
          TransferAuthorization.between(
              Address.parse(payer),
              payTo,
              offer.amount(),
              now.minusSeconds(600),
              now.plus(WINDOW),
              nonce);
      Token token = new Token(offer.network(), offer.asset(), 6, usdc.name(), usdc.version());
      header =
          PaymentCodec.encodePayload(
              PaymentPayload.v2(
                  offer,
                  ExactEvmPayload.sign(
                          token, authorization, EvmSigner.ofPrivateKey(wallet.privateKey()))
                      .toMap()));
    }

    /** Sends the same payment until it is served or refused, or patience ends. */
    void buy(IntFunction<URI> servers) throws InterruptedException {
      long end = System.nanoTime() + PATIENCE.toNanos();
      for (int attempt = 0; served + refused == 0 && System.nanoTime() < end; attempt++) {
        tryOnce(servers.apply(attempt));
        if (served + refused == 0) {
          Thread.sleep(200);
        }
      }
    }

    void tryOnce(URI server) throws InterruptedException {
      try {
        send(server);
      } catch (IOException e) {
        unanswered++;
      }
    }

    private void send(URI server) throws IOException, InterruptedException {
      HttpResponse<byte[]> response =
          http.send(
              HttpRequest.newBuilder(server)
                  .timeout(Duration.ofSeconds(40))
                  .header(PaymentHeader.PAYMENT_SIGNATURE, header)
                  .header(PaymentHeader.X_PAYMENT_SECRET, secret)
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      switch (response.statusCode()) {
        case 200 -> served++;
        case 503 -> unavailable++;
        default -> refused++;
      }
    }

    /** Returns whether its payer lost nothing: it was served once, or is not charged. */
    boolean isFair() {
      return served == (isCharged() ? 1 : 0);
    }

    boolean isCharged() {
      return usdc.authorizationUsed(payer, nonce);
    }

    @Override
    public String toString() {
      return "payment %s of %s: served %d, refused %d, unanswered %d, 503 %d, charged %s"
          .formatted(
              nonce.substring(60), payer, served, refused, unanswered, unavailable, isCharged());
    }
  }

  /** Returns which gas accounts have a transaction that waits for one before it. */
  List<String> gaps(List<TestWallet> gas) {
    return gas.stream()
        .filter(account -> !count(account, "latest").equals(count(account, "pending")))
        .map(account -> account.address() + ": " + count(account, "latest"))
        .toList();
  }

  private String count(TestWallet account, String block) {
    try {
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(chain.rpcUrl())
                  .header("Content-Type", "application/json")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          """
                          {"jsonrpc":"2.0","id":1,"method":"eth_getTransactionCount",\
                          "params":["%s","%s"]}"""
                              .formatted(account.address(), block)))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return response.body();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    chain.close();
  }
}
