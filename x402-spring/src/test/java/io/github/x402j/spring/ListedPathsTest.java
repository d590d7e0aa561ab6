// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.RequiresPayment;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** The documents of what is for sale name the paths that clients call. */
class ListedPathsTest {
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(Weather.class)
  static class Application {}

  @RestController
  static class Weather {
    @GetMapping({"/weather/{city}", "/forecast/{city:[A-Z]{2,3}}"})
    @RequiresPayment(value = "$0.01", discoverable = true)
    String weather(@PathVariable("city") String city) {
      return city;
    }

    @GetMapping
    @RequiresPayment(value = "$0.01", discoverable = true)
    String all() {
      return "all";
    }
  }

  @ParameterizedTest
  @CsvSource({"/app,/app", "/app/,/app", "/,''"})
  void thePathOfTheDispatcherServletIsListed(String servletPath, String prefix) {
    Map<String, String> properties =
        Map.of(
            "spring.autoconfigure.exclude",
            Shop.WITHOUT_SECURITY,
            "spring.mvc.servlet.path",
            servletPath,
            "x402.public-url",
            "https://shop.example",
            "x402.publish-offers",
            "true");
    Container container = Container.ofThisBoot().findFirst().orElseThrow();
    try (Shop shop = Shop.start(container, properties, Application.class)) {
      String list = shop.get("/.well-known/x402").body();
      String openApi = shop.get("/.well-known/openapi.json").body();
      for (String path : new String[] {"/weather/", "/forecast/"}) {
        assertThat(shop.get(prefix + path + "SF").required().extensions().toString())
            .contains("routeTemplate=" + prefix + path + ":city", "pathParams={city=SF}");
        assertThat(list).contains("\"https://shop.example" + prefix + path + ":city\"");
        assertThat(openApi).contains("\"" + prefix + path + "{city}\":");
      }
      if (!prefix.isEmpty()) {
        assertThat(shop.get(prefix).required().resource().url())
            .isEqualTo("https://shop.example" + prefix);
        assertThat(list)
            .contains("\"https://shop.example" + prefix + "\"")
            .doesNotContain("shop.example/weather", "shop.example/forecast");
      }
    }
  }
}
