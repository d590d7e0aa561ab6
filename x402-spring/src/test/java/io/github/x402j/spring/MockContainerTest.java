// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/** The tests that a webapp has already, with MockMvc, go on with the starter. */
class MockContainerTest {
  @Configuration
  @EnableWebMvc
  @Import(Quotes.class)
  static class Webapp {}

  @RestController
  static class Quotes {
    @GetMapping("/quote")
    @RequiresPayment("$0.01")
    String quote() {
      return "42";
    }

    @GetMapping("/about")
    String about() {
      return "free";
    }
  }

  @Test
  void mockMvcRunsTheFilterAndTheHandlers() {
    new WebApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(X402AutoConfiguration.class, HandlerAutoConfiguration.class))
        .withUserConfiguration(Webapp.class)
        .withPropertyValues(
            "x402.dev=true", "x402.routes[0].pattern=/report", "x402.routes[0].price=$1")
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              MockMvc mvc =
                  MockMvcBuilders.webAppContextSetup(context)
                      .addFilter( // as Boot does
                          context.getBean(PaymentFilter.class),
                          "x402",
                          Map.of(),
                          EnumSet.allOf(DispatcherType.class),
                          "/*")
                      .build();
              assertThat(answer(mvc, "/about").getContentAsString()).isEqualTo("free");
              assertThat(answer(mvc, "/quote").getStatus()).isEqualTo(402);
              assertThat(answer(mvc, "/quote").getHeader("PAYMENT-REQUIRED")).isNotNull();
              assertThat(answer(mvc, "/report").getStatus()).isEqualTo(402);
            });
  }

  private static MockHttpServletResponse answer(MockMvc mvc, String path) throws Exception {
    return mvc.perform(get(path)).andReturn().getResponse();
  }
}
