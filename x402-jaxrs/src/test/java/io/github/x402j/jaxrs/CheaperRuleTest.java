// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Price;
import io.github.x402j.jaxrs.Shop.Answer;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.servlet.Route;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A resource that costs more than the rule that is decided first. */
class CheaperRuleTest {
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

  @Path("reports")
  public static class Reports {
    @GET
    @Path("{id}")
    @RequiresPayment("$0.05")
    public String one(@PathParam("id") String id) {
      return Goods.SECRET;
    }

    @GET
    @Path("sample")
    public String sample() {
      return "sample";
    }
  }

  @Path("posted")
  public static class Posted {
    @POST
    @RequiresPayment("$0.05")
    public String post() {
      return Goods.SECRET;
    }
  }

  @Path("digits")
  public static class Digits {
    @GET
    @Path("{id: [0-9]{2,3}}")
    @RequiresPayment("$0.05")
    public String one(@PathParam("id") String id) {
      return Goods.SECRET;
    }
  }

  @Path("class/{all: .+}")
  @RequiresPayment("$0.05")
  public static class Priced {
    @GET
    public String get() {
      return Goods.SECRET;
    }
  }

  @Path("rows")
  public static class Rows {
    @GET
    @RequiresPayment(pricedBy = "rows")
    public String get() {
      return Goods.SECRET;
    }
  }

  @Path("shelf")
  public static class Shelf {
    @Path("box")
    public Object box() {
      return new Goods.Box();
    }

    @Path("known")
    public Class<Free> known() {
      return Free.class;
    }
  }

  public static class Free {
    @GET
    public String get() {
      return "free";
    }
  }

  private static Arguments fails(Object resource, Route rule, String... message) {
    return Arguments.of(resource, rule, List.of(message));
  }

  private static Arguments starts(Object resource, Route rule) {
    return Arguments.of(resource, rule, List.of());
  }

  private static Route cent(String pattern) {
    return Route.of(pattern).price("$0.01");
  }

  static Stream<Arguments> rules() {
    return Stream.of(
        fails(
            Reports.class,
            cent("/reports/*"),
            "CheaperRuleTest$Reports.one, mapped to GET /reports/{id}, costs $0.05",
            "the rule /reports/* decides on GET /reports/1 first, and takes $0.01: who pays that is"
                + " refused"),
        fails(Reports.class, cent("/reports/*").settleFirst(), "who pays that has paid"),
        fails(Reports.class, cent("/reports/other"), "decides on GET /reports/other first"),
        fails(Posted.class, cent("/*").methods("POST"), "mapped to POST /posted, costs $0.05"),
        fails(Priced.class, cent("/class/a/b"), "decides on GET /class/a/b first"),
        fails(Rows.class, cent("/rows"), "costs a price that depends on the request"),
        fails(Shelf.class, cent("/shelf/*").settleFirst(), "Shelf.box, mapped to /shelf/box/**"),
        fails(Shelf.class, cent("/shelf/box/a").settleFirst(), "settles GET /shelf/box/a first"),
        starts(Reports.class, cent("/reports/sample")),
        starts(Reports.class, Route.of("/reports/*").price("$0.05").settleFirst()),
        starts(Posted.class, cent("/posted").methods("GET")),
        starts(Digits.class, cent("/digits/7")),
        fails(Digits.class, cent("/digits/77"), "decides on GET /digits/77 first"),
        starts(Shelf.class, cent("/shelf/*")),
        starts(Shelf.class, cent("/shelf/known/*").settleFirst()));
  }

  private static Shop.Webapp start(Stack stack, Route rule, String mapping, Class<?> resource)
      throws Exception {
    PaymentFilter filter = shop.filter().routes(rule).build();
    return shop.startSite(
        stack,
        context -> {
          JaxRs.HERE.add(context, application(resource), mapping);
          PaymentFilter.register(context, filter);
        });
  }

  private static Goods.Of application(Class<?> resource) {
    return new Goods.Of(
        Goods.Free.class, resource, PaymentPrices.named("rows", request -> Price.parse("$0.01")));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aResourceThatCannotBeBoughtFailsTheStart(Class<?> resource, Route rule, List<String> message)
      throws Exception {
    if (message.isEmpty()) {
      start(STACK, rule, "/*", resource);
      return;
    }
    var thrown = assertThatThrownBy(() -> start(STACK, rule, "/*", resource));
    message.forEach(thrown::hasStackTraceContaining);
  }

  @ParameterizedTest
  @EnumSource(Stack.class)
  void thePathOfTheServletCounts(Stack stack) throws Exception {
    Shop.Webapp apart = start(stack, cent("/reports/*"), "/api/*", Reports.class);

    assertThat(apart.get("/api/reports/7").required().accepts().get(0).amount())
        .hasToString("50000");
    assertThat(apart.pay("/api/reports/7").body()).isEqualTo(Goods.SECRET);
    if (stack != Stack.TOMCAT) { // which goes on without the servlet
      assertThatThrownBy(() -> start(stack, cent("/api/reports/*"), "/api/*", Reports.class))
          .hasStackTraceContaining("mapped to GET /api/reports/{id}");
    }
  }

  @ParameterizedTest
  @EnumSource(Stack.class)
  void aFilterThatIsInitialisedLaterDoesNotStart(Stack stack) throws Exception {
    PaymentFilter filter = shop.filter().routes(cent("/reports/*").settleFirst()).build();
    long before = shop.earned();
    try {
      Shop.Webapp webapp =
          shop.startSite(
              stack,
              context -> {
                JaxRs.HERE.add(context, application(Reports.class), "/*");
                var registration = context.addFilter("x402", filter);
                registration.setAsyncSupported(true);
                registration.addMappingForUrlPatterns(
                    EnumSet.allOf(DispatcherType.class), true, "/*");
              });
      assertThat(webapp.get("/reports/7").status()).isGreaterThanOrEqualTo(404);
      assertThat(webapp.get("/reports/7").all()).doesNotContain(Goods.SECRET);
    } catch (Exception e) {
      assertThat(e)
          .hasStackTraceContaining(
              stack == Stack.TOMCAT ? "the webapp did not start" : "who pays that has paid");
    }
    assertThat(shop.earned()).isEqualTo(before);
  }

  private static final class Other extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().print("other");
    }
  }

  /** Where JAX-RS is, is not certain: it may be the target of the rule or not. */
  private static Shop.Webapp startTwo(Route rule) throws Exception {
    PaymentFilter filter = shop.filter().routes(rule).build();
    return shop.startSite(
        STACK,
        context -> {
          context.addServlet("other", new Other()).addMapping("/other/*");
          JaxRs.HERE.add(context, application(Reports.class), "/api/*");
          JaxRs.HERE.addAgain(context, application(Reports.class), "/more/*");
          PaymentFilter.register(context, filter);
        });
  }

  @Test
  void whereThePathIsNotCertainNothingIsChargedAndRefused() throws Exception {
    Shop.Webapp held = startTwo(cent("/api/reports/*"));
    long before = shop.earned();
    Answer refused = held.pay("/api/reports/7");
    assertThat(refused.status()).isEqualTo(402);
    assertThat(refused.required().accepts().get(0).amount()).hasToString("50000");
    assertThat(shop.earned()).isEqualTo(before);

    for (String path : List.of("/api/reports/*", "/more/reports/*")) {
      assertThatThrownBy(() -> startTwo(cent(path).settleFirst()))
          .hasStackTraceContaining("who pays that has paid");
    }
    assertThat(startTwo(cent("/other/*").settleFirst()).pay("/other/a").body()).isEqualTo("other");
  }
}
