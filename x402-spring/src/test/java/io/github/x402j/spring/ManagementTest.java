// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.spring.Shop.Reply;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Health, the endpoint and the OpenAPI document of a running application. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ManagementTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static Shop shop;

  @BeforeAll
  static void start() {
    Map<String, String> properties = new HashMap<>();
    properties.put("spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY);
    properties.put("price", "$0.02");
    properties.put("management.endpoints.web.exposure.include", "health,x402");
    properties.put("management.endpoint.health.show-details", "always");
    properties.put("x402.routes[0].pattern", "/free/*");
    properties.put("x402.routes[0].price", "$0.07");
    properties.put("x402.routes[1].pattern", "/free/text");
    properties.put("x402.routes[1].free", "true");
    shop = Shop.start(Container.TOMCAT, properties, Controllers.Application.class);
  }

  @AfterAll
  static void stop() {
    shop.close();
  }

  private static JsonNode json(Reply reply) {
    try {
      return JSON.readTree(reply.body());
    } catch (Exception e) {
      throw new AssertionError(reply.toString(), e);
    }
  }

  @Test
  @Order(1)
  void theEndpointShowsPricesAndSalesAndNoSecret() {
    shop.pay("/rest/body");

    Reply reply = shop.get("/actuator/x402");
    System.out.println(reply.body());
    JsonNode shown = json(reply);

    assertThat(shown.at("/routes/0/pattern").asText()).isEqualTo("/free/*");
    assertThat(shown.at("/routes/0/price").asText()).isEqualTo("$0.07");
    assertThat(shown.at("/routes/1/price").asText()).isEqualTo("free");
    assertThat(shown.at("/accepts/network").asText()).isEqualTo("eip155:84532");
    assertThat(shown.at("/handlers").toString())
        .contains("{\"handler\":\"GET /rest/body\",\"price\":\"$0.01\"}")
        .contains("{\"handler\":\"GET /rest/bean\",\"price\":\"by byLength\"}");
    assertThat(shown.at("/recentSales/0/route").asText()).isEqualTo("GET /rest/body");
    assertThat(shown.at("/recentSales/0/state").asText()).isEqualTo("DELIVERED");
    assertThat(shown.at("/recentSales/0/amount").asText()).isEqualTo("10000");
    assertThat(shown.at("/recentSales/0/transaction").asText()).startsWith("0x");
    DevNetwork network = shop.bean(DevNetwork.class);
    assertThat(reply.body())
        .doesNotContain(network.rpcUrl().toString())
        .doesNotContain(network.payer().privateKey())
        .doesNotContain("signature");
  }

  /** Boot's registries get meters of payments and of the node, without a line of code. */
  @Test
  @Order(1)
  void whatIsSoldIsCounted() {
    shop.pay("/rest/body");

    MeterRegistry registry = shop.bean(MeterRegistry.class);
    List<String> meters =
        registry.getMeters().stream().map(meter -> meter.getId().getName()).sorted().toList();
    System.out.println(meters);

    assertThat(
            registry.get("x402.payments.settled").tag("route", "GET /rest/body").counter().count())
        .isPositive();
    assertThat(meters)
        .contains("x402.rpc", "x402.settle", "x402.settlement.waiting", "x402.ledger.entries");
  }

  @Test
  @Order(2)
  void theDocumentShowsThePricesOfHandlersAndPaths() {
    JsonNode paths = json(shop.get("/v3/api-docs")).at("/paths");
    JsonNode body = paths.at("/~1rest~1body/get");

    assertThat(body.at("/x-payment-info/price").toString())
        .isEqualTo("{\"mode\":\"fixed\",\"currency\":\"USD\",\"amount\":\"0.01\"}");
    assertThat(body.at("/x-payment-info/protocols").toString()).isEqualTo("[{\"x402\":{}}]");
    assertThat(body.at("/responses/402/headers/PAYMENT-REQUIRED/schema/type").asText())
        .isEqualTo("string");
    assertThat(body.at("/responses/402/content/application~1json/schema/properties/accepts/type"))
        .hasToString("\"array\"");
    assertThat(body.at("/responses/200").isMissingNode()).isFalse();
    assertThat(paths.at("/~1rest~1bean/get/x-payment-info/price/mode").asText())
        .isEqualTo("dynamic");
    assertThat(paths.at("/~1free~1json/get/x-payment-info/price/amount").asText())
        .isEqualTo("0.07");
    assertThat(paths.at("/~1free~1text/get/x-payment-info").isMissingNode()).isTrue();
    assertThat(paths.at("/~1free~1text/get/responses/402").isMissingNode()).isTrue();
    assertThat(paths.at("/~1rest~1while-handling/get/x-payment-info").isMissingNode()).isTrue();
  }

  /** The last one: it stops the chain. */
  @Test
  @Order(3)
  void healthTellsWhetherTheNodeAnswersAndWhatIsFreeGoesOn() {
    JsonNode up = json(shop.get("/actuator/health")).at("/components/x402");
    shop.bean(DevNetwork.class).close();
    Reply stopped = shop.get("/actuator/health");
    JsonNode down = json(stopped).at("/components/x402");
    System.out.println(up + "\n" + down);

    assertThat(up.at("/status").asText()).isEqualTo("UP");
    assertThat(up.at("/details/facilitator").asText()).isEqualTo("settles");
    assertThat(up.at("/details/node").asText()).isEqualTo("answers");
    assertThat(up.at("/details/ledger").asText()).isEqualTo("in memory");
    assertThat(stopped.status()).isEqualTo(503);
    assertThat(down.at("/status").asText()).isEqualTo("DOWN");
    assertThat(down.at("/details/node").asText()).isNotEqualTo("answers");
    assertThat(shop.get("/free/text").status()).isEqualTo(200);
  }
}
