// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentHeader;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.util.DigestUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** The container compresses what is sold as it does without the starter. */
class ContainerCompressionTest {
  private static final long CENT = 10_000;
  private static final int LARGE = 9 * 1024 * 1024; // more than the default bufferLimit
  private static final String LINE = "a line that a compressor likes\n";

  /** What the protocol adds, and what differs from one response to the next. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "date",
          "connection",
          "keep-alive",
          "payment-response",
          "x-payment-response",
          "cache-control",
          "access-control-expose-headers");

  private static final Set<String> OURS_IN_VARY =
      Set.of("payment-signature", "x-payment", "x-payment-receipt");

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(Handlers.class)
  static class Application {}

  @RestController
  static class Handlers {
    @GetMapping({"/path/text", "/free/text"})
    String text() {
      return LINE.repeat(200);
    }

    @GetMapping("/path/small")
    String small() {
      return "small";
    }

    @GetMapping("/handler/text")
    @RequiresPayment("$0.01")
    String annotated() {
      return text();
    }

    @GetMapping("/handler/etag")
    @RequiresPayment("$0.01")
    ResponseEntity<String> tagged() {
      return ResponseEntity.ok().eTag("\"1\"").header("Vary", "Accept-Language").body(text());
    }

    @GetMapping(path = "/handler/image", produces = "image/png")
    @RequiresPayment("$0.01")
    byte[] image() {
      return text().getBytes(UTF_8);
    }

    @GetMapping("/path/events")
    SseEmitter events() {
      SseEmitter emitter = new SseEmitter();
      CompletableFuture.runAsync(
          () -> {
            try {
              for (int i = 0; i < 200; i++) {
                emitter.send(LINE.strip());
              }
              emitter.complete();
            } catch (IOException e) {
              emitter.completeWithError(e);
            }
          });
      return emitter;
    }

    @GetMapping("/handler/events")
    @RequiresPayment(value = "$0.01", settleFirst = true)
    SseEmitter annotatedEvents() {
      return events();
    }

    @GetMapping("/path/download")
    void download(HttpServletResponse response) throws IOException {
      response.setContentType(MediaType.TEXT_PLAIN_VALUE);
      byte[] line = LINE.getBytes(UTF_8);
      for (int sent = 0; sent < LARGE; sent += line.length) {
        response.getOutputStream().write(line);
      }
    }

    @GetMapping("/handler/download")
    @RequiresPayment(value = "$0.01", settleFirst = true)
    void annotatedDownload(HttpServletResponse response) throws IOException {
      download(response);
    }

    @GetMapping("/handler/held-download")
    @RequiresPayment("$0.01")
    void heldDownload(HttpServletResponse response) throws IOException {
      download(response);
    }
  }

  private static Shop start(Container container, boolean sells) {
    Map<String, String> properties = new HashMap<>();
    properties.put(
        "spring.autoconfigure.exclude",
        Shop.WITHOUT_SECURITY
            + (sells
                ? ""
                : ",io.github.x402j.spring.X402AutoConfiguration,io.github.x402j.spring.HandlerAutoConfiguration"));
    properties.put("server.compression.enabled", "true");
    properties.put("server.compression.mime-types", "text/plain,text/event-stream");
    String[] rules = {"/path/*", "/path/events", "/path/download"};
    for (int i = 0; i < rules.length; i++) {
      properties.put("x402.routes[" + i + "].pattern", rules[i]);
      properties.put("x402.routes[" + i + "].price", "$0.01");
      properties.put("x402.routes[" + i + "].settle-first", Boolean.toString(i > 0));
    }
    return Shop.start(container, properties, Application.class);
  }

  static Stream<Container> containers() {
    return Container.ofThisBoot();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void whatIsSoldIsCompressedAsWithoutTheStarter(Container container) throws Exception {
    List<String> differences = new ArrayList<>();
    int compressed = 0;
    try (Shop without = start(container, false);
        Shop with = start(container, true)) {
      for (String path :
          List.of(
              "/free/text",
              "/path/text",
              "/path/small",
              "/path/events",
              "/path/download",
              "/handler/text",
              "/handler/etag",
              "/handler/image",
              "/handler/events",
              "/handler/download")) {
        for (String encoding : List.of("gzip", "identity")) {
          Map<String, String> expected = ask(without.request(path, "Accept-Encoding", encoding));
          long before = with.balance();
          Map<String, String> found = ask(paid(with, path, encoding));
          compressed += expected.containsValue("gzip") ? 1 : 0;
          long charged = before - with.balance();
          if (!expected.equals(found) || charged != (path.startsWith("/free") ? 0 : CENT)) {
            differences.add(
                path + " " + encoding + ": " + charged + "\n" + expected + "\n" + found);
          }
        }
      }
      long before = with.balance();
      Map<String, String> tooLarge = ask(paid(with, "/handler/held-download", "gzip"));
      assertThat(tooLarge.get("body")).contains("response_too_large");
      assertThat(tooLarge).containsEntry("status", "500");
      assertThat(with.balance()).isEqualTo(before);
    }
    assertThat(differences).isEmpty();
    assertThat(compressed).isGreaterThan(5);
  }

  private static HttpRequest.Builder paid(Shop shop, String path, String encoding) {
    HttpRequest.Builder request = shop.request(path, "Accept-Encoding", encoding);
    return path.startsWith("/free")
        ? request
        : request.header(PaymentHeader.PAYMENT_SIGNATURE, shop.payment(shop.get(path)));
  }

  /** Returns status, headers and body of an answer, the body as it is when it is decoded. */
  private static Map<String, String> ask(HttpRequest.Builder request) throws Exception {
    HttpResponse<byte[]> response =
        HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    Map<String, String> all = new TreeMap<>();
    response.headers().map().forEach((name, values) -> all.put(name, String.join(", ", values)));
    all.keySet().removeAll(LEFT_OUT);
    all.put("status", Integer.toString(response.statusCode()));
    byte[] body = response.body();
    if (all.getOrDefault("content-encoding", "").equals("gzip")) {
      body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
      all.remove("content-length"); // Undertow knows it of a response that it gets whole
      all.remove("transfer-encoding");
    }
    String text = new String(body, UTF_8);
    all.put(
        "body",
        text.length() < 500 ? text : text.length() + " " + DigestUtils.md5DigestAsHex(body));
    all.computeIfPresent("vary", (name, vary) -> withoutOurs(vary));
    all.remove("vary", "");
    return all;
  }

  /** Tomcat writes one list, in small letters. */
  private static String withoutOurs(String vary) {
    Set<String> names = new TreeSet<>(List.of(vary.toLowerCase(Locale.ROOT).split(" *, *")));
    names.removeAll(OURS_IN_VARY);
    return String.join(", ", names);
  }
}
