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
import io.github.x402j.extension.SignInMessage;
import io.github.x402j.mpp.EvmCharge;
import io.github.x402j.mpp.PaymentChallenge;
import io.github.x402j.mpp.PaymentCredential;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

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

  /** Returns the header line that pays the first challenge of the {@code Payment} scheme. */
  String authorization(RawHttp.Response unpaid) {
    PaymentChallenge challenge =
        PaymentChallenge.parse(unpaid.headers(PaymentHeader.WWW_AUTHENTICATE)).get(0);
    Map<String, Object> signed = sign(option(challenge), challenge.nonce().text()).toMap();
    Map<String, Object> payload = new LinkedHashMap<>();
    ((Map<?, ?>) signed.get("authorization"))
        .forEach((name, value) -> payload.put((String) name, value));
    payload.put("type", "authorization");
    payload.put("signature", signed.get("signature"));
    return "Authorization: " + new PaymentCredential(challenge, payload, null).header();
  }

  /** Returns the header line of x402 with the authorization in a line of {@link #authorization}. */
  static String sameInX402(RawHttp.Response unpaid, String authorization) {
    try {
      Map<String, Object> members =
          new LinkedHashMap<>(
              PaymentCredential.decode(authorization.substring("Authorization: Payment ".length()))
                  .payload());
      Object signature = members.remove("signature");
      members.remove("type");
      PaymentPayload payload =
          PaymentPayload.v2(
              required(unpaid).accepts().get(0),
              Map.of("authorization", members, "signature", signature));
      return PaymentHeader.PAYMENT_SIGNATURE + ": " + PaymentCodec.encodePayload(payload);
    } catch (MalformedPaymentException e) {
      throw new AssertionError(e);
    }
  }

  private PaymentRequirements option(PaymentChallenge challenge) {
    try {
      EvmCharge charge = EvmCharge.parse(challenge.request());
      return PaymentRequirements.exact(
          market.token, charge.amount(), charge.recipient(), Duration.ofSeconds(60));
    } catch (MalformedPaymentException e) {
      throw new AssertionError(e);
    }
  }

  ExactEvmPayload sign(PaymentRequirements option) {
    byte[] nonce = new byte[32];
    RANDOM.nextBytes(nonce);
    return sign(option, "0x" + HexFormat.of().formatHex(nonce));
  }

  private ExactEvmPayload sign(PaymentRequirements option, String nonce) {
    Instant now = Instant.now();
    return ExactEvmPayload.sign(
        market.token,
        TransferAuthorization.between(
            Address.parse(address()),
            option.payTo(),
            option.amount(),
            now.minusSeconds(60),
            now.plus(option.maxTimeout()),
            nonce),
        EvmSigner.ofPrivateKey(wallet.privateKey()));
  }

  /** Returns the header line that signs in as a 402 asks for. */
  @SuppressWarnings("unchecked")
  String signIn(RawHttp.Response unpaid) {
    Map<String, Object> entry =
        (Map<String, Object>) required(unpaid).extensions().get("sign-in-with-x");
    try {
      SignInMessage message =
          SignInMessage.asked(
              (Map<String, Object>) entry.get("info"),
              Address.parse(address()),
              market.token.network());
      return "SIGN-IN-WITH-X: " + message.toHeader(wallet.signDigest(message.digest()));
    } catch (MalformedPaymentException e) {
      throw new AssertionError(e);
    }
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
