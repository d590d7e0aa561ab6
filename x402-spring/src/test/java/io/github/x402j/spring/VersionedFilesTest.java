// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.DigestUtils;

/** Static files that Spring MVC serves under versioned URLs, too. */
class VersionedFilesTest {
  private static final String SECRET = "what is sold";
  private static final String HASH = DigestUtils.md5DigestAsHex(SECRET.getBytes(UTF_8));

  @TempDir static Path files;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Application {}

  private static void write(String name, String text) throws IOException {
    Files.createDirectories(files.resolve(name).getParent());
    Files.writeString(files.resolve(name), text);
  }

  @Test
  void noVersionOfAPricedFileIsFreeAndThoseOfOthersAre() throws IOException {
    write("content/secret.txt", SECRET);
    write("content/free.txt", "free");
    write("fixed/secret.txt", SECRET);
    write("fixed/free.txt", "free");
    write("sold/a.txt", SECRET);
    Map<String, String> properties = new HashMap<>();
    properties.put("spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY);
    properties.put("spring.web.resources.static-locations", files.toUri().toString());
    properties.put("spring.web.resources.chain.strategy.content.enabled", "true");
    properties.put("spring.web.resources.chain.strategy.content.paths", "/content/**,/sold/**");
    properties.put("spring.web.resources.chain.strategy.fixed.enabled", "true");
    properties.put("spring.web.resources.chain.strategy.fixed.version", "v1");
    properties.put("spring.web.resources.chain.strategy.fixed.paths", "/fixed/**");
    String[] rules = {"/content/secret.txt", "/fixed/secret.txt", "/sold/*"};
    for (int i = 0; i < rules.length; i++) {
      properties.put("x402.routes[" + i + "].pattern", rules[i]);
      properties.put("x402.routes[" + i + "].price", "$0.01");
    }
    try (Shop shop = Shop.start(Container.TOMCAT, properties, Application.class)) {
      List<String> free = new ArrayList<>();
      for (String path :
          List.of(
              "/content/secret-" + HASH + ".txt",
              "/content//secret-" + HASH + ".txt",
              "/content/./secret-" + HASH + ".txt",
              "/content/x/../secret-" + HASH + ".txt",
              "/content/%73ecret-" + HASH + ".txt",
              "/content/secret%2D" + HASH + "%2Etxt",
              "/content/secret-" + HASH + ".txt;a=b",
              "/v1/fixed/secret.txt",
              "//v1/fixed/secret.txt",
              "/v1//fixed/secret.txt",
              "/v1/fixed//secret.txt",
              "/%76%31/fixed/secret.txt",
              "/v1;a/fixed/%73ecret.txt",
              "/v1/./fixed/secret.txt")) {
        String answer = ask(shop, path);
        if (answer.contains(SECRET) || !answer.startsWith("HTTP/1.1 40")) {
          free.add(path + " " + answer.lines().findFirst().orElse(""));
        }
      }
      assertThat(free).isEmpty();
      assertThat(ask(shop, "/v1/fixed/secret.txt")).contains("invalid_path");
      assertThat(ask(shop, "/content/secret.txt")).startsWith("HTTP/1.1 402");
      assertThat(shop.pay("/fixed/secret.txt").body()).isEqualTo(SECRET);
      assertThat(shop.pay("/sold/a-" + HASH + ".txt").body()).isEqualTo(SECRET);
      assertThat(ask(shop, "/v1/fixed/free.txt")).endsWith("free");
      String hash = DigestUtils.md5DigestAsHex("free".getBytes(UTF_8));
      assertThat(ask(shop, "/content/free-" + hash + ".txt")).endsWith("free");
    }
  }

  private static String ask(Shop shop, String path) throws IOException {
    try (Socket socket = new Socket("localhost", shop.url("/").getPort())) {
      socket.setSoTimeout(10_000);
      String head = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
