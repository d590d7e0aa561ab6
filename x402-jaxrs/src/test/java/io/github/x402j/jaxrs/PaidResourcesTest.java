// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static io.github.x402j.jaxrs.Goods.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.jaxrs.Shop.Answer;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Resources with prices, bought over HTTP. */
class PaidResourcesTest {
  private static final int CENT = 10_000;
  private static final Map<Stack, Shop.Webapp> WEBAPPS = new EnumMap<>(Stack.class);
  private static Shop shop;

  @BeforeAll
  static void start() throws Exception {
    shop = new Shop();
    for (Stack stack : Stack.values()) {
      WEBAPPS.put(stack, shop.start(stack, Goods.all()));
    }
  }

  @AfterAll
  static void stop() throws Exception {
    shop.close();
  }

  private static Stream<Arguments> onEach(List<Arguments> cases) {
    return Stream.of(Stack.values())
        .flatMap(
            stack ->
                cases.stream()
                    .map(
                        each ->
                            Arguments.of(
                                Stream.concat(Stream.of(stack), Stream.of(each.get())).toArray())));
  }

  static Stream<Arguments> priced() {
    return onEach(
        List.of(
            Arguments.of("GET /plain", 1),
            Arguments.of("GET /plain/response", 1),
            Arguments.of("GET /plain/cookie", 1),
            Arguments.of("GET /plain/created", 1),
            Arguments.of("GET /plain/redirect", 1),
            Arguments.of("GET /plain/async", 1),
            Arguments.of("GET /plain/async-now", 1),
            Arguments.of("GET /plain/stage", 1),
            Arguments.of("GET /plain/stream", 1),
            Arguments.of("GET /plain/servlet", 1),
            Arguments.of("GET /plain/shout", 1),
            Arguments.of("GET /plain/again", 1),
            Arguments.of("POST /plain/echo", 1),
            Arguments.of("HEAD /plain/response", 1),
            Arguments.of("HEAD /plain/head", 1),
            Arguments.of("GET /streamed", 1),
            Arguments.of("GET /streamed/stream", 1),
            Arguments.of("GET /streamed/events", 1),
            Arguments.of("GET /streamed/async", 1),
            Arguments.of("GET /mixed/dear", 2),
            Arguments.of("GET /mixed/cheap", 1),
            Arguments.of("GET /implemented/one", 3),
            Arguments.of("POST /implemented/two", 4),
            Arguments.of("GET /extended/one", 3),
            Arguments.of("GET /extended/two", 4),
            Arguments.of("GET /composed", 5),
            Arguments.of("POST /posts", 1),
            Arguments.of("GET /shelf/items/7", 2),
            Arguments.of("GET /vault/box", 6),
            Arguments.of("GET /vault/class", 6),
            Arguments.of("GET /vault/box/inner/inner", 6),
            Arguments.of("GET /vault/items/7", 2),
            Arguments.of("GET /rows?rows=8", 8),
            Arguments.of("GET /free/require", 7)));
  }

  @ParameterizedTest
  @MethodSource("priced")
  void nothingGoesOutUntilItIsPaidForAndAllOfItThen(Stack stack, String request, int cents)
      throws Exception {
    String[] parts = request.split(" ", -1);
    String body = parts[0].equals("POST") ? "hello" : null;
    String[] headers = {"Content-Type", "text/plain"};
    int runs = Goods.RUNS.get();
    Answer unpaid = WEBAPPS.get(stack).send(parts[0], parts[1], body, headers);
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.all()).doesNotContainIgnoringCase(SECRET);
    assertThat(unpaid.required().accepts().get(0).amount()).hasToString("" + cents * CENT);
    assertThat(Goods.RUNS).hasValue(runs);
    long earned = shop.earned();
    Answer paid = WEBAPPS.get(stack).pay(parts[0], parts[1], body, headers);
    assertThat(paid.status()).isIn(200, 201, 303);
    assertThat(paid.all()).contains(SECRET);
    assertThat(paid.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(shop.earned() - earned).isEqualTo(cents * CENT);
    assertThat(Goods.RUNS).hasValue(runs + 1);
  }

  static Stream<Arguments> failing() {
    return onEach(
        List.of(
            Arguments.of("/plain/not-found", 404),
            Arguments.of("/plain/mapped", 409),
            Arguments.of("/plain/throws", 500),
            Arguments.of("/plain/async-throws", 500),
            Arguments.of("/plain/stage-throws", 500),
            Arguments.of("/plain/stream-throws", 500)));
  }

