// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.network;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Address;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.OptionalLong;

/**
 * A payment network for tests and examples: takes the descriptor of a 402 and a wallet, executes
 * the transfer on a test chain, and hands out the receipt that the seller asks for. Its public keys
 * are served as a JWK set on 127.0.0.1. Safe for use by several threads.
 *
 * <pre>{@code
 * try (LocalPaymentNetwork network = LocalPaymentNetwork.start(usdc)) {
 *   ReceiptVerifier verifier = ReceiptVerifier.of(network.trustedBy("https://shop.example"));
 *   String receipt = network.pay(descriptor, "GET", wallet);
 * }
 * }</pre>
 */
public final class LocalPaymentNetwork implements AutoCloseable {
  /** How long its receipts are good. */
  public static final Duration LIFETIME = Duration.ofMinutes(5);

  private static final String KEYS_PATH = "/.well-known/jwks.json";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final TestUsdc token;
  private final TestWallet operator = TestWallet.random();
  private final HttpServer server;
  private final ReceiptIssuer issuer;

  private LocalPaymentNetwork(TestUsdc token, HttpServer server, ReceiptIssuer issuer) {
    this.token = token;
    this.server = server;
    this.issuer = issuer;
  }

  /** Returns a network that pays in this token, with a new key. */
  public static LocalPaymentNetwork start(TestUsdc token) {
    HttpServer server;
    try {
      InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      server = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String name = "http://127.0.0.1:" + server.getAddress().getPort();
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(name, name).key(SigningKey.generated(ReceiptAlgorithm.ES256)).build();
    byte[] keys = issuer.jwks().getBytes(UTF_8);
    server.createContext(
        KEYS_PATH,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "application/jwk-set+json");
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    server.start();
    return new LocalPaymentNetwork(token, server, issuer);
  }

  /** Returns what stands in {@code iss} of its receipts. */
  public String issuer() {
    return issuer.issuer();
  }

  /** Returns where its public keys are. */
  public URI jwksUrl() {
    return URI.create(issuer.issuer() + KEYS_PATH);
  }

  /** Returns the trust of a seller in this network: its receipts are good once. */
  public TrustedIssuer trustedBy(String audience) {
    return TrustedIssuer.builder(issuer(), audience, ReceiptAlgorithm.ES256)
        .jwksUrl(jwksUrl())
        .build();
  }

  /**
   * Pays what the first way to pay in its token asks for, and returns the receipt: a compact JWT
   * for the seller's origin, the resource and the method. The transaction is mined by then.
   *
   * @param method the method of the request that the receipt is for, such as {@code GET}
   * @throws IllegalArgumentException if no way to pay is in its token
   * @throws IllegalStateException if the transfer fails, for want of funds, say
   */
  public String pay(PaymentRequired required, String method, TestWallet payer) {
    PaymentRequirements option = inItsToken(required);
    String transaction = transfer(option, payer);
    byte[] id = new byte[16];
    RANDOM.nextBytes(id);
    Instant now = Instant.now();
    String resource = required.resource().url();
    return issuer.sign(
        new Receipt(
            issuer(),
            originOf(resource),
            Address.parse(payer.address()),
            HexFormat.of().formatHex(id),
            now,
            now.plus(LIFETIME),
            transaction,
            option.network(),
            option.asset(),
            option.amount(),
            option.payTo(),
            resource,
            method,
            false,
            OptionalLong.empty()));
  }

  private PaymentRequirements inItsToken(PaymentRequired required) {
    Address contract = Address.parse(token.address());
    return required.accepts().stream()
        .filter(option -> option.asset().equals(contract))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "accepts: expected a way to pay in " + token + ", found none"));
  }

  private String transfer(PaymentRequirements option, TestWallet payer) {
    byte[] nonceBytes = new byte[32];
    RANDOM.nextBytes(nonceBytes);
    String nonce = "0x" + HexFormat.of().formatHex(nonceBytes);
    BigInteger value = new BigInteger(option.amount().toString());
    BigInteger until = BigInteger.valueOf(Instant.now().getEpochSecond() + 3600);
    String payTo = option.payTo().text();
    String signature = token.signTransfer(payer, payTo, value, BigInteger.ZERO, until, nonce);
    return token.transferWithAuthorization(
        operator, payer.address(), payTo, value, BigInteger.ZERO, until, nonce, signature);
  }

  private static String originOf(String resource) {
    URI url = URI.create(resource);
    return url.getScheme() + "://" + url.getRawAuthority();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
