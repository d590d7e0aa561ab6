// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Payment headers that are none: 400, or 402, or 431 of the container; no work, no state. */
class MalformedHeaderTest {
  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEveryStack(
          app -> app.handlers(Map.of("secret", (req, resp) -> resp.getWriter().write(SECRET))));

  /** Header values; what is not base64 already was JSON. */
  private static List<String> values(String good) {
    String json = new String(Base64.getDecoder().decode(good), UTF_8);
    List<String> all =
        new ArrayList<>(
            List.of(
                "*",
                "AAAA",
                "=",
                "====",
                "a",
                "{}",
                "null",
                "\"",
                "%00",
                "eyJ",
                good + "," + good,
                good + " " + good,
                good.substring(0, good.length() / 2),
                "Bearer " + good,
                "e30",
                "eyJhbGciOiJub25lIn0.e30."));
    for (String text :
        List.of(
            "null",
            "[]",
            "1",
            "\"x\"",
            "",
            " ",
            "{",
            "{}",
            "true",
            "{\"x402Version\":2}",
            "[".repeat(3_000),
            "{\"a\":".repeat(1_000),
            "\u0000",
            "{\"x402Version\":2}{}",
            json + json,
            json + " x",
            "\ufeff" + json)) {
      all.add(base64(text));
    }
    for (String field :
        List.of(
            "x402Version",
            "accepted",
            "payload",
            "signature",
            "authorization",
            "from",
            "to",
            "value",
            "validAfter",
            "validBefore",
            "nonce",
            "amount",
            "asset",
            "payTo",
            "network",
            "scheme",
            "maxTimeoutSeconds")) {
      all.add(base64(json.replace('"' + field + '"', "\"x\"")));
      all.add(
          base64(
              json.replaceFirst(
                  "\"" + field + "\":(\"[^\"]*\"|[0-9]+)", "\"" + field + "\":null")));
      all.add(base64(json.replaceFirst("\"" + field + "\":", "\"" + field + "\":[],\"y\":")));
      all.add(
          base64(
              json.replaceFirst("\"" + field + "\":", "\"" + field + "\":1,\"" + field + "\":")));
    }
    for (String number :
        List.of(
            "10000",
            "10000.0",
            "1e4",
            "\"+10000\"",
            "\"-0\"",
            "\"١٠\"",
            "\"0x1\"",
            "\" 1\"",
            "\"1e4\"")) {
      all.add(base64(json.replaceFirst("\"value\":\"[0-9]+\"", "\"value\":" + number)));
    }
    for (String hex : List.of("0xzz", "0x1", "1234", "", "0x", "0X00")) {
      all.add(
          base64(json.replaceFirst("\"signature\":\"[^\"]*\"", "\"signature\":\"" + hex + '"')));
      all.add(base64(json.replaceFirst("\"nonce\":\"[^\"]*\"", "\"nonce\":\"" + hex + '"')));
    }
    all.removeIf(base64(json)::equals); // a field that is not in it
    return all;
  }

  private static String base64(String json) {
    return Base64.getEncoder().encodeToString(json.getBytes(UTF_8));
  }

  @ParameterizedTest
  @EnumSource
  void aMalformedHeaderIsRefusedWithoutWork(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String good =
        payer.header(app.port(), "/paid/secret").substring("PAYMENT-SIGNATURE: ".length());
    long requests = RUNNING.market().chain.requests();
    int[] counts = new int[600];
    List<String> values = values(good);
    for (String name : List.of("PAYMENT-SIGNATURE", "X-PAYMENT")) {
      for (String value : values) {
        RawHttp.Response response = app.get("/paid/secret", name + ": " + value);
        counts[response.status()]++;
        assertThat(response.status()).as(name + ": " + value).isIn(400, 402, 431);
        requireQuiet(response);
      }
    }
    assertThat(RUNNING.market().chain.requests()).as("no network call").isEqualTo(requests);
    assertThat(app.runs("secret")).isZero();
    System.out.printf(
        "| %s | malformed headers | %d cases | %d x 400 | %d x 402 |%n",
        stack, 2 * values.size(), counts[400], counts[402]);
    assertThat(counts[400]).isGreaterThan(counts[402]);
  }

  @ParameterizedTest
  @EnumSource
  void aLongHeaderIsRefusedBeforeItIsRead(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    long requests = RUNNING.market().chain.requests();
    for (int length : new int[] {8_193, 9_000, 17_000, 66_000, 500_000}) {
      try (RawHttp connection = RawHttp.connect(app.port())) {
        connection.send(
            "GET /paid/secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\nPAYMENT-SIGNATURE: "
                + "A".repeat(length)
                + "\r\n\r\n");
        String all = connection.receiveAll(5_000);
        assertThat(all).as(length + " characters").doesNotContain(SECRET);
        if (!all.isEmpty()) { // a container may cut the connection
          assertThat(all.substring(9, 12)).as(length + " characters").isIn("400", "431");
        }
      } catch (IOException cutWhileSending) {
        assertThat(length).isGreaterThan(8_193);
      }
    }
    assertThat(RUNNING.market().chain.requests()).isEqualTo(requests);
  }

  @ParameterizedTest
  @EnumSource
  void anEmptyHeaderIsNone(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String line :
        List.of(
            "PAYMENT-SIGNATURE:", "PAYMENT-SIGNATURE:   ", "X-PAYMENT:", "PAYMENT_SIGNATURE: x")) {
      RawHttp.Response response = app.get("/paid/secret", line);
      assertThat(response.status()).as(line).isEqualTo(402);
      assertThat(TestPayer.required(response).accepts()).isNotEmpty();
    }
  }

  private static void requireQuiet(RawHttp.Response response) {
    assertThat(response.all())
        .doesNotContain(SECRET)
        .doesNotContain("Exception")
        .doesNotContain("\tat ")
        .doesNotContain("io.github.x402j")
        .doesNotContain("com.fasterxml");
    assertThat(response.header("Cache-Control")).isEqualTo("no-store");
    assertThat(response.header("Content-Type")).startsWith("application/json");
  }
}
