// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.spring.Shop.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Spring Security behind the filter: what it refuses costs the payer nothing. */
class SecurityBehindTest {
  private static final long CENT = 10_000;
  private static Shop shop;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @EnableMethodSecurity
  @Import(Handlers.class)
  static class Application {
    @Bean
    SecurityFilterChain security(HttpSecurity http) throws Exception {
      return http.authorizeHttpRequests(
              all -> all.requestMatchers("/url/*").hasRole("BUYER").anyRequest().permitAll())
          .httpBasic(Customizer.withDefaults())
          .csrf(csrf -> csrf.disable())
          .build();
    }

    @Bean
    InMemoryUserDetailsManager users() {
      return new InMemoryUserDetailsManager(
          User.withUsername("buyer").password("{noop}b").roles("BUYER").build(),
          User.withUsername("other").password("{noop}o").roles("OTHER").build());
    }
  }

  @RestController
  static class Handlers {
    @GetMapping("/url/path")
    public String url() {
      return "sold";
    }

    @GetMapping("/url/annotated")
    @RequiresPayment("$0.01")
    public String urlAnnotated() {
      return "sold";
    }

    @GetMapping("/method/path")
    @PreAuthorize("hasRole('BUYER')")
    public String method() {
      return "sold";
    }

    @GetMapping("/method/annotated")
    @RequiresPayment("$0.01")
    @PreAuthorize("hasRole('BUYER')")
    public String methodAnnotated() {
      return "sold";
    }
  }

  @BeforeAll
  static void start() {
    Map<String, String> properties = new HashMap<>();
    properties.put("x402.filter-order", "-150");
    String[] rules = {"/url/path", "/method/path"};
    for (int i = 0; i < rules.length; i++) {
      properties.put("x402.routes[" + i + "].pattern", rules[i]);
      properties.put("x402.routes[" + i + "].price", "$0.01");
    }
    shop = Shop.start(Container.TOMCAT, properties, Application.class);
  }

  @AfterAll
  static void stop() {
    shop.close();
  }

  private static String[] basic(String user) {
    return user.isEmpty()
        ? new String[0]
        : new String[] {
          "Authorization",
          "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.ISO_8859_1))
        };
  }

  /** The annotation of a handler is asked after the security of its URL, that of a path before. */
  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of("/url/path", "", true, 401),
        Arguments.of("/url/path", "other:o", true, 403),
        Arguments.of("/url/path", "buyer:wrong", true, 401),
        Arguments.of("/method/path", "", true, 401),
        Arguments.of("/method/path", "other:o", true, 403),
        Arguments.of("/method/annotated", "", true, 401),
        Arguments.of("/method/annotated", "other:o", true, 403),
        Arguments.of("/url/annotated", "", false, 401),
        Arguments.of("/url/annotated", "other:o", false, 403));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatSecurityRefusesCostsNothing(String path, String user, boolean asksFirst, int status) {
    long before = shop.balance();

    Reply reply = asksFirst ? shop.pay(path, basic(user)) : shop.get(path, basic(user));

    assertThat(reply.status()).as(reply.toString()).isEqualTo(status);
    assertThat(reply.isSettled()).isFalse();
    assertThat(reply.body()).doesNotContain("sold");
    assertThat(reply.header("WWW-Authenticate").startsWith("Basic")).isEqualTo(status == 401);
    assertThat(shop.balance()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("sold")
  void whoMayAskPaysOnce(String path) {
    long before = shop.balance();

    Reply reply = shop.pay(path, basic("buyer:b"));

    assertThat(reply.status()).as(reply.toString()).isEqualTo(200);
    assertThat(reply.body()).isEqualTo("sold");
    assertThat(shop.balance()).isEqualTo(before - CENT);
  }

  static Stream<String> sold() {
    return Stream.of("/url/path", "/url/annotated", "/method/path", "/method/annotated");
  }
}
