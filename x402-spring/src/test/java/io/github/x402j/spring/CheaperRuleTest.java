// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Price;
import io.github.x402j.Usdc;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/** A handler that costs more than the rule that is decided first fails the start. */
class CheaperRuleTest {
  private final WebApplicationContextRunner runner =
      new WebApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(X402AutoConfiguration.class, HandlerAutoConfiguration.class))
          .withPropertyValues(
              "x402.public-url=https://shop.example",
              "x402.network=base",
              "x402.pay-to=" + TestWallet.random().address(),
              "x402.rpc-url=http://127.0.0.1:1",
              "x402.gas-key=" + TestWallet.random().privateKey())
          .withUserConfiguration(Mvc.class);

  @Configuration(proxyBeanMethods = false)
  @EnableWebMvc
  static class Mvc {
    @Bean
    Function<HttpServletRequest, Price> byRows() {
      return request -> Price.parse("$0.01");
    }
  }

  @RestController
  static class One {
    @GetMapping("/reports/{id}")
    @RequiresPayment("$0.05")
    String one() {
      return "";
    }
  }

  @RestController
  static class Digits {
    @GetMapping("/reports/{id:[0-9]+}")
    @RequiresPayment("$0.05")
    String one() {
      return "";
    }
  }

  @RestController
  static class Posted {
    @PostMapping("/reports")
    @RequiresPayment("$0.05")
    String post() {
      return "";
    }
  }

  @RestController
  static class Dynamic {
    @GetMapping("/reports/rows")
    @RequiresPayment(pricedBy = "byRows")
    String rows() {
      return "";
    }
  }

  @RestController
  @RequestMapping("/class")
  @RequiresPayment(value = "$0.05", methods = "POST")
  static class WholeClass {
    @RequestMapping("/all")
    String all() {
      return "";
    }
  }

  @RestController
  static class Deep {
    @GetMapping({"/free-of-rules", "/deep/**"})
    @RequiresPayment("$0.05")
    String deep() {
      return "";
    }
  }

  @RestController
  static class Beside {
    @GetMapping("/reports/{id}")
    @RequiresPayment("$0.05")
    String one() {
      return "";
    }

    @GetMapping("/reports/sample")
    String sample() {
      return "";
    }

    @RequestMapping("/any")
    @RequiresPayment("$0.05")
    String any() {
      return "";
    }

    @GetMapping("/any")
    String get() {
      return "";
    }
  }

  @RestController
  static class BesideWithHeader {
    @GetMapping("/reports/{id}")
    @RequiresPayment("$0.05")
    String one() {
      return "";
    }

    @GetMapping(path = "/reports/sample", headers = "X-Sample")
    String sample() {
      return "";
    }
  }

  private static Arguments fails(Class<?> controller, String rules, String... message) {
    return Arguments.of(controller, rules, List.of(message));
  }

  private static Arguments starts(Class<?> controller, String rules) {
    return Arguments.of(controller, rules, List.of());
  }

  /** Rules are methods, pattern and price. */
  static Stream<Arguments> rules() {
    return Stream.of(
        fails(
            One.class,
            "/reports/* $0.01",
            "CheaperRuleTest$One#one()",
            "mapped to GET /reports/{id}",
            "costs $0.05 by its annotation",
            "the rule /reports/* decides on GET /reports/1 first, and takes $0.01: who pays that is"
                + " refused"),
        fails(One.class, "/reports/* $0.01 first", "takes $0.01: who pays that has paid"),
        fails(One.class, "/* $0.01", "the rule /* "),
        fails(One.class, "/reports/{name} $0.01", "the rule /reports/{name} "),
        fails(One.class, "/reports/sample $0.01", "the rule /reports/sample "),
        fails(One.class, "GET /reports/* $0.01", "the rule GET /reports/* "),
        fails(One.class, "/reports/* $0.05; /reports/sample $0.04", "/reports/sample", "$0.04"),
        fails(Digits.class, "/reports/* $0.01", "decides on GET /reports/1 first"),
        fails(Posted.class, "POST /reports $0.01", "mapped to POST /reports, costs $0.05"),
        fails(Posted.class, "/reports $0.01", "the rule /reports "),
        fails(Dynamic.class, "/reports/* $0.01", "costs a price that depends on the request"),
        fails(Dynamic.class, "/reports/* $9", "costs a price that depends on the request"),
        fails(WholeClass.class, "/class/* $0.01", "mapped to POST /class/all"),
        fails(Deep.class, "/deep/a/b $0.01", "the rule /deep/a/b "),
        fails(Deep.class, "/deep/* $0.01", "mapped to GET /deep/**"),
        fails(BesideWithHeader.class, "/reports/sample $0.01", "the rule /reports/sample "),
        fails(Beside.class, "/any $0.01", "decides on POST /any first"),
        starts(One.class, "/reports/* $0.05"),
        starts(One.class, "/reports/* $0.06 first"),
        starts(One.class, "/other/* $0.01; /reports $0.01; /reports/1/more $0.01"),
        starts(One.class, "POST /reports/* $0.01"),
        starts(One.class, "/reports/* $0.01; /reports/{id} free"),
        starts(Digits.class, "/reports/sample $0.01"),
        starts(Posted.class, "GET /reports $0.01"),
        starts(WholeClass.class, "GET /class/* $0.01"),
        starts(Beside.class, "/reports/sample $0.01"),
        starts(Beside.class, "GET /any $0.01"));
  }

  private static String[] properties(String rules) {
    String[] each = rules.split("; ");
    return IntStream.range(0, each.length)
        .mapToObj(i -> properties("x402.routes[" + i + "].", each[i].split(" ")))
        .flatMap(Arrays::stream)
        .toArray(String[]::new);
  }

  private static String[] properties(String route, String[] words) {
    int at = words[0].startsWith("/") ? 0 : 1;
    Stream<String> all =
        Stream.of(
            route + "pattern=" + words[at],
            words[at + 1].equals("free") ? route + "free=true" : route + "price=" + words[at + 1],
            route + "settle-first=" + words[words.length - 1].equals("first"));
    return Stream.concat(all, at == 0 ? Stream.of() : Stream.of(route + "methods=" + words[0]))
        .toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aHandlerThatCannotBeBoughtFailsTheStart(
      Class<?> controller, String rules, List<String> message) {
    expect(runner.withUserConfiguration(controller).withPropertyValues(properties(rules)), message);
  }

  private static void expect(WebApplicationContextRunner webapp, List<String> message) {
    webapp.run(
        context -> {
          if (message.isEmpty()) {
            assertThat(context).hasNotFailed();
            return;
          }
          assertThat(context).hasFailed();
          var analysis = new StartFailureAnalyzer().analyze(context.getStartupFailure());
          assertThat(analysis).as(String.valueOf(context.getStartupFailure())).isNotNull();
          assertThat(analysis.getDescription()).contains(message);
          assertThat(analysis.getAction()).contains("free by a rule of its own");
        });
  }

  /** Rules begin with the path of the servlet, mappings do not. */
  @Test
  void thePathOfTheDispatcherServletCounts() {
    for (String path : List.of("/app", "/app/")) {
      WebApplicationContextRunner below =
          runner
              .withUserConfiguration(One.class)
              .withPropertyValues("spring.mvc.servlet.path=" + path);
      expect(
          below.withPropertyValues(properties("/app/reports/* $0.01")),
          List.of("mapped to GET /app/reports/{id}", "GET /app/reports/1"));
      expect(below.withPropertyValues(properties("/reports/* $0.01")), List.of());
    }
  }

  /** Who pays the rule in its own token has not paid the handler. */
  @Test
  void everyTokenOfTheRuleCounts() {
    String payTo = TestWallet.random().address();
    Route rule = Route.of("/reports/*").price("$0.05").accept(Usdc.POLYGON, payTo);

    expect(
        runner
            .withUserConfiguration(One.class)
            .withBean(PaymentFilterCustomizer.class, () -> filter -> filter.routes(rule)),
        List.of("takes $0.05 in other tokens"));
  }

  @Test
  void aRuleWhosePriceDependsOnTheRequestIsKnownToBeEnoughOnlyWhereItCanStillBeRefused() {
    Route rule = Route.of("/reports/*").price(request -> Price.parse("$0.05"));

    expect(
        runner
            .withUserConfiguration(One.class)
            .withBean(PaymentFilterCustomizer.class, () -> filter -> filter.routes(rule)),
        List.of());
    expect(
        runner
            .withUserConfiguration(One.class)
            .withBean(
                PaymentFilterCustomizer.class, () -> filter -> filter.routes(rule.settleFirst())),
        List.of("takes a price that depends on the request: who pays that has paid"));
  }
}
