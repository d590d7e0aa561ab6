// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.evm.EvmSigner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/** A seller that writes what a test tells it on the socket, and keeps the requests that came. */
final class FakeSeller implements AutoCloseable {
  static final Token USDC = Usdc.BASE_SEPOLIA;
  static final EvmSigner SIGNER =
      EvmSigner.ofPrivateKey("0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318");

  /** Closes the connection without an answer. */
  static final String HANG_UP = "hang up";

  /** Closes the connection without an answer, and stops listening. */
  static final String VANISH = "vanish";

  private static final Address PAY_TO = Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c");

  /** How it answers the head of a request. */
  interface Script {
    String answer(FakeSeller seller, String head);
  }

  private final ServerSocket socket;
  private final List<Socket> connections = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Script script;

  private FakeSeller(ServerSocket socket, Script script) {
    this.socket = socket;
    this.script = script;
  }

  static FakeSeller start(Script script) throws IOException {
    FakeSeller seller =
        new FakeSeller(new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1")), script);
    Thread thread = new Thread(seller::accept, "seller");
    thread.setDaemon(true);
    thread.start();
    return seller;
  }

  URI url(String path) {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort() + path);
  }

  /** Returns the heads of the requests that carried a payment. */
  List<String> paid() {
    return requests.stream().filter(FakeSeller::isPaid).toList();
  }

  /** Returns the payments that came, each once. */
  List<String> payments() {
    return paid().stream()
        .flatMap(String::lines)
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("payment-signature: "))
        .distinct()
        .toList();
  }

  static boolean isPaid(String head) {
    return head.toLowerCase(Locale.ROOT).contains("\npayment-signature: ");
  }

  /** Asks for five cents for the resource at a URL. */
  static String asks(URI url) {
    PaymentRequirements option =
        PaymentRequirements.exact(
            USDC, Price.parse("$0.05").in(USDC), PAY_TO, Duration.ofSeconds(60));
    PaymentRequired required = PaymentRequired.of(ResourceInfo.of(url.toString()), List.of(option));
    return answer("402 X", "PAYMENT-REQUIRED: " + PaymentCodec.encodeRequired(required), "{}");
  }

  /** Delivers, and says that the payment was settled. */
  static String delivers(String body) {
    SettlementResponse settled =
        new SettlementResponse(
            true, "0x" + "ab".repeat(32), USDC.network(), SIGNER.address(), null, null);
    return answer("200 OK", "PAYMENT-RESPONSE: " + PaymentCodec.encodeSettlement(settled, 2), body);
  }

  static String answer(String status, String header, String body) {
    return "HTTP/1.1 "
        + status
        + "\r\nContent-Type: text/plain\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + header
        + "\r\n\r\n"
        + body;
  }

  private void accept() {
    try {
      while (!socket.isClosed()) {
        Socket connection = socket.accept();
        connections.add(connection);
        Thread thread = new Thread(() -> serve(connection), "seller's connection");
        thread.setDaemon(true);
        thread.start();
      }
    } catch (IOException e) {
      // the socket was closed
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      for (String head = head(connection); head != null; head = head(connection)) {
        requests.add(head);
        String answer = script.answer(this, head);
        if (answer.equals(VANISH)) {
          socket.close();
        }
        if (answer.equals(VANISH) || answer.equals(HANG_UP)) {
          return;
        }
        connection.getOutputStream().write(answer.getBytes(ISO_8859_1));
      }
    } catch (IOException e) {
      // the client has gone
    }
  }

  /** Reads one request; returns its head, null if there is none. */
  private static String head(Socket connection) throws IOException {
    InputStream in = connection.getInputStream();
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    while (!read.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        return null;
      }
      read.write(next);
    }
    String head = read.toString(ISO_8859_1);
    head.lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length: "))
        .forEach(
            line -> {
              try {
                in.readNBytes(Integer.parseInt(line.substring(16).trim()));
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    return head;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket connection : connections) {
      connection.close();
    }
  }
}
