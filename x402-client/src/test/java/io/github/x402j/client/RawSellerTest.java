// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.USDC;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentCodec;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.evm.ExactEvmPayload;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A seller that writes what it likes on the socket. No such answer may make the client sign what
 * the descriptor does not plainly say, sign twice for one request, or wait without end.
 */
@Timeout(60)
class RawSellerTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<String> payments = new CopyOnWriteArrayList<>();
  private ServerSocket socket;

  /**
   * One row of the table.
   *
   * @param signatures how many the client may make for one request
   */
  record Row(String name, int signatures, Function<Optional<String>, byte[]> answer) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> attacks() {
    return Stream.of(numbers(), addresses(), framing(), afterThePayment()).flatMap(rows -> rows);
  }

  private static Stream<Row> numbers() {
    List<Row> rows = new ArrayList<>();
    for (String amount :
        List.of(
            "\"-1\"",
            "\"-0\"",
            "\"0\"",
            "\"00010000\"",
            "\"+10000\"",
            "\" 10000\"",
            "\"10000 \"",
            "\"1e4\"",
            "\"10000.0\"",
            "\"0x2710\"",
            "\"1_0000\"",
            "\"10,000\"",
            "\"\u0661\u0660\u0660\u0660\u0660\"",
            "\"\uff11\uff10\uff10\uff10\uff10\"",
            "\"" + "9".repeat(78) + "\"",
            "\"" + "9".repeat(20_000) + "\"",
            "\"\"",
            "10000",
            "1e4",
            "null",
            "true",
            "[\"10000\"]",
            "{\"$numberLong\":\"10000\"}")) {
      rows.add(
          asked(
              "amount " + shown(amount), 0, json("\"amount\":\"10000\"", "\"amount\":" + amount)));
    }
    rows.add(
        asked(
            "amount twice",
            0,
            json("\"amount\":\"10000\"", "\"amount\":\"1\",\"amount\":\"10000\"")));
    for (String seconds :
        List.of("0", "-1", "9223372036854775808", "1e3", "1.5", "\"60\"", "null", "true", "[60]")) {
      rows.add(asked("maxTimeoutSeconds " + seconds, 0, json(":60", ":" + seconds)));
    }
    rows.add(asked("maxTimeoutSeconds 2147483647", 1, json(":60", ":2147483647")));
    rows.add(asked("maxTimeoutSeconds 2147483648", 0, json(":60", ":2147483648")));
    for (String version : List.of("1", "3", "\"2\"", "2.0", "null")) {
      rows.add(
          asked(
              "x402Version " + version,
              0,
              json("\"x402Version\":2", "\"x402Version\":" + version)));
    }
    return rows.stream();
  }

  private static Stream<Row> addresses() {
    String asset = USDC.contract().text();
    List<Row> rows = new ArrayList<>();
    rows.add(asked("an asset in lower case", 1, json(asset, asset.toLowerCase(Locale.ROOT))));
    rows.add(asked("the zero address as asset", 0, json(asset, "0x" + "0".repeat(40))));
    rows.add(asked("an asset with one digit more", 0, json(asset, asset + "0")));
    rows.add(asked("an asset with a space", 0, json(asset, asset + " ")));
    rows.add(asked("an asset with a large X", 0, json(asset, "0X" + asset.substring(2))));
    rows.add(
        asked("decimals of 18 in extra", 1, json("\"extra\":{", "\"extra\":{\"decimals\":18,")));
    rows.add(asked("decimals of 0 in extra", 1, json("\"extra\":{", "\"extra\":{\"decimals\":0,")));
    rows.add(asked("the scheme in capitals", 0, json("\"exact\"", "\"EXACT\"")));
    rows.add(asked("another scheme", 0, json("\"exact\"", "\"upto\"")));
    rows.add(asked("a chain with a zero before it", 0, json("eip155:84532", "eip155:084532")));
    rows.add(asked("a chain by its name", 0, json("eip155:84532", "base-sepolia")));
    rows.add(asked("the zero address as payee", 0, json(SELLER.text(), "0x" + "0".repeat(40))));
    return rows.stream();
  }

  private static Stream<Row> framing() {
    String good = header(json("", ""));
    return Stream.of(
        unpaid("a gzip bomb", 0, bomb()),
        unpaid(
            "a header of a megabyte",
            0,
            text("HTTP/1.1 402 X\r\nPAYMENT-REQUIRED: " + "A".repeat(1_000_000) + "\r\n\r\n")),
        unpaid(
            "a hundred thousand options",
            0,
            text(
                "HTTP/1.1 402 X\r\nConnection: close\r\n\r\n{\"x402Version\":2,\"accepts\":["
                    + "{},".repeat(100_000)
                    + "{}]}")),
        unpaid(
            "nesting in the header",
            0,
            text(answer402(header("{\"x402Version\":2,\"a\":" + "[".repeat(30_000))))),
        unpaid("two headers that say the same", 0, text(answer402(good + "\r\n" + good))),
        unpaid(
            "a 402 with a way out",
            1,
            text(answer402(good + "\r\nLocation: https://evil.example/"))),
        unpaid(
            "a body that is shorter than it says",
            0,
            text(answer402(good + "\r\nContent-Length: 50"))),
        unpaid("no answer but the end", 0, new byte[0]),
        unpaid("half a status line", 0, text("HTTP/1.1 4")),
        unpaid(
            "early hints with the price, and then a page",
            0,
            text(
                "HTTP/1.1 103 Early Hints\r\n"
                    + good
                    + "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
        unpaid(
            "a page with the price",
            0,
            text("HTTP/1.1 200 OK\r\n" + good + "\r\nContent-Length: 0\r\n\r\n")),
        unpaid(
            "an outage with the price",
            0,
            text("HTTP/1.1 503 X\r\n" + good + "\r\nContent-Length: 0\r\n\r\n")));
  }

  private static Stream<Row> afterThePayment() {
    return Stream.of(
        paid("402 and another price", answer402(header(json("\"10000\"", "\"1\"")))),
        paid("402 and the same", answer402(header(json("", "")))),
        paid("the end", ""),
        paid("half a status line", "HTTP/1.1 2"),
        paid("no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n"),
        paid("100 and the end", "HTTP/1.1 100 Continue\r\n\r\n"),
        paid("101", "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
        paid("103 and 402", "HTTP/1.1 103 X\r\n\r\n" + answer402(header(json("", "")))),
        paid("a redirect to itself", "HTTP/1.1 307 X\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"),
        paid("a redirect elsewhere", "HTTP/1.1 307 X\r\nLocation: https://evil.example/\r\n\r\n"),
        paid(
            "401",
            "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"),
        paid(
            "407",
            "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"),
        paid("421", "HTTP/1.1 421 X\r\nContent-Length: 0\r\n\r\n"),
        paid("a body that is cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
        paid(
            "503 with a negative pause",
            "HTTP/1.1 503 X\r\nRetry-After: -1\r\nContent-Length: 0\r\n\r\n"),
        paid(
            "a settlement of a megabyte",
            "HTTP/1.1 200 OK\r\nPAYMENT-RESPONSE: "
                + "A".repeat(300_000)
                + "\r\nContent-Length: 0\r\n\r\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attacks")
  void getsAtMostOneSignatureAndOnlyForWhatItPlainlyAsks(Row row) throws Exception {
    socket = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    Thread seller = new Thread(() -> serve(row.answer()));
    seller.setDaemon(true);
    seller.start();
    PayingHttpClient client = Asking.buyer(HTTP).descriptorWithin(Duration.ofMillis(500)).build();
    URI url = URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/a");
    long start = System.nanoTime();
    try {
      client.send(
          HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(1)).build(),
          BodyHandlers.ofByteArray());
    } catch (IOException | PaymentException e) {
      assertThat(e.toString()).doesNotContain("PAYMENT-SIGNATURE");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
    assertThat(payments.stream().distinct()).hasSize(row.signatures());
    for (String payment : payments) {
      var signed =
          ExactEvmPayload.parse(PaymentCodec.decodePayload(payment, 2).payload()).authorization();
      assertThat(signed.value().toString()).isEqualTo("10000");
      assertThat(signed.to()).isEqualTo(SELLER);
      assertThat(signed.validBefore().longValueExact())
          .isLessThanOrEqualTo(Asking.NOW.plus(PaymentSigner.MAX_WINDOW).getEpochSecond());
    }
  }

  @AfterEach
  void close() throws IOException {
    socket.close();
  }

  private void serve(Function<Optional<String>, byte[]> answer) {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        Optional<String> payment = payment(connection.getInputStream());
        payment.ifPresent(payments::add);
        OutputStream out = connection.getOutputStream();
        out.write(answer.apply(payment));
        out.flush();
      } catch (IOException e) {
        continue; // the client closed the connection
      }
    }
  }

  /** Returns the payment in a request, whose body is empty. */
  private static Optional<String> payment(InputStream in) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in);
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = buffered.read();
      if (next < 0) {
        break;
      }
      head.append((char) next);
    }
    return head.toString()
        .lines()
        .filter(line -> line.regionMatches(true, 0, "PAYMENT-SIGNATURE:", 0, 18))
        .map(line -> line.substring(18).strip())
        .findFirst();
  }

  /** Gives this answer to each request, and none to a payment. */
  private static Row unpaid(String name, int signatures, byte[] answer) {
    byte[] delivered = text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    return new Row(name, signatures, payment -> payment.isPresent() ? delivered : answer);
  }

  private static Row asked(String name, int signatures, String descriptor) {
    return unpaid(name, signatures, text(answer402(header(descriptor))));
  }

  private static Row paid(String name, String answer) {
    byte[] price = text(answer402(header(json("", ""))));
    byte[] then = text(answer);
    return new Row("after the payment: " + name, 1, payment -> payment.isPresent() ? then : price);
  }

  private static String json(String from, String to) {
    String json =
        "{\"x402Version\":2,\"resource\":{\"url\":\"/a\"},\"accepts\":[{\"scheme\":\"exact\","
            + "\"network\":\"eip155:84532\",\"amount\":\"10000\",\"asset\":\""
            + USDC.contract()
            + "\",\"payTo\":\""
            + SELLER
            + "\",\"maxTimeoutSeconds\":60,\"extra\":{\"name\":\"USDC\",\"version\":\"2\"}}]}";
    assertThat(json).contains(from);
    return from.isEmpty() ? json : json.replace(from, to);
  }

  private static String header(String json) {
    return "PAYMENT-REQUIRED: " + Base64.getEncoder().encodeToString(json.getBytes(UTF_8));
  }

  private static String answer402(String headers) {
    return "HTTP/1.1 402 Payment Required\r\n" + headers + "\r\nConnection: close\r\n\r\n";
  }

  private static byte[] text(String text) {
    return text.getBytes(ISO_8859_1);
  }

  private static byte[] bomb() {
    try {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      packed.writeBytes(
          text("HTTP/1.1 402 X\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"));
      try (GZIPOutputStream zeros = new GZIPOutputStream(packed)) {
        byte[] some = new byte[1 << 16];
        for (int i = 0; i < 320; i++) { // 20 MiB in 20 KiB
          zeros.write(some);
        }
      }
      return packed.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String shown(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }
}
