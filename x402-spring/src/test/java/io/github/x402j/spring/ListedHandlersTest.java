// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.RequiresPayment;
import io.swagger.v3.oas.annotations.Operation;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** What springdoc's annotation says of a handler describes it in the lists, too. */
class ListedHandlersTest {
  private static Shop shop;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(Handlers.class)
  static class Application {}

  @RestController
  static class Handlers {
    @GetMapping("/summary")
    @Operation(summary = "A summary", description = "All about it")
    @RequiresPayment(value = "$0.01", discoverable = true)
    String summary() {
      return "";
    }

    @GetMapping("/description")
    @Operation(description = " A description\n")
    @RequiresPayment(value = "$0.01", discoverable = true)
    String description() {
      return "";
    }

    @GetMapping("/own")
    @Operation(summary = "Of no matter")
    @RequiresPayment(value = "$0.01", discoverable = true, description = "Its own")
    String own() {
      return "";
    }

    @GetMapping("/nothing")
    @Operation(operationId = "nothing")
    @RequiresPayment(value = "$0.01", discoverable = true)
    String nothing() {
      return "";
    }

    @GetMapping("/unlisted")
    @Operation(summary = "Of no matter")
    @RequiresPayment("$0.01")
    String unlisted() {
      return "";
    }
  }

  @BeforeAll
  static void start() {
    Map<String, String> properties =
        Map.of(
            "spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY, "x402.publish-offers", "true");
    Container container = Container.ofThisBoot().findFirst().orElseThrow();
    shop = Shop.start(container, properties, Application.class);
  }

  @AfterAll
  static void stop() {
    shop.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/summary,A summary",
    "/description,A description",
    "/own,Its own",
    "/nothing,",
    "/unlisted,"
  })
  void isDescribedByItsOperation(String path, String description) {
    assertThat(shop.get(path).required().resource().description()).isEqualTo(description);
    for (String document : new String[] {"/.well-known/x402", "/.well-known/openapi.json"}) {
      assertThat(shop.get(document).body())
          .contains(description == null ? "" : "\"" + description + "\"")
          .doesNotContain("All about it", "Of no matter");
    }
  }
}
