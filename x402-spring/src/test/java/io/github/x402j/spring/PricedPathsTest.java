// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.spring.Shop.Reply;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.UrlBasedCorsConfigurationSource;
import org.springframework.web.filter.CorsFilter;

/** Paths that properties price, in a Boot application on every container. */
class PricedPathsTest {
  private static final Map<Container, Shop> SHOPS = new EnumMap<>(Container.class);

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Application {
    @Bean
    ServletRegistrationBean<Annotated> annotated() {
      return new ServletRegistrationBean<>(new Annotated(), "/annotated");
    }

    /** Without an order, so behind the payment filter. */
    @Bean
    CorsFilter cors() {
      CorsConfiguration cors = new CorsConfiguration();
      cors.setAllowedOrigins(List.of("https://browser.example"));
      cors.setAllowedHeaders(List.of("PAYMENT-SIGNATURE"));
      UrlBasedCorsConfigurationSource paths = new UrlBasedCorsConfigurationSource();
      paths.registerCorsConfiguration("/premium/**", cors);
      return new CorsFilter(paths);
    }

    @Bean
    Pages pages() {
      return new Pages();
    }
  }

  @RequiresPayment("$0.03")
  static final class Annotated extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().print("annotated");
    }
  }

  @RestController
  static class Pages {
    @GetMapping("/premium/{id}")
    String premium(@PathVariable("id") String id) {
      return "premium " + id;
    }

    @GetMapping("/free")
    String free() {
      return "free";
    }

    @GetMapping("/api/fails")
    String fails() {
      throw new IllegalStateException("it fails");
    }
  }

  @BeforeAll
  static void start() {
    Map<String, String> properties = new HashMap<>();
    properties.put("spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY);
    properties.put("x402.routes[0].pattern", "/premium/{id}");
    properties.put("x402.routes[0].price", "$0.01");
    properties.put("x402.routes[0].methods", "GET");
    properties.put("x402.routes[1].pattern", "/api/*");
    properties.put("x402.routes[1].price", "$0.02");
    properties.put("x402.routes[1].deliver-errors", "all");
    Container.ofThisBoot()
        .forEach(
            container ->
                SHOPS.put(container, Shop.start(container, properties, Application.class)));
  }

  @AfterAll
  static void stop() {
    SHOPS.values().forEach(Shop::close);
  }

  static Stream<Container> containers() {
    return Container.ofThisBoot();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void aPricedPathIsSoldAndAFreeOneIsNot(Container container) {
    Shop shop = SHOPS.get(container);

    Reply unpaid = shop.get("/premium/7");
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.required().resource().url()).isEqualTo("http://localhost/premium/7");
    Reply paid = shop.pay("/premium/7");
    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.body()).isEqualTo("premium 7");
    assertThat(paid.isSettled()).isTrue();
    assertThat(shop.get("/free").body()).isEqualTo("free");
  }

  @ParameterizedTest
  @MethodSource("containers")
  void anAnnotatedServletIsSold(Container container) {
    Shop shop = SHOPS.get(container);

    assertThat(shop.get("/annotated").required().accepts().get(0).amount()).hasToString("30000");
    assertThat(shop.pay("/annotated").body()).isEqualTo("annotated");
  }

  @ParameterizedTest
  @MethodSource("containers")
  void theErrorPageOfAPricedPrefixIsBoots(Container container) {
    Reply failed = SHOPS.get(container).pay("/api/fails", "Accept", "application/json");

    assertThat(failed.status()).isEqualTo(500);
    assertThat(failed.body()).contains("\"path\":\"/api/fails\"");
    assertThat(failed.isSettled()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void theCorsFilterOfTheWebappAnswersThePreflightAndNamesTheOriginOfA402(Container container) {
    Shop shop = SHOPS.get(container);
    String[] origin = {"Origin", "https://browser.example"};

    Reply preflight =
        shop.send(
            shop.request("/premium/7", origin)
                .header("Access-Control-Request-Method", "GET")
                .header("Access-Control-Request-Headers", "payment-signature")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
    Reply unpaid = shop.get("/premium/7", origin);
    Reply paid = shop.pay("/premium/7", origin);

    assertThat(preflight.header("Access-Control-Allow-Headers")).isEqualTo("payment-signature");
    assertThat(unpaid.status()).isEqualTo(402);
    for (Reply reply : List.of(preflight, unpaid, paid)) {
      assertThat(reply.header("Access-Control-Allow-Origin"))
          .as(reply.toString())
          .isEqualTo("https://browser.example");
    }
    assertThat(paid.header("Access-Control-Expose-Headers")).contains("PAYMENT-RESPONSE");
  }

  @ParameterizedTest
  @MethodSource("containers")
  void whatToTryIsPrinted(Container container) {
    Shop shop = SHOPS.get(container);

    assertThat(shop.bean(DevNetwork.class).linesToTry(shop.url("/premium/7").toString()))
        .anySatisfy(line -> assertThat(line).startsWith("curl -i '" + shop.url("/premium/7")))
        .anySatisfy(line -> assertThat(line).startsWith("x402 pay '").contains("--rpc-url http"));
  }
}
