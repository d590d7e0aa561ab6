// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;

/** Signs what a 402 asks for. */
final class TestPayer {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Market market;
  private final TestWallet wallet;

  TestPayer(Market market, TestWallet wallet) {
    this.market = market;
    this.wallet = wallet;
  }

  String address() {
    return wallet.address();
  }

  long balance() {
    return market.balance(wallet);
  }

  /** Spends everything elsewhere. */
  void goBroke() {
    market.usdc.burn(address(), BigInteger.valueOf(balance()));
  }

  /** Returns the header line, version 2, that pays for what GET of the target asks for. */
  String header(int port, String target) throws IOException {
    return header(RawHttp.get(port, target));
  }

  String header(RawHttp.Response unpaid) {
    return PaymentHeader.PAYMENT_SIGNATURE + ": " + PaymentCodec.encodePayload(payload(unpaid));
  }

  PaymentPayload payload(RawHttp.Response unpaid) {
    PaymentRequirements option = required(unpaid).accepts().get(0);
    return PaymentPayload.v2(option, sign(option).toMap()).answering(required(unpaid));
  }

  /** Returns the same in version 1. */
  String headerV1(RawHttp.Response unpaid) {
    PaymentRequirements option = required(unpaid).accepts().get(0);
    return PaymentHeader.X_PAYMENT
        + ": "
        + PaymentCodec.encodePayload(
            PaymentPayload.v1(option.scheme(), option.network(), sign(option).toMap()));
  }

  ExactEvmPayload sign(PaymentRequirements option) {
    byte[] nonce = new byte[32];
    RANDOM.nextBytes(nonce);
    Instant now = Instant.now();
    return ExactEvmPayload.sign(
        market.token,
        TransferAuthorization.between(
            Address.parse(address()),
            option.payTo(),
            option.amount(),
            now.minusSeconds(60),
            now.plus(option.maxTimeout()),
            "0x" + HexFormat.of().formatHex(nonce)),
        EvmSigner.ofPrivateKey(wallet.privateKey()));
  }

  /** Returns the descriptor of a 402. */
  static PaymentRequired required(RawHttp.Response unpaid) {
    String header = unpaid.header(PaymentHeader.PAYMENT_REQUIRED);
    if (header == null) {
      throw new AssertionError("no payment is asked for: " + unpaid.all());
    }
    try {
      return PaymentCodec.decodeRequired(header);
    } catch (MalformedPaymentException e) {
      throw new AssertionError(e);
    }
  }
}
