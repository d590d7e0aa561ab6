// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.InMemorySalesBook;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.ws.rs.core.Application;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** A chain, and webapps with the real filter that sell on it. */
final class Shop implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final BigInteger ETHER = BigInteger.TEN.pow(18);

  private final HttpClient http = HttpClient.newBuilder().build();
  private final LocalChain chain = LocalChain.start();
  private final TestUsdc usdc = chain.deployUsdc();
  private final Token token =
      new Token(
          new Network(chain.chainId()),
          Address.parse(usdc.address()),
          usdc.decimals(),
          usdc.name(),
          usdc.version());
  private final TestWallet seller = TestWallet.random();
  private final InMemorySalesBook sales = InMemorySalesBook.create();
  private final List<Webapp> webapps = new ArrayList<>();

  /** Returns a builder with all that is needed but the prices. */
  PaymentFilter.Builder filter() {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), ETHER);
    return PaymentFilter.builder()
        .publicUrl("https://shop.example")
        .accept(token, seller.address())
        .salesBook(sales)
        .facilitator(
            EvmFacilitator.builder(
                    token.network(),
                    Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(2)),
                    EvmSigner.ofPrivateKey(gas.privateKey()))
                .settleTimeout(Duration.ofSeconds(5))
                .build());
  }

  /** Starts a webapp with the filter and an application at {@code /*}. */
  Webapp start(Stack stack, Application application) throws Exception {
    PaymentFilter filter = filter().build();
    return startSite(
        stack,
        context -> {
          JaxRs.HERE.add(context, application);
          PaymentFilter.register(context, filter);
        });
  }

  /** Starts a webapp. */
  Webapp startSite(Stack stack, Consumer<ServletContext> site) throws Exception {
    ServletContainerInitializer initializer = (classes, context) -> site.accept(context);
    Webapp webapp = new Webapp(stack.start(initializer));
    webapps.add(webapp);
    return webapp;
  }

  /** Returns the names under which something was sold. */
  Set<String> sold() {
    Set<String> names = new TreeSet<>();
    sales.forEach(SalesBook.Filter.all(), sale -> names.add(sale.route()));
    return names;
  }

  long earned() {
    return usdc.balanceOf(seller.address()).longValueExact();
  }

  @Override
  public void close() throws Exception {
    for (Webapp webapp : webapps) {
      webapp.running.stop().stop();
    }
    chain.close();
  }

  /** A response, and all of it as text. */
  record Answer(HttpResponse<String> response) {
    int status() {
      return response.statusCode();
    }

    String body() {
      return response.body();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }

    String all() {
      return response.headers().map() + "\n" + response.body();
    }

    PaymentRequired required() {
      try {
        return PaymentCodec.decodeRequired(header(PaymentHeader.PAYMENT_REQUIRED));
      } catch (MalformedPaymentException e) {
        throw new AssertionError(e);
      }
    }
  }

  final class Webapp {
    private final Stack.Running running;

    private Webapp(Stack.Running running) {
      this.running = running;
    }

    Answer get(String path, String... headers) throws Exception {
      return send("GET", path, null, headers);
    }

    /**
     * Sends a request.
     *
     * @param body null for none
     * @param headers names and values
     */
    Answer send(String method, String path, String body, String... headers) throws Exception {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + running.port() + path))
              .timeout(Duration.ofSeconds(20))
              .method(
                  method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
      if (headers.length > 0) {
        request.headers(headers);
      }
      return new Answer(http.send(request.build(), BodyHandlers.ofString()));
    }

    /** Asks, signs what is asked for with a new wallet, and asks again with the payment. */
    Answer pay(String method, String path, String body, String... headers) throws Exception {
      Answer unpaid = send(method, path, body, headers);
      if (unpaid.status() != 402) {
        throw new AssertionError("no payment is asked for: " + unpaid.response() + unpaid.all());
      }
      List<String> all = new ArrayList<>(List.of(headers));
      all.addAll(List.of(PaymentHeader.PAYMENT_SIGNATURE, payment(unpaid)));
      return send(method, path, body, all.toArray(String[]::new));
    }

    Answer pay(String path, String... headers) throws Exception {
      return pay("GET", path, null, headers);
    }
  }

  /** Returns a payment for what is asked for, from a new wallet. */
  String payment(Answer unpaid) throws IOException {
    TestWallet payer = TestWallet.random();
    usdc.mint(payer.address(), 1_000_000);
    PaymentRequirements option = unpaid.required().accepts().get(0);
    byte[] nonce = new byte[32];
    RANDOM.nextBytes(nonce);
    Instant now = Instant.now();
    ExactEvmPayload signed =
        ExactEvmPayload.sign(
            token,
            TransferAuthorization.between(
                Address.parse(payer.address()),
                option.payTo(),
                option.amount(),
                now.minusSeconds(60),
                now.plus(option.maxTimeout()),
                "0x" + HexFormat.of().formatHex(nonce)),
            EvmSigner.ofPrivateKey(payer.privateKey()));
    return PaymentCodec.encodePayload(PaymentPayload.v2(option, signed.toMap()));
  }
}
