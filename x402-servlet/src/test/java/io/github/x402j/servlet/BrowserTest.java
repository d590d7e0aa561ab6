// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.PaymentHeader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A page in Chromium that buys from webapps of another origin: it sees the descriptor of the 402,
 * and what it paid for with the settlement. Skipped, and says so, where there is no Chromium.
 */
class BrowserTest {
  private static final int SECONDS = 90;

  @RegisterExtension static final Webapps RUNNING = Webapps.onEachContainer(CorsTest::webapp);

  @TempDir Path profile;

  private static final String PAGE =
      """
      <!doctype html><title>buyer</title><script>
      async function buy(url) {
        try {
          const unpaid = await fetch(url);
          const asked = unpaid.headers.get('PAYMENT-REQUIRED');
          const payment = await (await fetch('/pay?' + url)).text();
          const paid = await fetch(url, {headers: {'PAYMENT-SIGNATURE': payment}});
          const body = await paid.text();
          const settled = JSON.parse(atob(paid.headers.get('PAYMENT-RESPONSE')));
          return [url, unpaid.status, JSON.parse(atob(asked)).x402Version, paid.status, body,
            settled.success].join(' ');
        } catch (e) {
          return url + ' ' + e;
        }
      }
      (async () => {
        const lines = [];
        for (const url of await (await fetch('/urls')).json()) lines.push(await buy(url));
        await fetch('/seen', {method: 'POST', body: lines.join('\\n')});
      })();
      </script>
      """;

  @Test
  void aPageOfAnotherOriginBuys() throws Exception {
    Optional<String> chromium = chromium();
    if (chromium.isEmpty()) {
      System.out.println("SKIPPED: BrowserTest: no chromium, chromium-browser or google-chrome");
    }
    Assumptions.assumeTrue(chromium.isPresent(), "Chromium is not installed");
    List<String> urls =
        Stream.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)
            .map(stack -> "http://127.0.0.1:" + RUNNING.get(stack).port())
            .flatMap(webapp -> CorsTest.TELLING.stream().map(webapp::concat))
            .toList();
    CompletableFuture<String> seen = new CompletableFuture<>();
    HttpServer site = site(urls, seen);
    Process browser =
        new ProcessBuilder(
                chromium.get(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--user-data-dir=" + profile,
                "http://127.0.0.1:" + site.getAddress().getPort() + "/")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      String lines = seen.get(SECONDS, TimeUnit.SECONDS);
      System.out.println(lines);
      List<String> expected = new ArrayList<>();
      urls.forEach(url -> expected.add(url + " 402 2 200 " + PaidWebapp.SECRET + " true"));
      assertThat(lines.lines()).containsExactlyElementsOf(expected);
    } finally {
      List<ProcessHandle> all = new ArrayList<>(browser.descendants().toList());
      browser.destroyForcibly().waitFor();
      all.forEach(ProcessHandle::destroyForcibly);
      for (ProcessHandle each : all) {
        each.onExit().get(SECONDS, TimeUnit.SECONDS); // before its profile is deleted
      }
      site.stop(0);
    }
  }

  private static Optional<String> chromium() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(
            directory ->
                Stream.of("chromium", "chromium-browser", "google-chrome")
                    .map(name -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /** The page's own origin, which has a payer. */
  private static HttpServer site(List<String> urls, CompletableFuture<String> seen)
      throws IOException {
    TestPayer payer = RUNNING.market().payer();
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    HttpServer site = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
    site.createContext("/", exchange -> answer(exchange, "text/html", PAGE));
    String list = "[\"" + String.join("\",\"", urls) + "\"]";
    site.createContext("/urls", exchange -> answer(exchange, "application/json", list));
    site.createContext(
        "/pay",
        exchange -> {
          String url = exchange.getRequestURI().getQuery();
          int port = Integer.parseInt(url.replaceAll("^http://127.0.0.1:(\\d+)/.*", "$1"));
          String line = payer.header(port, url.replaceFirst("^http://[^/]*", ""));
          answer(
              exchange,
              "text/plain",
              line.substring(PaymentHeader.PAYMENT_SIGNATURE.length() + 1).strip());
        });
    site.createContext(
        "/seen",
        exchange -> {
          seen.complete(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
          answer(exchange, "text/plain", "");
        });
    site.start();
    return site;
  }

  private static void answer(HttpExchange exchange, String type, String text) throws IOException {
    byte[] body = text.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
