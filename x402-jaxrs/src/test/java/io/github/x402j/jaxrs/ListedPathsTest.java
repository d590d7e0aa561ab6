// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Application;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The documents of what is for sale name the paths that clients call. */
class ListedPathsTest {
  private static Shop shop;

  @BeforeAll
  static void start() {
    shop = new Shop();
  }

  @AfterAll
  static void stop() throws Exception {
    shop.close();
  }

  @Path("weather")
  public static class Weather {
    @GET
    @Path("{city}")
    @RequiresPayment(value = "$0.01", discoverable = true)
    public String weather(@PathParam("city") String city) {
      return city;
    }
  }

  /** Says nothing of where it is. */
  public static class Plain extends Application {
    @Override
    public Set<Class<?>> getClasses() {
      return Set.of(Weather.class);
    }
  }

  /** Says where it is if nothing maps it. */
  @ApplicationPath("annotated")
  public static final class Annotated extends Plain {}

  static Stream<Arguments> webapps() {
    return Stream.of(Stack.values())
        .flatMap(
            stack ->
                Stream.of(
                    Arguments.of(stack, new Plain(), ""),
                    Arguments.of(stack, new Plain(), "/v1/api"),
                    Arguments.of(stack, new Annotated(), "/api")));
  }

  @ParameterizedTest
  @MethodSource("webapps")
  void theMappingOfTheServletIsListed(Stack stack, Application application, String base)
      throws Exception {
    PaymentFilter filter = shop.filter().publishOffers().build();
    Shop.Webapp webapp =
        shop.startSite(
            stack,
            context -> {
              JaxRs.HERE.add(context, application, base + "/*");
              PaymentFilter.register(context, filter);
            });

    assertThat(webapp.get(base + "/weather/SF").required().extensions().toString())
        .contains("routeTemplate=" + base + "/weather/:city", "pathParams={city=SF}");
    assertThat(webapp.get("/.well-known/x402").body())
        .contains("\"https://shop.example" + base + "/weather/:city\"")
        .doesNotContain("annotated");
    assertThat(webapp.get("/.well-known/openapi.json").body())
        .contains("\"" + base + "/weather/{city}\":");
  }
}
