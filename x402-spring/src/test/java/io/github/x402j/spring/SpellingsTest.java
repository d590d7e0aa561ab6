// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.RequiresPayment;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Odd requests for what is priced: files that Spring MVC serves, and handlers for any method. */
class SpellingsTest {
  private static final String SECRET = "what is sold";
  private static final Map<String, Shop> SHOPS = new TreeMap<>();

  private static final List<String> ODD =
      List.of(
          ("%20 %20%20 %20/ %20/%20 %2F%20 + url: file: FILE: url:file: file:./ jar: classpath: a:"
                  + " %C2%A0 %E2%80%83 %EF%BB%BF %E2%80%8B ./ %2e/ ;/ ;a/ %09 %7f %00 %0a a/../ /"
                  + " %2f \\ %5c x;/..;/ ~ ? %3f # %23 . ; ;a=b %2e .html .json /. %3b ;.html %3fa"
                  + " ::$DATA /%20 /%2e")
              .split(" "));

  @TempDir static Path files;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import({AnyMethod.class, Pages.class})
  static class Application {}

  @RestController
  @RequiresPayment(value = "$0.01", methods = "GET")
  static class AnyMethod {
    @RequestMapping("/any-method")
    String any() {
      return SECRET;
    }
  }

  @RestController
  static class Pages {
    @GetMapping("/page/secret")
    String page() {
      return SECRET;
    }

    @GetMapping("/item/{id}/secret")
    String item(@PathVariable("id") String id) {
      return SECRET;
    }
  }

  @BeforeAll
  static void start() throws IOException {
    Files.writeString(files.resolve("secret.txt"), SECRET);
    Files.createDirectory(files.resolve("priced"));
    Files.writeString(files.resolve("priced/a.txt"), SECRET);
    Files.writeString(files.resolve("free.txt"), "free");
    Files.writeString(files.resolve("a free file.txt"), "free");
    Container.ofThisBoot().forEach(container -> start(container, "ant_path_matcher"));
    start(Container.TOMCAT, "path_pattern_parser");
  }

  private static void start(Container container, String matching) {
    Map<String, String> properties = new HashMap<>();
    properties.put("spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY);
    properties.put("spring.mvc.pathmatch.matching-strategy", matching);
    properties.put("spring.web.resources.static-locations", files.toUri().toString());
    String[] rules = {"/secret.txt", "/priced/*", "/page/secret", "/item/{id}/secret"};
    for (int i = 0; i < rules.length; i++) {
      properties.put("x402.routes[" + i + "].pattern", rules[i]);
      properties.put("x402.routes[" + i + "].price", "$0.01");
    }
    SHOPS.put(container + " " + matching, Shop.start(container, properties, Application.class));
  }

  @AfterAll
  static void stop() {
    SHOPS.values().forEach(Shop::close);
  }

  static Stream<String> shops() {
    return SHOPS.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("shops")
  void noSpellingOfAPricedPathIsFree(String name) throws IOException {
    Shop shop = SHOPS.get(name);
    List<String> free = new ArrayList<>();
    for (String path : List.of("/secret.txt", "/priced/a.txt", "/page/secret", "/item/7/secret")) {
      for (String odd : odd(path)) {
        if (ask(shop, "GET " + odd).contains(SECRET)) {
          free.add(odd);
        }
      }
    }
    assertThat(free).isEmpty();
    assertThat(ask(shop, "GET /free.txt")).endsWith("free");
    assertThat(ask(shop, "GET /a%20free%20file.txt")).endsWith("free");
  }

  @ParameterizedTest
  @MethodSource("shops")
  void anUnknownMethodIsNotFree(String name) throws IOException {
    Shop shop = SHOPS.get(name);
    for (String method : List.of("GET", "HEAD", "get", "QUERY", "PROPFIND", "FOO")) {
      assertThat(ask(shop, method + " /any-method")).startsWith("HTTP/1.1 402");
    }
    assertThat(ask(shop, "POST /any-method")).endsWith(SECRET);
  }

  /** Returns the path with something in front of it, in front of its last segment, and behind. */
  private static List<String> odd(String path) {
    List<String> all = new ArrayList<>();
    String head = path.substring(0, path.lastIndexOf('/') + 1);
    String tail = path.substring(head.length());
    for (String more : ODD) {
      all.addAll(List.of("/" + more + path.substring(1), head + more + tail, path + more));
    }
    return all;
  }

  private static String ask(Shop shop, String line) throws IOException {
    try (Socket socket = new Socket("localhost", shop.url("/").getPort())) {
      socket.setSoTimeout(10_000);
      String head = line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
