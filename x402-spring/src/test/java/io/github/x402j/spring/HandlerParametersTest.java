// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.extension.DiscoveryEntry;
import io.swagger.v3.oas.annotations.Parameter;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.method.HandlerMethod;

/** What the signature of a handler says of how it is called. */
class HandlerParametersTest {
  record Question(String q, int limit) {}

  record Forecast(String city, List<Double> temperatures) {}

  @RestController
  static class Handlers {
    ResponseEntity<Forecast> weather(
        @PathVariable("city") String place,
        @RequestParam int days,
        @RequestParam(defaultValue = "en") String lang,
        @RequestParam Optional<List<String>> fields,
        @Parameter(description = "How exact", example = "fine") @RequestParam(required = false)
            String grain,
        HttpServletRequest request,
        Model model) {
      return ResponseEntity.ok(null);
    }

    CompletableFuture<List<Forecast>> ask(@RequestBody Question question) {
      return CompletableFuture.completedFuture(List.of());
    }

    void text(@RequestBody String text) {}
  }

  /** Of pages, whose return value names a view. */
  static class Pages {
    String page() {
      return "view";
    }
  }

  private static Map<String, Object> entry(Object bean, String name, String method) {
    Method found =
        Arrays.stream(bean.getClass().getDeclaredMethods())
            .filter(each -> each.getName().equals(name))
            .findFirst()
            .orElseThrow();
    Map<String, Object> entry =
        HandlerParameters.of(new HandlerMethod(bean, found))
            .entry(method, "/weather/{city}", Map.of("city", "SF"))
            .toMap();
    DiscoveryEntry.of(entry);
    return entry;
  }

  private static Object at(Object json, String... path) {
    Object value = json;
    for (String name : path) {
      value = ((Map<?, ?>) value).get(name);
    }
    return value;
  }

  @Test
  void declaresParametersAsTheSignatureHasThem() {
    Map<String, Object> entry = entry(new Handlers(), "weather", "GET");
    Object query = at(entry, "schema", "properties", "input", "properties", "queryParams");
    assertThat(at(query, "properties", "days")).isEqualTo(Map.of("type", "integer"));
    assertThat(at(query, "properties", "lang")).isEqualTo(Map.of("type", "string"));
    assertThat(at(query, "properties", "fields"))
        .isEqualTo(Map.of("type", "array", "items", Map.of("type", "string")));
    assertThat(at(query, "properties", "grain"))
        .isEqualTo(Map.of("type", "string", "description", "How exact", "example", "fine"));
    assertThat(at(query, "required")).isEqualTo(List.of("days"));
    assertThat(at(entry, "info", "input", "queryParams"))
        .isEqualTo(Map.of("days", 0L, "grain", "fine"));
    assertThat(at(entry, "schema", "properties", "output", "properties", "example", "properties"))
        .isEqualTo(
            Map.of(
                "city",
                Map.of("type", "string"),
                "temperatures",
                Map.of("type", "array", "items", Map.of("type", "number"))));
  }

  @Test
  void declaresBodiesAndAnswersByTheirTypes() {
    Map<String, Object> ask = entry(new Handlers(), "ask", "POST");
    assertThat(at(ask, "info", "input", "bodyType")).isEqualTo("json");
    assertThat(at(ask, "info", "input", "body")).isEqualTo(Map.of("q", "string", "limit", 0L));
    assertThat(at(ask, "schema", "properties", "output", "properties", "example", "type"))
        .isEqualTo("array");
    Map<String, Object> text = entry(new Handlers(), "text", "POST");
    assertThat(at(text, "info", "input", "bodyType")).isEqualTo("text");
    assertThat(at(text, "info", "output")).isNull();
    assertThat(at(entry(new Pages(), "page", "GET"), "info", "output")).isNull();
  }
}
