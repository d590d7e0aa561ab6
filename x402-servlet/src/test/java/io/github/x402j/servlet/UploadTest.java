// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A client that uploads before it looks sees the answer all the same. {@code -Dx402.uploads=N} sets
 * how many are made by each client.
 */
class UploadTest {
  private static final int UPLOADS = Integer.getInteger("x402.uploads", 25);
  private static final byte[] BODY = new byte[20 * 1024 * 1024];
  private static final int PIECE = 64 * 1024;

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(
                  Map.of(
                      "count",
                      (request, response) -> {
                        long count = request.getInputStream().transferTo(new NullStream());
                        response.getWriter().write("" + count);
                      })));

  private static final class NullStream extends java.io.OutputStream {
    @Override
    public void write(int b) {}

    @Override
    public void write(byte[] bytes, int from, int length) {}
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void anUnpaidUploadOfASocketSeesThe402(Stack stack) {
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < UPLOADS; i++) {
      seen.add(upload(RUNNING.get(stack).port(), i % 2 == 0));
    }
    report(stack, "socket", seen);
    assertThat(seen).containsOnly("402");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void anUnpaidUploadOfTheJdksClientSeesThe402(Stack stack) throws Exception {
    List<String> seen = new ArrayList<>();
    HttpClient client = HttpClient.newHttpClient();
    for (int i = 0; i < UPLOADS; i++) {
      seen.add(upload(client, "http://127.0.0.1:" + RUNNING.get(stack).port() + "/paid/count"));
    }
    report(stack, "java.net.http", seen);
    assertThat(seen).containsOnly("402");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aPaidUploadArrivesWhole(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String payment = payer.header(app.port(), "/paid/count").replaceFirst("^[^:]*: ", "");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + app.port() + "/paid/count"))
            .header("PAYMENT-SIGNATURE", payment)
            .POST(HttpRequest.BodyPublishers.ofByteArray(BODY))
            .build();
    HttpResponse<String> paid =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(paid.statusCode()).isEqualTo(200);
    assertThat(paid.body()).isEqualTo("" + BODY.length);
  }

  /** A client that asks whether it may send its body is told to pay. Tomcat says yes before. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void whoAsksBeforeUploadingSeesThe402(Stack stack) throws IOException {
    try (RawHttp connection = RawHttp.connect(RUNNING.get(stack).port())) {
      connection.send(
          "POST /paid/count HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
              + BODY.length
              + "\r\n\r\n");
      int status = connection.receive(false).status();
      if (stack == Stack.TOMCAT) {
        assertThat(status).isEqualTo(100);
        for (int at = 0; at < BODY.length; at += PIECE) {
          connection.send("x".repeat(PIECE));
        }
        status = connection.receive(false).status();
      }
      assertThat(status).isEqualTo(402);
    }
  }

  private static void report(Stack stack, String client, List<String> seen) {
    System.out.printf(
        "%s, %s: %d of %d uploads saw the 402%n",
        stack, client, seen.stream().filter("402"::equals).count(), seen.size());
  }

  private static String upload(HttpClient client, String url) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .POST(HttpRequest.BodyPublishers.ofByteArray(BODY))
            .build();
    try {
      return "" + client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Sends everything, in one piece or in chunks, and then reads the status. */
  private static String upload(int port, boolean inChunks) {
    try (Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port)) {
      socket.setSoTimeout(RawHttp.TIMEOUT_MILLIS);
      var out = socket.getOutputStream();
      String length = inChunks ? "Transfer-Encoding: chunked" : "Content-Length: " + BODY.length;
      out.write(("POST /paid/count HTTP/1.1\r\nHost: a\r\n" + length + "\r\n\r\n").getBytes());
      for (int at = 0; at < BODY.length; at += PIECE) {
        if (inChunks) {
          out.write((Integer.toHexString(PIECE) + "\r\n").getBytes());
        }
        out.write(BODY, at, PIECE);
        if (inChunks) {
          out.write("\r\n".getBytes());
        }
      }
      out.write(inChunks ? "0\r\n\r\n".getBytes() : new byte[0]);
      InputStream in = socket.getInputStream();
      return new String(in.readNBytes(12)).substring(9);
    } catch (IOException | StringIndexOutOfBoundsException e) {
      return e.toString();
    }
  }
}
