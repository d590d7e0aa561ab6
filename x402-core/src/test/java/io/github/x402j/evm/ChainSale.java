// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.web3j.utils.Numeric;

/** Something sold for a cent on a real chain, with real tokens, payers and gas. */
final class ChainSale {
  static final long PRICE = 10_000;
  static final Duration WINDOW = Duration.ofSeconds(60);
  static final BigInteger ETHER = BigInteger.TEN.pow(18);

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final TestChain chain;
  private final Clock clock;
  private final TestUsdc usdc;
  private final Token token;
  private final TestWallet gas = TestWallet.random();
  private final TestWallet seller = TestWallet.random();
  private final PaymentRequirements offer;

  /** The hashes that settlements told before they broadcast. */
  private final List<String> recorded = new CopyOnWriteArrayList<>();

  private ChainSale(TestChain chain, Clock clock) {
    this.chain = chain;
    this.clock = clock;
    usdc = chain.deployUsdc();
    token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    offer = PaymentRequirements.exact(token, TokenAmount.of(PRICE), address(seller), WINDOW);
    chain.fund(gas.address(), ETHER);
  }

  static ChainSale on(TestChain chain) {
    return new ChainSale(chain, Clock.systemUTC());
  }

  static ChainSale on(TestChain chain, Clock clock) {
    return new ChainSale(chain, clock);
  }

  TestUsdc usdc() {
    return usdc;
  }

  Token token() {
    return token;
  }

  TestWallet gas() {
    return gas;
  }

  PaymentRequirements offer() {
    return offer;
  }

  List<String> recorded() {
    return recorded;
  }

  /** The hash that the only settlement recorded. */
  String onlyHash() {
    assertThat(recorded).hasSize(1);
    return recorded.get(0);
  }

  // ---- the seller

  EvmFacilitator.Builder facilitator() {
    return facilitator(Web3jChain.at(chain.rpcUrl()));
  }

  EvmFacilitator.Builder facilitator(Chain port) {
    return facilitator(port, gas);
  }

  EvmFacilitator.Builder facilitator(Chain port, TestWallet gasKey) {
    return EvmFacilitator.builder(token.network(), port, signer(gasKey)).clock(clock);
  }

  Settlement settle(EvmFacilitator facilitator, SignedPayment payment) throws Exception {
    return facilitator.settle(payment, recorded::add);
  }

  long received() {
    return usdc.balanceOf(seller.address()).longValueExact();
  }

  // ---- payers

  TestWallet payer(long balance) {
    TestWallet payer = TestWallet.random();
    usdc.mint(payer.address(), balance);
    return payer;
  }

  /** Returns a payment of the price by the wallet, checked. */
  SignedPayment pay(EvmFacilitator facilitator, TestWallet payer) throws Exception {
    return checked(facilitator, signed(authorization(address(payer)), payer));
  }

  TransferAuthorization authorization(Address payer) {
    byte[] nonce = new byte[32];
    RANDOM.nextBytes(nonce);
    Instant now = clock.instant();
    return TransferAuthorization.between(
        payer,
        address(seller),
        offer.amount(),
        now.minusSeconds(60),
        now.plus(WINDOW),
        Numeric.toHexString(nonce));
  }

  ExactEvmPayload signed(TransferAuthorization authorization, TestWallet key) {
    return ExactEvmPayload.sign(token, authorization, signer(key));
  }

  Verification check(EvmFacilitator facilitator, ExactEvmPayload payload) throws Exception {
    return facilitator.check(PaymentPayload.v2(offer, payload.toMap()), offer);
  }

  SignedPayment checked(EvmFacilitator facilitator, ExactEvmPayload payload) throws Exception {
    Verification verification = check(facilitator, payload);
    assertThat(verification).isInstanceOf(Verification.Valid.class);
    return ((Verification.Valid) verification).payment();
  }

  /** Sends the payer's authorization as a stranger does, and returns the transaction. */
  String sendBy(TestWallet stranger, SignedPayment payment) {
    return send(usdc, stranger, payment);
  }

  static String send(TestUsdc usdc, TestWallet stranger, SignedPayment payment) {
    try {
      return send(usdc, stranger, ExactEvmPayload.parse(payment.payload().payload()));
    } catch (MalformedPaymentException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static String send(TestUsdc usdc, TestWallet stranger, ExactEvmPayload exact) {
    TransferAuthorization a = exact.authorization();
    return usdc.transferWithAuthorization(
        stranger,
        a.from().text(),
        a.to().text(),
        a.value().atomicUnits(),
        a.validAfter(),
        a.validBefore(),
        a.nonce(),
        exact.signature());
  }

  // ---- the chain past the code under test

  JsonNode rpc(String method, Object... params) throws Exception {
    return rpc(chain, method, params);
  }

  static JsonNode rpc(TestChain chain, String method, Object... params) throws Exception {
    String message =
        JSON.writeValueAsString(
            Map.of("jsonrpc", "2.0", "id", 1, "method", method, "params", List.of(params)));
    HttpRequest request =
        HttpRequest.newBuilder(chain.rpcUrl())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(message))
            .build();
    HttpResponse<String> answer = answer(request);
    JsonNode json = JSON.readTree(answer.body());
    assertThat(json.has("error")).as(answer.body()).isFalse();
    return json.get("result");
  }

  /** Asks twice: a server may close a connection that this client keeps. */
  private static HttpResponse<String> answer(HttpRequest request) throws Exception {
    try {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  JsonNode transaction(String hash) throws Exception {
    return rpc("eth_getTransactionByHash", hash);
  }

  static EvmSigner signer(TestWallet wallet) {
    return EvmSigner.ofPrivateKey(wallet.privateKey());
  }

  static Address address(TestWallet wallet) {
    return Address.parse(wallet.address());
  }

  /** Returns a chain that remembers the calls it was asked to make, and passes everything on. */
  static Chain watching(Chain chain, List<Chain.Call> calls) {
    return (Chain)
        Proxy.newProxyInstance(
            Chain.class.getClassLoader(),
            new Class<?>[] {Chain.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("call")) {
                ((List<?>) arguments[0]).forEach(call -> calls.add((Chain.Call) call));
              }
              try {
                return method.invoke(chain, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  static List<Chain.Call> noCalls() {
    return new ArrayList<>();
  }
}