  @ParameterizedTest
  @MethodSource("failing")
  void aMethodThatFailsCostsNothing(Stack stack, String path, int status) throws Exception {
    long earned = shop.earned();
    Answer failed = WEBAPPS.get(stack).pay(path);
    assertThat(failed.status()).isEqualTo(status);
    assertThat(failed.header("PAYMENT-RESPONSE")).isNull();
    assertThat(failed.all()).doesNotContain(SECRET);
    assertThat(shop.earned()).isEqualTo(earned);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aStreamThatBrokeOffIsSentAgainForTheSamePayment(Stack stack) throws Exception {
    Shop.Webapp webapp = WEBAPPS.get(stack);
    long earned = shop.earned();
    String payment = shop.payment(webapp.get("/streamed/breaks"));
    Goods.BREAKS.add(Goods.RUNS.get() + 1);
    assertThat(bodyOrNone(webapp, payment)).doesNotContain(SECRET);
    assertThat(bodyOrNone(webapp, payment)).isEqualTo("begun " + SECRET);
    assertThat(shop.earned() - earned).isEqualTo(CENT);
  }

  private static String bodyOrNone(Shop.Webapp webapp, String payment) throws Exception {
    try {
      return webapp.get("/streamed/breaks", "PAYMENT-SIGNATURE", payment).body();
    } catch (IOException e) { // Jersey lets the container end the connection
      return "";
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void salesAreRecordedUnderMethodAndTemplate(Stack stack) throws Exception {
    for (String path : List.of("/mixed/dear", "/shelf/items/7", "/vault/box")) {
      WEBAPPS.get(stack).pay(path);
    }
    assertThat(shop.sold()).contains("GET /mixed/dear", "GET Items.one", "/vault/*");
  }

  static Stream<Arguments> unsold() {
    return onEach(
        List.of(
            Arguments.of("GET /plain/nothing", 404, "Accept", "*/*"),
            Arguments.of("DELETE /plain", 405, "Accept", "*/*"),
            Arguments.of("GET /plain", 406, "Accept", "image/png"),
            Arguments.of("POST /plain/echo", 415, "Content-Type", "application/xml"),
            Arguments.of("GET /plain", 401, "X-Stranger", "yes"),
            Arguments.of("GET /plain", 400, "X-Bad", "yes"),
            Arguments.of("OPTIONS /plain", 200, "Accept", "*/*"),
            Arguments.of("OPTIONS /plain/options", 200, "Accept", "*/*"),
            Arguments.of("OPTIONS /vault/box", 200, "Accept", "*/*"),
            Arguments.of("GET /rows/bad", 500, "Accept", "*/*"),
            Arguments.of("GET /rows?rows=x", 500, "Accept", "*/*")));
  }

  @ParameterizedTest
  @MethodSource("unsold")
  void whatDoesNotReachTheMethodIsAnsweredByTheApplication(
      Stack stack, String request, int status, String header, String value) throws Exception {
    String[] parts = request.split(" ", -1);
    String body = parts[0].equals("POST") ? "hello" : null;
    int runs = Goods.RUNS.get();
    Answer answer = WEBAPPS.get(stack).send(parts[0], parts[1], body, header, value);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("PAYMENT-REQUIRED")).isNull();
    assertThat(Goods.RUNS).hasValue(runs);
    if (parts[0].equals("OPTIONS")) {
      assertThat(answer.header("Allow") + answer.body()).containsAnyOf("GET", "mine");
    }
  }

  static Stream<Arguments> free() {
    return onEach(
        List.of(
            Arguments.of("GET /posts"),
            Arguments.of("HEAD /posts"),
            Arguments.of("GET /shelf"),
            Arguments.of("GET /shelf/items"),
            Arguments.of("GET /free")));
  }

  @ParameterizedTest
  @MethodSource("free")
  void whatHasNoPriceIsFree(Stack stack, String request) throws Exception {
    String[] parts = request.split(" ", -1);
    Answer answer = WEBAPPS.get(stack).send(parts[0], parts[1], null);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.all()).doesNotContainIgnoringCase("payment");
  }

  static Stream<Arguments> stacks() {
    return onEach(List.of(Arguments.of()));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aBrowserMayReadThe402AndWhatItPaidFor(Stack stack) throws Exception {
    Answer unpaid = WEBAPPS.get(stack).get("/plain/response");
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.header("Access-Control-Allow-Origin")).isEqualTo("https://a.example");
    assertThat(String.join(",", unpaid.response().headers().allValues("Vary")))
        .contains("Origin", "PAYMENT-SIGNATURE");
    assertThat(
            String.join(
                ",", unpaid.response().headers().allValues("Access-Control-Expose-Headers")))
        .contains("X-Data", "PAYMENT-REQUIRED");
    assertThat(unpaid.header("X-Filter")).isNull();
    assertThat(unpaid.header("Content-Type")).startsWith("application/json");
    assertThat(unpaid.body()).contains("accepts");
    Answer paid = WEBAPPS.get(stack).pay("/plain/response");
    assertThat(paid.header("Access-Control-Allow-Origin")).isEqualTo("https://a.example");
    assertThat(paid.header("X-Filter")).isNotNull();
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void the402NamesWhatIsSold(Stack stack) throws Exception {
    var resource = WEBAPPS.get(stack).get("/mixed/dear").required().resource();
    assertThat(resource.url()).isEqualTo("https://shop.example/mixed/dear");
    assertThat(resource.description()).isEqualTo("two");
    assertThat(resource.mimeType()).isEqualTo("text/plain");
  }
}
