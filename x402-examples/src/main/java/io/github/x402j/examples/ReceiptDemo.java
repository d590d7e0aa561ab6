// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static io.github.x402j.PaymentHeader.X_PAYMENT;
import static io.github.x402j.PaymentHeader.X_PAYMENT_RECEIPT;
import static io.github.x402j.PaymentHeader.X_PAYMENT_REQUIRED;

import io.github.x402j.PaymentCodec;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainTransfers;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import io.github.x402j.testing.network.LocalPaymentNetwork;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Purchases through a payment network, which pays and hands out a signed receipt: from the 402 to
 * the second use of the receipt, which is refused. On a chain in this JVM.
 */
final class ReceiptDemo {
  private static final Price PRICE = Price.parse("$0.01");
  private static final int CONFIRMATIONS = 3;

  private final TestWallet payer = TestWallet.random();
  private final TestWallet seller = TestWallet.random();
  private final PrintStream out;
  private final LocalChain chain;
  private final TestUsdc usdc;
  private final Token token;
  private final LocalPaymentNetwork network;
  private final List<ReceiptVerifier> verifiers = new ArrayList<>();

  private ReceiptDemo(
      PrintStream out, LocalChain chain, TestUsdc usdc, LocalPaymentNetwork network) {
    this.out = out;
    this.chain = chain;
    this.usdc = usdc;
    this.token = Demo.token(chain, usdc);
    this.network = network;
  }

  /**
   * Runs the purchases and prints their steps.
   *
   * @throws IllegalStateException if a step does not turn out as it should
   */
  static void run(PrintStream out) throws Exception {
    try (LocalChain chain = LocalChain.start()) {
      TestUsdc usdc = chain.deployUsdc();
      try (LocalPaymentNetwork network = LocalPaymentNetwork.start(usdc)) {
        new ReceiptDemo(out, chain, usdc, network).run();
      }
    }
  }

  private void run() throws Exception {
    usdc.mint(payer.address(), 1_000_000);
    BigInteger payerBefore = usdc.balanceOf(payer.address());
    BigInteger sellerBefore = usdc.balanceOf(seller.address());
    out.println("chain       " + token.network() + " in this JVM, token " + token.contract());
    out.println("network     " + network.issuer() + ", its keys at " + network.jwksUrl());
    try (ExampleServer shop = shop(network::trustedBy);
        ExampleServer careful = shop(this::trustedOnceConfirmed)) {
      headerAndReceipt(shop);
      bodyAndPayment(shop);
      confirmedOnChain(careful);
    } finally {
      verifiers.forEach(ReceiptVerifier::close);
    }

    BigInteger payerAfter = usdc.balanceOf(payer.address());
    BigInteger sellerAfter = usdc.balanceOf(seller.address());
    out.println("\natomic units    before     after");
    out.printf("payer       %10d%10d%n", payerBefore, payerAfter);
    out.printf("seller      %10d%10d%n", sellerBefore, sellerAfter);
    BigInteger due = PRICE.in(token).atomicUnits().multiply(BigInteger.valueOf(3));
    ReceiptBuyer.expect(
        payerBefore.subtract(payerAfter).equals(due)
            && sellerAfter.subtract(sellerBefore).equals(due),
        "the balances did not move by exactly " + due);
    out.println("three answers, and the balances moved by exactly three times " + PRICE);
  }

  private void headerAndReceipt(ExampleServer shop) throws Exception {
    out.println("\nA. The descriptor in a header, the receipt in a header of its own\n");
    ReceiptBuyer buyer = buyer(shop);
    String descriptor = ReceiptBuyer.header(buyer.unpaid(), X_PAYMENT_REQUIRED);
    buyer.pay(X_PAYMENT_REQUIRED, PaymentCodec.decodeRequired(descriptor));
    buyer.requireDelivery(buyer.show(X_PAYMENT_RECEIPT));
    buyer.requireUsed(buyer.show(X_PAYMENT_RECEIPT));
  }

  private void bodyAndPayment(ExampleServer shop) throws Exception {
    out.println("\nB. The descriptor in the body, the receipt as the payment\n");
    ReceiptBuyer buyer = buyer(shop);
    buyer.pay("the body", PaymentCodec.decodeRequiredBody(buyer.unpaid().body()));
    buyer.requireDelivery(buyer.show(X_PAYMENT));
    buyer.requireUsed(buyer.show(X_PAYMENT));
  }

  private void confirmedOnChain(ExampleServer shop) throws Exception {
    out.printf("%nC. As A, at a shop that also asks the chain, for %d blocks%n%n", CONFIRMATIONS);
    ReceiptBuyer buyer = buyer(shop);
    String descriptor = ReceiptBuyer.header(buyer.unpaid(), X_PAYMENT_REQUIRED);
    buyer.pay(X_PAYMENT_REQUIRED, PaymentCodec.decodeRequired(descriptor));
    HttpResponse<String> early = buyer.show(X_PAYMENT_RECEIPT);
    ReceiptBuyer.expect(early.statusCode() == 503, "a transaction in the newest block was enough");
    out.println("too early, Retry-After: " + ReceiptBuyer.header(early, "Retry-After"));
    for (int depth = 1; depth < CONFIRMATIONS; depth++) {
      chain.mine();
    }
    out.println("\n" + (CONFIRMATIONS - 1) + " blocks later");
    buyer.requireDelivery(buyer.show(X_PAYMENT_RECEIPT));
    buyer.requireUsed(buyer.show(X_PAYMENT_RECEIPT));
  }

  private ReceiptBuyer buyer(ExampleServer shop) {
    return new ReceiptBuyer(out, shop.url(), PRICE, token, network, payer);
  }

  /** Starts a shop that accepts receipts; they must name its URL. */
  private ExampleServer shop(Function<String, TrustedIssuer> trust) throws Exception {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    EvmFacilitator facilitator =
        EvmFacilitator.builder(
                token.network(),
                Web3jChain.at(chain.rpcUrl()),
                EvmSigner.ofPrivateKey(gas.privateKey()))
            .build();
    return ExampleServer.start(
        token,
        seller.address(),
        facilitator, // for those who pay without a network
        (filter, url) -> {
          ReceiptVerifier verifier = ReceiptVerifier.of(trust.apply(url));
          verifiers.add(verifier);
          filter.acceptReceipts(verifier).olderRequiredHeader();
        });
  }

  private TrustedIssuer trustedOnceConfirmed(String origin) {
    return TrustedIssuer.builder(network.issuer(), origin, ReceiptAlgorithm.ES256)
        .jwksUrl(network.jwksUrl())
        .confirmOnChain(OnChainTransfers.of(Web3jChain.at(chain.rpcUrl()), CONFIRMATIONS))
        .build();
  }
}
