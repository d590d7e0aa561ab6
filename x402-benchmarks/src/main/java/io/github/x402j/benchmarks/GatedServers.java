// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;

/**
 * A server with the filter, and servers without it: one gives what is free, one a body as long as
 * that of a 402, one all bytes of a 402, and one all bytes of the answer to a request with a pass.
 *
 * @param pass the header of a request that brings a pass for {@code /pass}
 */
record GatedServers(
    LocalChain chain,
    ConstantServer gated,
    ConstantServer plain,
    ConstantServer constantBody,
    ConstantServer constant402,
    ConstantServer constantPass,
    String pass)
    implements AutoCloseable {
  /** The length of what is sold. */
  static final int BODY = 100;

  /**
   * Starts them, prints {@code READY}, their addresses and the pass, and runs until the input ends.
   */
  public static void main(String[] arguments) throws Exception {
    try (GatedServers servers = start()) {
      System.out.printf(
          "READY %s %s %s %s %s %s%n",
          servers.gated.url(),
          servers.plain.url(),
          servers.constantBody.url(),
          servers.constant402.url(),
          servers.constantPass.url(),
          servers.pass);
      while (System.in.read() >= 0) {
        // runs on
      }
    }
  }

  /** Starts a chain and the servers. */
  static GatedServers start() throws Exception {
    LocalChain chain = LocalChain.start();
    TestUsdc usdc = chain.deployUsdc();
    Token token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(SampleReceipt.ORIGIN, SampleReceipt.ORIGIN)
            .key(SigningKey.generated(ReceiptAlgorithm.ES256))
            .build();
    Receipt receipt = SampleReceipt.of(token, true);
    ConstantServer gated =
        ConstantServer.start(filter(chain, token, receipt.payTo().text(), issuer), BODY);
    String pass = "X-Payment-Receipt: " + issuer.sign(receipt);
    ConstantServer.Answer asked;
    ConstantServer.Answer opened;
    try (ConstantServer.Connection connection = gated.connect()) {
      asked = connection.answer("/paid");
      opened = connection.answer("/pass", pass);
    }
    return new GatedServers(
        chain,
        gated,
        ConstantServer.start(null, BODY),
        ConstantServer.start(null, asked.body().length),
        ConstantServer.repeating(asked),
        ConstantServer.repeating(opened),
        pass);
  }

  private static PaymentFilter filter(
      LocalChain chain, Token token, String payTo, ReceiptIssuer issuer) {
    EvmSigner gas = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
    chain.fund(gas.address().text(), BigInteger.TEN.pow(18));
    return PaymentFilter.builder()
        .publicUrl(SampleReceipt.ORIGIN)
        .accept(token, payTo)
        .receipts(issuer)
        .facilitator(
            EvmFacilitator.builder(token.network(), Web3jChain.at(chain.rpcUrl()), gas).build())
        .routes(
            Route.get("/paid").price("$0.01"),
            Route.get("/report/{id}").price("$0.01"),
            Route.get("/pass").price("$0.01").pass(Duration.ofHours(1)),
            Route.get("/free").free())
        .build();
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable each :
        new AutoCloseable[] {gated, plain, constantBody, constant402, constantPass, chain}) {
      each.close();
    }
  }
}
