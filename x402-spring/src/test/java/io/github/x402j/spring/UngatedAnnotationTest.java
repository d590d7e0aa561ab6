// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.servlet.HandlerFramework;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.testing.TestWallet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.MockServletContext;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** An annotation that nothing gates fails the start, or its handler does not run. */
class UngatedAnnotationTest {
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
  static class Mvc {}

  @Component
  @RequiresPayment("$0.01")
  static class NoController {}

  @Component
  static class NoControllerWithMethod {
    @RequiresPayment("$0.01")
    String sell() {
      return "";
    }
  }

  @RestController
  static class MethodWithoutPath {
    @RequiresPayment("$0.01")
    String sell() {
      return "";
    }
  }

  @RestController
  static class Good {
    @GetMapping("/good")
    @RequiresPayment("$0.01")
    String sell() {
      return "";
    }
  }

  @RestController
  static class WithMethods {
    @GetMapping("/a")
    @RequiresPayment(value = "$0.01", methods = "GET")
    String sell() {
      return "";
    }
  }

  @RestController
  static class NoPrice {
    @GetMapping("/a")
    @RequiresPayment
    String sell() {
      return "";
    }
  }

  @RestController
  static class BadPrice {
    @GetMapping("/a")
    @RequiresPayment("0.01")
    String sell() {
      return "";
    }
  }

  @RestController
  static class FinePrice {
    @GetMapping("/a")
    @RequiresPayment("$0.0000001")
    String sell() {
      return "";
    }
  }

  @RestController
  static class NoSuchProperty {
    @GetMapping("/a")
    @RequiresPayment("${no.such}")
    String sell() {
      return "";
    }
  }

  @RestController
  static class NoSuchBean {
    @GetMapping("/a")
    @RequiresPayment(pricedBy = "noSuchBean")
    String sell() {
      return "";
    }
  }

  @RestController
  static class BadExpression {
    @GetMapping("/a")
    @RequiresPayment("#{1 +}")
    String sell() {
      return "";
    }
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        Arguments.of(NoController.class, "NoController is annotated"),
        Arguments.of(NoControllerWithMethod.class, "NoControllerWithMethod.sell is annotated"),
        Arguments.of(MethodWithoutPath.class, "MethodWithoutPath.sell is annotated"),
        Arguments.of(WithMethods.class, "names methods"),
        Arguments.of(NoPrice.class, "GET /a: "),
        Arguments.of(BadPrice.class, "price \"0.01\""),
        Arguments.of(FinePrice.class, "GET /a: "),
        Arguments.of(NoSuchProperty.class, "no.such"),
        Arguments.of(NoSuchBean.class, "there is no bean 'noSuchBean'"),
        Arguments.of(BadExpression.class, "@RequiresPayment on GET /a: "));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void theStartFailsWithClassAndReason(Class<?> wrong, String reason) {
    runner
        .withUserConfiguration(wrong)
        .run(
            context -> {
              assertThat(context).hasFailed();
              FailureAnalysis analysis =
                  new StartFailureAnalyzer().analyze(context.getStartupFailure());
              assertThat(analysis).as(String.valueOf(context.getStartupFailure())).isNotNull();
              System.out.println(wrong.getSimpleName() + " -> " + analysis.getDescription());
              assertThat(analysis.getDescription()).contains(reason);
            });
  }

  /** A bean that is a resource of another framework, as with Jersey. */
  @Component
  static class GatedElsewhere {
    @RequiresPayment("$0.01")
    String sell() {
      return "";
    }
  }

  /** Found by ServiceLoader. */
  public static final class OtherFramework implements HandlerFramework {
    @Override
    public boolean gates(Class<?> annotated) {
      return annotated == GatedElsewhere.class;
    }
  }

  @Test
  void whatAnotherFrameworkGatesIsLeftToIt() {
    runner
        .withUserConfiguration(GatedElsewhere.class)
        .run(context -> assertThat(context).hasNotFailed());
  }

  @Test
  void withoutAFilterTheStartFails() {
    runner
        .withUserConfiguration(Good.class)
        .withPropertyValues("x402.enabled=false")
        .run(
            context ->
                assertThat(
                        new StartFailureAnalyzer()
                            .analyze(context.getStartupFailure())
                            .getDescription())
                    .contains("GET /good is annotated", "no PaymentFilter"));
  }

  @Test
  void theFilterLeavesToSpringWhatSpringGates() {
    SpringHandlers spring = new SpringHandlers();
    MockServletContext webapp = new MockServletContext();

    assertThat(spring.isSetUpIn(webapp)).isFalse();
    SpringHandlers.gateIn(webapp);
    assertThat(spring.isSetUpIn(webapp)).isTrue();
    assertThat(spring.gates(Good.class)).isTrue();
    assertThat(spring.gates(Controllers.Api.class)).isTrue();
    assertThat(spring.gates(Controllers.Costs.class)).isTrue();
    assertThat(spring.gates(UngatedAnnotationTest.class)).isFalse();
  }

  @Test
  void aHandlerThatWasNotDecidedOnDoesNotRun() {
    runner
        .withUserConfiguration(Good.class)
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              HandlerMethod handler =
                  context
                      .getBean(RequestMappingHandlerMapping.class)
                      .getHandlerMethods()
                      .values()
                      .iterator()
                      .next();
              MockHttpServletRequest request = new MockHttpServletRequest("GET", "/good");
              PaymentHandlerAdapter adapter = context.getBean(PaymentHandlerAdapter.class);

              assertThat(adapter.supports(handler)).isTrue();
              assertThatThrownBy(
                      () -> adapter.handle(request, new MockHttpServletResponse(), handler))
                  .hasMessageContaining("GET /good is annotated with @RequiresPayment");
            });
  }
}
