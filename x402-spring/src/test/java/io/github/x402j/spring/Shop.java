// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** A Boot application that sells for test money, and a client that can pay. */
final class Shop implements AutoCloseable {
  /** The names of both Boots. */
  static final String WITHOUT_SECURITY =
      String.join(
          ",",
          "org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration",
          "org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration",
          "org.springframework.boot.autoconfigure.security.servlet.SecurityFilterAutoConfiguration",
          "org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration",
          "org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration",
          "org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration",
          "org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration",
          "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
          "org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration");

  static final String WITHOUT_DATABASE =
      "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration,"
          + "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration";

  /** Both containers are on the class path, and each has a WebSocket API of its own. */
  static final String WITHOUT_WEB_SOCKET =
      "org.springframework.boot.autoconfigure.websocket.servlet.WebSocketServletAutoConfiguration";

  private static final SecureRandom RANDOM = new SecureRandom();

  private final ConfigurableApplicationContext context;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Shop(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /** Starts an application without a database. */
  static Shop start(Container container, Map<String, String> properties, Class<?>... sources) {
    Map<String, Object> all = new TreeMap<>(properties);
    all.merge(
        "spring.autoconfigure.exclude",
        WITHOUT_DATABASE + "," + WITHOUT_WEB_SOCKET,
        (own, general) -> own + "," + general);
    all.putIfAbsent("x402.dev", "true");
    all.put("server.port", "0");
    SpringApplication application = new SpringApplication(sources);
    application.setDefaultProperties(all);
    application.setBannerMode(Banner.Mode.OFF);
    application.setLogStartupInfo(false);
    application.setRegisterShutdownHook(false);
    Class<?> factory = container.factory().orElseThrow();
    application.addInitializers(
        started -> ((GenericApplicationContext) started).registerBean(factory));
    return new Shop(application.run());
  }

  ConfigurableApplicationContext context() {
    return context;
  }

  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  URI url(String path) {
    return URI.create(
        "http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path);
  }

  /** Returns a GET of a path, to be added to. */
  HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(url(path)).timeout(Duration.ofSeconds(30));
    return headers.length == 0 ? request : request.headers(headers);
  }

  Reply send(HttpRequest.Builder request) {
    try {
      return new Reply(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  Reply get(String path, String... headers) {
    return send(request(path, headers));
  }

  /** Sends a request without a payment, and with the one that the 402 asks for. */
  Reply pay(HttpRequest.Builder request) {
    Reply unpaid = send(request);
    if (unpaid.status() != 402) {
      throw new AssertionError("no payment is asked for: " + unpaid);
    }
    return send(request.header(PaymentHeader.PAYMENT_SIGNATURE, payment(unpaid)));
  }

  Reply pay(String path, String... headers) {
    return pay(request(path, headers));
  }

  String payment(Reply unpaid) {
    PaymentRequirements option = unpaid.required().accepts().get(0);
    byte[] nonce = new byte[32];
    RANDOM.nextBytes(nonce);
    Instant now = Instant.now();
    DevNetwork network = bean(DevNetwork.class);
    EvmSigner payer = EvmSigner.ofPrivateKey(network.payer().privateKey());
    ExactEvmPayload signed =
        ExactEvmPayload.sign(
            network.token(),
            TransferAuthorization.between(
                payer.address(),
                option.payTo(),
                option.amount(),
                now.minusSeconds(60),
                now.plus(option.maxTimeout()),
                "0x" + HexFormat.of().formatHex(nonce)),
            payer);
    return PaymentCodec.encodePayload(PaymentPayload.v2(option, signed.toMap()));
  }

  /** Returns what the payer has on the chain, in the smallest units of the token. */
  long balance() {
    DevNetwork network = bean(DevNetwork.class);
    String call =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{\"to\":\"%s\",\"data\":\"0x70a08231%s%s\"},\"latest\"]}"
            .formatted(
                network.token().contract(),
                "0".repeat(24),
                network.payer().address().substring("0x".length()));
    String answer =
        send(HttpRequest.newBuilder(network.rpcUrl())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(call)))
            .body();
    return Long.parseLong(answer.replaceFirst("(?s).*\"result\":\"0x([0-9a-f]+)\".*", "$1"), 16);
  }

  @Override
  public void close() {
    context.close();
  }

  /** An answer. */
  record Reply(HttpResponse<String> response) {
    int status() {
      return response.statusCode();
    }

    String body() {
      return response.body();
    }

    String header(String name) {
      return String.join(", ", response.headers().allValues(name));
    }

    boolean isSettled() {
      return !header("PAYMENT-RESPONSE").isEmpty();
    }

    PaymentRequired required() {
      try {
        return PaymentCodec.decodeRequired(header(PaymentHeader.PAYMENT_REQUIRED));
      } catch (Exception e) {
        throw new AssertionError(this.toString(), e);
      }
    }

    /** Returns the headers that a webapp makes: without date and connection. */
    Map<String, List<String>> headers() {
      Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      headers.putAll(response.headers().map());
      new ArrayList<>(Arrays.asList("date", "connection", "keep-alive")).forEach(headers::remove);
      return headers;
    }

    @Override
    public String toString() {
      return status() + " " + response.headers().map() + " " + body();
    }
  }
}
