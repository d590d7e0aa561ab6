// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentHeader;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** An agent buys {@code /premium}: from the 402 to the balances, on a chain in this JVM. */
final class Demo {
  private static final Price PRICE = Price.parse("$0.01");

  private Demo() {}

  /**
   * Buys once and prints each step.
   *
   * @throws IllegalStateException if the balances did not move by exactly the price
   */
  static void run(PrintStream out) throws Exception {
    try (LocalChain chain = LocalChain.start()) {
      TestUsdc usdc = chain.deployUsdc();
      TestWallet payer = TestWallet.random();
      TestWallet seller = TestWallet.random();
      TestWallet gas = TestWallet.random();
      usdc.mint(payer.address(), 1_000_000);
      chain.fund(gas.address(), BigInteger.TEN.pow(18));
      out.println("chain      eip155:" + chain.chainId() + " in this JVM, token " + usdc.address());

      Token token = token(chain, usdc);
      EvmFacilitator facilitator =
          EvmFacilitator.builder(
                  token.network(),
                  Web3jChain.at(chain.rpcUrl()),
                  EvmSigner.ofPrivateKey(gas.privateKey()))
              .build();
      try (ExampleServer server = ExampleServer.start(token, seller.address(), facilitator)) {
        out.println("server     " + server.url());
        buy(out, server.url() + "/premium", usdc, token, payer, seller);
      }
    }
  }

  /** Returns the test token as the library knows tokens. */
  static Token token(LocalChain chain, TestUsdc usdc) {
    return new Token(
        new Network(chain.chainId()),
        Address.parse(usdc.address()),
        usdc.decimals(),
        usdc.name(),
        usdc.version());
  }

  private static void buy(
      PrintStream out, String url, TestUsdc usdc, Token token, TestWallet payer, TestWallet seller)
      throws Exception {
    BigInteger payerBefore = usdc.balanceOf(payer.address());
    BigInteger sellerBefore = usdc.balanceOf(seller.address());
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();

    HttpResponse<String> unpaid =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    out.println("\nGET " + url + "\n-> " + unpaid.statusCode());
    out.println(PaymentHeader.PAYMENT_REQUIRED + ": " + decoded(unpaid));

    HttpClient agent =
        PayingHttpClient.over(HttpClient.newHttpClient())
            .signer(EvmSigner.ofPrivateKey(payer.privateKey()))
            .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
            .token(token)
            .build();
    HttpResponse<String> paid = agent.send(request, HttpResponse.BodyHandlers.ofString());
    out.println("\nGET " + url + " with a payment\n-> " + paid.statusCode());
    out.println(paid.body().strip());
    Payment payment = Payment.of(paid).orElseThrow();
    out.println("settled in " + payment.transaction().orElse("no transaction"));

    BigInteger payerAfter = usdc.balanceOf(payer.address());
    BigInteger sellerAfter = usdc.balanceOf(seller.address());
    out.println("\natomic units    before     after");
    out.printf("payer       %10d%10d%n", payerBefore, payerAfter);
    out.printf("seller      %10d%10d%n", sellerBefore, sellerAfter);
    BigInteger price = PRICE.in(token).atomicUnits();
    if (paid.statusCode() != 200
        || !payerBefore.subtract(payerAfter).equals(price)
        || !sellerAfter.subtract(sellerBefore).equals(price)) {
      throw new IllegalStateException("the balances did not move by exactly " + price);
    }
    out.println("the balances moved by exactly " + PRICE);
  }

  private static String decoded(HttpResponse<?> response) {
    String header = response.headers().firstValue(PaymentHeader.PAYMENT_REQUIRED).orElseThrow();
    return new String(Base64.getDecoder().decode(header), StandardCharsets.UTF_8);
  }
}
