// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.jaxrs.Shop.Answer;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.DispatcherType;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.OPTIONS;
import jakarta.ws.rs.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An annotation that cannot be kept to fails the start, with the class, the method and the reason.
 */
class StartTest {
  private static final Stack STACK = JaxRs.HERE == JaxRs.JERSEY ? Stack.JETTY : Stack.UNDERTOW;
  private static Shop shop;

  @BeforeAll
  static void start() {
    shop = new Shop();
  }

  @AfterAll
  static void stop() throws Exception {
    shop.close();
  }

  @Path("x")
  public static class BadPrice {
    @GET
    @RequiresPayment("1 cent")
    public String get() {
      return "";
    }
  }

  @Path("x")
  public static class NoPrice {
    @GET
    @RequiresPayment
    public String get() {
      return "";
    }
  }

  @Path("x")
  @RequiresPayment("$0.00000001")
  public static class TooSmall {
    @GET
    public String get() {
      return "";
    }
  }

  @Path("x")
  public static class Both {
    @GET
    @RequiresPayment(value = "$0.01", pricedBy = "perRow")
    public String get() {
      return "";
    }
  }

  @Path("x")
  public static class Unknown {
    @GET
    @RequiresPayment(pricedBy = "perRow")
    public String get() {
      return "";
    }
  }

  @Path("x")
  public static class Methods {
    @GET
    @RequiresPayment(value = "$0.01", methods = "GET")
    public String get() {
      return "";
    }
  }

  @Path("x")
  public static class Options {
    @OPTIONS
    @RequiresPayment("$0.01")
    public String options() {
      return "";
    }
  }

  @Path("x")
  public static class Locator {
    @Path("y")
    @RequiresPayment("$0.01")
    public Goods.Box box() {
      return new Goods.Box();
    }
  }

  @Path("x")
  @RequiresPayment("nothing")
  public static class LocatorsOnly {
    @Path("y")
    public Goods.Box box() {
      return new Goods.Box();
    }
  }

  @Path("x")
  public static class Helper {
    @GET
    public String get() {
      return help();
    }

    @RequiresPayment("$0.01")
    private String help() {
      return "";
    }
  }

  @Path("x")
  public static class LeadsToWrong {
    @Path("y")
    public Class<BadPrice> wrong() {
      return BadPrice.class;
    }
  }

  static List<Arguments> wrong() {
    return List.of(
        Arguments.of(BadPrice.class, "BadPrice.get: @RequiresPayment: price \"1 cent\""),
        Arguments.of(NoPrice.class, "NoPrice.get: @RequiresPayment: price \"\""),
        Arguments.of(TooSmall.class, "TooSmall: @RequiresPayment: "),
        Arguments.of(Both.class, "Both.get: @RequiresPayment: expected a price or pricedBy"),
        Arguments.of(Unknown.class, "Unknown.get: @RequiresPayment: pricedBy \"perRow\""),
        Arguments.of(Methods.class, "Methods.get: @RequiresPayment: methods"),
        Arguments.of(Options.class, "Options.options: @RequiresPayment: OPTIONS"),
        Arguments.of(Locator.class, "Locator.box: @RequiresPayment: nothing gates a sub-resource"),
        Arguments.of(Helper.class, "Helper.help: @RequiresPayment: it is no resource method"),
        Arguments.of(LeadsToWrong.class, "BadPrice.get: @RequiresPayment: price"),
        Arguments.of(LocatorsOnly.class, "LocatorsOnly: @RequiresPayment: price \"nothing\""));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void anAnnotationThatCannotBeKeptTo(Class<?> resource, String message) {
    assertThatThrownBy(() -> shop.start(STACK, new Goods.Of(Goods.Free.class, resource)))
        .hasStackTraceContaining("io.github.x402j.jaxrs.StartTest$" + message);
  }

  @Test
  void aWebappWithoutAFilter() {
    assertThatThrownBy(
            () ->
                shop.startSite(
                    STACK, context -> JaxRs.HERE.add(context, new Goods.Of(Goods.Plain.class))))
        .hasStackTraceContaining("Goods$Plain: @RequiresPayment: nothing gates it");
  }

  static Stream<Stack> stacks() {
    return Stream.of(Stack.values());
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aFilterThatStartsAfterTheApplication(Stack stack) throws Exception {
    Shop.Webapp webapp = startFiltering(stack, EnumSet.allOf(DispatcherType.class));
    assertThat(webapp.get("/free").body()).isEqualTo("free");
    assertThat(webapp.get("/plain").status()).isEqualTo(402);
    assertThat(webapp.pay("/plain").body()).isEqualTo(Goods.SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aRequestThatNoFilterHasSeenRunsNothing(Stack stack) throws Exception {
    Shop.Webapp webapp = startFiltering(stack, EnumSet.of(DispatcherType.ERROR));
    int runs = Goods.RUNS.get();
    Answer answer = webapp.get("/plain");
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.all()).doesNotContain(Goods.SECRET);
    assertThat(Goods.RUNS).hasValue(runs);
    assertThat(webapp.get("/free").body()).isEqualTo("free");
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aFeatureThatRegistersTheFunctions(Stack stack) throws Exception {
    Shop.Webapp webapp =
        shop.start(stack, new Goods.Of(Goods.Rows.class, Providers.MorePrices.class));
    assertThat(webapp.get("/rows?rows=3").status()).isEqualTo(402);
    assertThat(webapp.pay("/rows?rows=3").body()).isEqualTo(Goods.SECRET);
  }

  /** Whose mapper might make a 200 of anything. */
  @ParameterizedTest
  @MethodSource("stacks")
  void anApplicationThatMapsEveryException(Stack stack) throws Exception {
    Shop.Webapp webapp =
        shop.start(stack, new Goods.Of(Goods.Free.class, Goods.Plain.class, Providers.Last.class));
    assertThat(webapp.get("/free/require").status()).isEqualTo(402);
    assertThat(webapp.get("/plain").status()).isEqualTo(402);
    assertThat(Providers.Last.MAPPED).isEmpty();
  }

  private static Shop.Webapp startFiltering(Stack stack, EnumSet<DispatcherType> dispatches)
      throws Exception {
    PaymentFilter filter = shop.filter().build();
    return shop.startSite(
        stack,
        context -> {
          JaxRs.HERE.add(context, new Goods.Of(Goods.Free.class, Goods.Plain.class));
          var registration = context.addFilter("x402", filter);
          registration.setAsyncSupported(true);
          registration.addMappingForUrlPatterns(dispatches, true, "/*");
        });
  }
}
