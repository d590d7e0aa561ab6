// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.JsonText;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.ResourceInfo;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.InMemoryDiscoveryCatalog;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.VerifiedPayment;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole way of a listing: payer, shop, facilitator, chain, and what its list then says. */
class SoldIsListedTest {
  @RegisterExtension static final Market MARKET = new Market();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PATH = "/paid/bern/forecast";
  private static final String LISTED = Market.PUBLIC_URL + "/paid/:city/forecast";
  private static final Map<String, String> PROCESSING = Map.of("status", "processing");
  private static final Map<String, String> SUCCESS = Map.of("status", "success");

  private final List<Object> heard = new CopyOnWriteArrayList<>();
  private final TestPayer payer = MARKET.payer();
  private TestContainer facilitator;
  private PaidWebapp shop;

  @BeforeEach
  void open() {
    FacilitatorServlet servlet =
        FacilitatorServlet.of(
            FacilitatorService.builder()
                .ledger(InMemoryPaymentLedger.withCapacity(100))
                .facilitator(MARKET.facilitator(Duration.ofSeconds(10)))
                .token(MARKET.token)
                .catalog(InMemoryDiscoveryCatalog.create())
                .build());
    facilitator =
        TestContainer.on(Stack.JETTY)
            .start(context -> TestContainer.addServlet(context, "facilitator", servlet, "/*"));
    shop =
        PaidWebapp.on(Stack.JETTY, MARKET)
            .facilitator(
                HttpFacilitator.builder(
                        URI.create(facilitator.url()), EvmLocalChecks.withoutChain())
                    .settleIsIdempotent()
                    .requestTimeout(Duration.ofSeconds(10))
                    .build())
            .routes(
                Route.get("/paid/{city}/forecast")
                    .price("$0.01")
                    .description("Forecast for a city")
                    .discoverable(Discoverable.http().query("days", 3)),
                Route.get("/cheap/forecast").price("$0.01"))
            .handlers(
                Map.of(
                    "forecast",
                    (request, response) -> {
                      if (request.getParameter("broke") != null) {
                        payer.goBroke();
                      }
                      response.setStatus(request.getParameter("fails") == null ? 200 : 500);
                      response.getWriter().write("21");
                    }))
            .filter(filter -> filter.serviceName("Sky").listener(new Hearing()))
            .start();
  }

  private final class Hearing implements PaymentListener {
    @Override
    public void extensionResponses(VerifiedPayment payment, Map<String, Object> responses) {
      heard.add(responses.get(Discoverable.EXTENSION));
    }
  }

  @AfterEach
  void close() {
    shop.close();
    facilitator.close();
  }

