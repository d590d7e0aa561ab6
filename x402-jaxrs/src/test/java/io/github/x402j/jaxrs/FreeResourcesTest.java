// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.jaxrs.Shop.Answer;
import jakarta.ws.rs.core.Application;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is free is answered as it was before: the same application without x402j beside it. */
class FreeResourcesTest {
  private static final List<String> REQUESTS =
      List.of(
          "GET /free",
          "HEAD /free",
          "OPTIONS /free",
          "DELETE /free",
          "POST /free",
          "GET /free/none",
          "GET /free/async",
          "GET /free/stream",
          "GET /free/events",
          "GET /free/throws",
          "GET /free/not-found",
          "GET /free/mapped",
          "GET /shelf",
          "GET /shelf/items",
          "OPTIONS /shelf/items",
          "GET /shelf/none");

  private record Pair(Shop.Webapp with, Shop.Webapp without) {}

  private static final Map<Stack, Pair> WEBAPPS = new LinkedHashMap<>();
  private static Shop shop;

  private static Application application(Map<String, Object> properties) {
    Goods.Of all =
        new Goods.Of(
            Goods.Free.class, Goods.Shelf.class, Providers.Cors.class, Providers.Mapper.class);
    return all.with(properties);
  }

  @BeforeAll
  static void start() throws Exception {
    shop = new Shop();
    for (Stack stack : Stack.values()) {
      Shop.Webapp with = shop.start(stack, application(Map.of()));
      Shop.Webapp without =
          shop.startSite(
              stack,
              context ->
                  JaxRs.HERE.add(
                      context, application(Map.of("jakarta.ws.rs.loadServices", false))));
      WEBAPPS.put(stack, new Pair(with, without));
    }
  }

  @AfterAll
  static void stop() throws Exception {
    shop.close();
  }

  static Stream<Stack> stacks() {
    return Stream.of(Stack.values());
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void areAnsweredAsBefore(Stack stack) throws Exception {
    for (String request : REQUESTS) {
      Pair pair = WEBAPPS.get(stack);
      assertThat(answer(pair.with(), request))
          .as(request)
          .isEqualTo(answer(pair.without(), request));
    }
  }

  private static String answer(Shop.Webapp webapp, String request) throws Exception {
    String[] parts = request.split(" ", -1);
    String body = parts[0].equals("POST") ? "hello" : null;
    Answer answer =
        webapp.send(parts[0], parts[1], body, "Content-Type", "text/plain", "X-Payment", "none");
    Map<String, List<String>> headers = new LinkedHashMap<>(answer.response().headers().map());
    headers.remove("date");
    if (String.valueOf(answer.header("Content-Type")).startsWith("text/html")) {
      headers.remove("content-length"); // a page of the container, with port and stack trace
      return answer.status() + " " + headers;
    }
    return answer.status() + " " + headers + " " + answer.body();
  }
}
