// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.PaymentCodec;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.SpendJournal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A seller that stops listening. A {@code ConnectException} is all that the client hears, whether
 * the seller has read the payment or not; only what was never written may be spent again.
 */
@Timeout(60)
class VanishingSellerTest {
  /** When the seller stops to listen. */
  private enum Vanishes {
    /** After the descriptor, with its connection. */
    BEFORE_THE_PAYMENT,
    /** After it has read the payment on the connection that carried the descriptor. */
    AFTER_THE_PAYMENT,
    /** After it has read the payment on a connection of its own. */
    AFTER_THE_PAYMENT_ON_A_NEW_CONNECTION
  }

  static Stream<Arguments> sellers() {
    return Stream.of(Vanishes.values())
        .flatMap(
            vanishes ->
                Stream.of(HttpClient.Version.values())
                    .flatMap(
                        version ->
                            Stream.of("GET", "POST")
                                .map(method -> Arguments.of(vanishes, version, method))));
  }

  @ParameterizedTest
  @MethodSource("sellers")
  void aSignatureThatLeftCountsHoweverTheSellerVanishes(
      Vanishes vanishes, HttpClient.Version version, String method) throws Exception {
    HttpClient http = HttpClient.newBuilder().version(version).build();
    AgentWallet wallet =
        AgentWallet.provision("agent", Asking.SIGNER, SpendJournal.inMemory())
            .limit("$0.10", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .create();
    List<String> signatures = new CopyOnWriteArrayList<>();
    for (int round = 0; round < 5; round++) {
      Throwable failure = buy(http, wallet, vanishes, method, signatures);
      assertThat(failure)
          .isInstanceOf(
              vanishes == Vanishes.BEFORE_THE_PAYMENT
                  ? ConnectException.class
                  : PaymentException.class);
    }
    Dollars held = Dollars.parse("$0.05");
    Dollars sum = Dollars.ZERO;
    for (int i = 0; i < signatures.size(); i++) {
      sum = sum.plus(held);
    }
    assertThat(wallet.remaining()).isEqualTo(Dollars.parse("$0.10").minus(sum));
    assertThat(signatures).hasSize(vanishes == Vanishes.BEFORE_THE_PAYMENT ? 0 : 2);
  }

  private static Throwable buy(
      HttpClient http,
      AgentWallet wallet,
      Vanishes vanishes,
      String method,
      List<String> signatures)
      throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      List<Socket> connections = new CopyOnWriteArrayList<>();
      CompletableFuture<Void> served =
          CompletableFuture.runAsync(() -> serve(socket, vanishes, connections, signatures));
      PayingHttpClient client =
          PayingHttpClient.over(http)
              .wallet(wallet)
              .token(Asking.USDC)
              .retries(
                  new RetryPolicy(
                      2, Duration.ofSeconds(60), Duration.ofMillis(1), Duration.ofMillis(1)))
              .build();
      HttpRequest request =
          HttpRequest.newBuilder(url(socket))
              .method(
                  method,
                  method.equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString("body"))
              .build();
      Throwable failure = catchThrowable(() -> client.send(request, BodyHandlers.ofString()));
      socket.close();
      for (Socket connection : connections) {
        connection.close(); // it may still wait for a payment that the wallet declined
      }
      served.join();
      return failure;
    }
  }

  private static URI url(ServerSocket socket) {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/a");
  }

  private static void serve(
      ServerSocket socket, Vanishes vanishes, List<Socket> connections, List<String> signatures) {
    try {
      Socket connection = accept(socket, connections);
      read(connection, signatures);
      boolean keepsAlive = vanishes == Vanishes.AFTER_THE_PAYMENT;
      if (vanishes == Vanishes.BEFORE_THE_PAYMENT) {
        socket.close();
      }
      connection.getOutputStream().write(descriptor(url(socket), keepsAlive));
      if (!keepsAlive) {
        connection.close();
      }
      if (vanishes == Vanishes.AFTER_THE_PAYMENT_ON_A_NEW_CONNECTION) {
        connection = accept(socket, connections);
      }
      if (vanishes != Vanishes.BEFORE_THE_PAYMENT) {
        read(connection, signatures);
        socket.close();
        connection.close();
      }
    } catch (IOException e) {
      // the client paid nothing and the test has closed the socket
    }
  }

  private static Socket accept(ServerSocket socket, List<Socket> connections) throws IOException {
    Socket connection = socket.accept();
    connections.add(connection);
    return connection;
  }

  /** Reads one request. */
  private static void read(Socket connection, List<String> signatures) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(connection.getInputStream(), ISO_8859_1));
    int length = 0;
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      if (line.startsWith("PAYMENT-SIGNATURE: ")) {
        signatures.add(line);
      } else if (line.startsWith("Content-Length: ")) {
        length = Integer.parseInt(line.substring("Content-Length: ".length()));
      }
    }
    for (int i = 0; i < length; i++) {
      in.read();
    }
  }

  private static byte[] descriptor(URI url, boolean keepsAlive) {
    String head =
        "HTTP/1.1 402 Payment Required\r\nContent-Length: 2\r\nPAYMENT-REQUIRED: "
            + PaymentCodec.encodeRequired(forUrl(url, option("$0.05")))
            + (keepsAlive ? "" : "\r\nConnection: close")
            + "\r\n\r\n{}";
    return head.getBytes(ISO_8859_1);
  }
}