  private JsonNode listed(String target) throws IOException {
    RawHttp.Response response = RawHttp.get(facilitator.port(), "/discovery/" + target);
    assertThat(response.status()).as(response.all()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static JsonNode announced(RawHttp.Response unpaid) throws IOException {
    return JSON.readTree(JsonText.text(entry(TestPayer.required(unpaid).extensions())));
  }

  @SuppressWarnings("unchecked") // JSON objects
  private static Map<String, Object> entry(Map<String, Object> extensions) {
    return (Map<String, Object>) extensions.get(Discoverable.EXTENSION);
  }

  @Test
  void whatWasSoldIsListedAsTheSellerDeclaredIt() throws Exception {
    RawHttp.Response unpaid = shop.get(PATH);
    assertThat(listed("resources").get("items")).isEmpty();
    assertThat(shop.get(PATH + "?days=2", payer.header(unpaid)).status()).isEqualTo(200);
    JsonNode list = listed("resources?network=" + MARKET.token.network().caip2());
    assertThat(list.at("/pagination/total").asInt()).isEqualTo(1);
    JsonNode item = list.at("/items/0");
    assertThat(item.get("resource").asText()).isEqualTo(LISTED);
    assertThat(item.get("description").asText()).isEqualTo("Forecast for a city");
    assertThat(item.get("serviceName").asText()).isEqualTo("Sky");
    assertThat(item.at("/accepts/0/amount").asText()).isEqualTo("10000");
    assertThat(item.at("/accepts/0/network").asText()).isEqualTo(MARKET.token.network().caip2());
    assertThat(item.at("/accepts/0/payTo").asText()).isEqualToIgnoringCase(shop.seller.address());
    assertThat(item.at("/extensions/bazaar")).isEqualTo(announced(unpaid));
    assertThat(listed("search?query=city+forecast").get("resources")).containsExactly(item);
    assertThat(heard).containsExactly(PROCESSING, SUCCESS);
  }

  /** What a payer makes of what it was told, and what its payment leads to. */
  static Stream<Arguments> returned() {
    Map<String, Object> lie = Map.of("type", "object", "description", "lie");
    return Stream.of(
        echo(
            "another resource",
            payload -> payload.withResource(ResourceInfo.of("https://lie.example/lie"))),
        echo("another schema", changed(entry -> entry.put("schema", lie))),
        echo("another template", changed(entry -> entry.put("routeTemplate", "/lie/:city"))),
        echo("no schema", changed(entry -> entry.keySet().retainAll(List.of("info")))),
        echo("more beside the info", changed(entry -> entry.put("lie", "lie"))),
        echo(
            "an answer in the info",
            payload -> payload.withInfo("bazaar", Map.of("output", Map.of("type", "lie")))));
  }

  private static Arguments echo(String what, UnaryOperator<PaymentPayload> change) {
    return Arguments.of(what, change);
  }

  private static UnaryOperator<PaymentPayload> changed(Consumer<Map<String, Object>> change) {
    return payload -> {
      Map<String, Object> changed = new LinkedHashMap<>(entry(payload.extensions()));
      change.accept(changed);
      return payload.withExtensions(Map.of(Discoverable.EXTENSION, changed));
    };
  }

  private RawHttp.Response pay(String target, UnaryOperator<PaymentPayload> change)
      throws IOException {
    PaymentPayload payload = change.apply(payer.payload(shop.get(target)));
    return shop.get(
        target, PaymentHeader.PAYMENT_SIGNATURE + ": " + PaymentCodec.encodePayload(payload));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("returned")
  void aPayerPutsNothingIntoTheList(String what, UnaryOperator<PaymentPayload> change)
      throws Exception {
    assertThat(pay(PATH, change).status()).isEqualTo(200);
    JsonNode list = listed("resources");
    assertThat(list.toString()).doesNotContain("lie");
    assertThat(list.at("/items/0/resource").asText()).isEqualTo(LISTED);
    assertThat(list.at("/items/0/extensions/bazaar")).isEqualTo(announced(shop.get(PATH)));
    assertThat(heard).containsExactly(PROCESSING, SUCCESS);
  }

  @Test
  void aPayerMakesNothingDiscoverable() throws Exception {
    Map<String, Object> made = Discoverable.http().entry("GET", "/lie/{x}", Map.of()).toMap();
    RawHttp.Response paid =
        pay("/cheap/forecast", payload -> payload.withExtensions(Map.of("bazaar", made)));
    assertThat(paid.status()).isEqualTo(200);
    assertThat(listed("resources").get("items")).isEmpty();
    assertThat(heard).isEmpty();
  }

  @Test
  void aPayerThatReturnsNothingIsSoldToAndNothingIsListed() throws Exception {
    assertThat(pay(PATH, payload -> payload.withExtensions(Map.of())).status()).isEqualTo(200);
    assertThat(listed("resources").get("items")).isEmpty();
  }

  /** Refused before it is verified, refused when verified, not settled, and failed on the way. */
  static Stream<Arguments> unpaid() {
    return Stream.of(
        Arguments.of("info changed", PATH, changed(entry -> entry.put("info", Map.of())), 402, 0),
        Arguments.of("an answer of 500", PATH + "?fails=1", UnaryOperator.identity(), 500, 1),
        Arguments.of("no money left", PATH + "?broke=1", UnaryOperator.identity(), 402, 1));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unpaid")
  void whatDidNotMoveMoneyListsNothing(
      String what, String target, UnaryOperator<PaymentPayload> change, int status, int verified)
      throws Exception {
    assertThat(pay(target, change).status()).isEqualTo(status);
    assertThat(shop.earned()).isZero();
    assertThat(listed("resources").get("items")).isEmpty();
    assertThat(heard).hasSize(verified).allMatch(PROCESSING::equals);
  }

  @Test
  void aPayerWithoutMoneyListsNothing() throws Exception {
    RawHttp.Response unpaid = shop.get(PATH);
    payer.goBroke();
    assertThat(shop.get(PATH, payer.header(unpaid)).status()).isEqualTo(402);
    assertThat(listed("resources").get("items")).isEmpty();
    assertThat(heard).isEmpty();
  }
}
