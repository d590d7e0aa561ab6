// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.micrometer;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.AccessDecision;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** A webapp on Jetty that sells for a cent, a chain, and a payer. */
final class Shop implements AutoCloseable {
  private static final BigInteger GAS_FUNDS = BigInteger.TEN.pow(18);

  final LocalChain chain = LocalChain.start();
  final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100);
  final Network network = new Network(chain.chainId());
  private final TestUsdc usdc = chain.deployUsdc();
  private final Token token =
      new Token(
          network, Address.parse(usdc.address()), usdc.decimals(), usdc.name(), usdc.version());
  private final TestWallet gas = TestWallet.random();
  private final TestWallet payer = TestWallet.random();
  private final HttpClient http = HttpClient.newHttpClient();
  private final Server server = new Server();
  private final URI url;

  /** Kept, as a gauge does not keep what it shows. */
  private final EvmFacilitator facilitator;

  Shop(PaymentMetrics metrics) throws Exception {
    chain.fund(gas.address(), GAS_FUNDS);
    usdc.mint(payer.address(), BigInteger.valueOf(1_000_000));
    facilitator =
        EvmFacilitator.builder(
                network, Web3jChain.at(chain.rpcUrl()), EvmSigner.ofPrivateKey(gas.privateKey()))
            .settleTimeout(Duration.ofSeconds(2))
            .listener(metrics.chain(network))
            .build();
    metrics.watch(network, facilitator).watch(ledger);
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.open();
    server.addConnector(connector);
    url = URI.create("http://127.0.0.1:" + connector.getLocalPort());
    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl(url.toString())
            .accept(token, TestWallet.random().address())
            .facilitator(facilitator)
            .ledger(ledger)
            .listener(metrics)
            .access(
                request ->
                    request.header("X-Api-Key").isPresent()
                        ? AccessDecision.grant("api-key")
                        : AccessDecision.charge())
            .routes(
                Route.get("/item/{id}").price("$0.01"),
                Route.get("/stream").price("$0.01").settleFirst())
            .build();
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder("items", new Items()), "/*");
    webapp.addServletContainerInitializer(
        (classes, context) -> PaymentFilter.register(context, filter));
    server.setHandler(webapp);
    server.start();
  }

  /** The stream fails. */
  private static final class Items extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      if (request.getPathInfo().equals("/stream")) {
        response.sendError(500);
      } else {
        response.getWriter().print("an item");
      }
    }
  }

  int get(String path, String... headers) throws Exception {
    return ask(path, headers).statusCode();
  }

  int pay(String path) throws Exception {
    return get(path, PaymentHeader.PAYMENT_SIGNATURE, payment(path));
  }

  /** Returns a payment for what the path asks for. */
  String payment(String path) throws Exception {
    String required = ask(path).headers().firstValue(PaymentHeader.PAYMENT_REQUIRED).orElseThrow();
    PaymentRequirements offer = PaymentCodec.decodeRequired(required).accepts().get(0);
    byte[] nonce = new byte[32];
    new SecureRandom().nextBytes(nonce);
    Instant now = Instant.now();
    TransferAuthorization authorization =
        TransferAuthorization.between(
            Address.parse(payer.address()),
            offer.payTo(),
            offer.amount(),
            now.minusSeconds(60),
            now.plusSeconds(50),
            "0x" + HexFormat.of().formatHex(nonce));
    EvmSigner signer = EvmSigner.ofPrivateKey(payer.privateKey());
    return PaymentCodec.encodePayload(
        PaymentPayload.v2(offer, ExactEvmPayload.sign(token, authorization, signer).toMap()));
  }

  private HttpResponse<String> ask(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(url.resolve(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  String payer() {
    return payer.address();
  }

  BigInteger gasSpent() {
    return GAS_FUNDS.subtract(chain.etherBalance(gas.address()));
  }

  @Override
  public void close() throws Exception {
    server.stop();
    chain.close();
  }
}
