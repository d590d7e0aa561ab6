// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.spring.Shop.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** Spring Security in front: who may not ask is told so, and not asked to pay. */
class SecurityTest {
  private static Shop shop;

  @Configuration(proxyBeanMethods = false)
  @Import(Controllers.Application.class)
  static class Secured {
    @Bean
    SecurityFilterChain security(HttpSecurity http) throws Exception {
      return http.authorizeHttpRequests(
              all ->
                  all.requestMatchers("/rest/secured", "/premium")
                      .hasRole("BUYER")
                      .anyRequest()
                      .permitAll())
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

  @BeforeAll
  static void start() {
    Map<String, String> properties = new HashMap<>();
    properties.put("price", "$0.02");
    properties.put("x402.routes[0].pattern", "/premium");
    properties.put("x402.routes[0].price", "$0.01");
    shop = Shop.start(Container.TOMCAT, properties, Secured.class);
  }

  @AfterAll
  static void stop() {
    shop.close();
  }

  private static String basic(String user) {
    return "Basic "
        + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void securityAnswersBeforeAPaymentIsAskedFor() {
    for (String path : new String[] {"/rest/secured", "/premium"}) {
      Reply unknown = shop.get(path);
      Reply forbidden = shop.get(path, "Authorization", basic("other:o"));
      Reply unpaid = shop.get(path, "Authorization", basic("buyer:b"));

      assertThat(unknown.status()).as(path).isEqualTo(401);
      assertThat(unknown.header("WWW-Authenticate")).startsWith("Basic");
      assertThat(unknown.header("PAYMENT-REQUIRED")).isEmpty();
      assertThat(forbidden.status()).as(path).isEqualTo(403);
      assertThat(forbidden.header("PAYMENT-REQUIRED")).isEmpty();
      assertThat(unpaid.status()).as(path).isEqualTo(402);
    }
  }

  @Test
  void whoMayAskPaysAndGetsTheHeadersOfSecurity() {
    Reply paid = shop.pay("/rest/secured", "Authorization", basic("buyer:b"));
    Reply async = shop.pay("/rest/callable");

    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.body()).isEqualTo("sold");
    assertThat(paid.isSettled()).isTrue();
    assertThat(paid.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(async.body()).isEqualTo("sold");
  }
}
