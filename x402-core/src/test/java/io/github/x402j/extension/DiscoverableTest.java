// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.JsonText;
import io.github.x402j.Vectors;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a seller declares of an endpoint, and what is taken of others' declarations. */
class DiscoverableTest {
  private static final JsonNode VECTORS = Vectors.load("bazaar.json");

  static Stream<Arguments> declarations() {
    Discoverable search = Discoverable.http().query("city", "SF").query("days", integer(), true);
    return Stream.of(
        Arguments.of(Discoverable.http(), "GET", "/plain", Map.of(), null),
        Arguments.of(search, "GET", "/plain", Map.of(), null),
        Arguments.of(search, "DELETE", "/ext/{id}", Map.of("id", "42"), "/ext/:id"),
        Arguments.of(search, "POST", "/ext/{id}.pdf", Map.of("id", "42"), "/ext/:id.pdf"),
        Arguments.of(
            Discoverable.http().path("id", integer()), "GET", "/{id}", Map.of("id", "4"), "/:id"),
        Arguments.of(Discoverable.http(), "GET", "/a/*", Map.of(), "/a/:var1"),
        Arguments.of(Discoverable.http(), "GET", "/*", Map.of(), null),
        Arguments.of(Discoverable.http(), "GET", "/a b/{id}", Map.of("id", "1"), null),
        Arguments.of(
            Discoverable.http().header("X-Lang", "en").output(Map.of("t", 1)),
            "GET",
            "/plain",
            Map.of(),
            null),
        Arguments.of(
            Discoverable.http().jsonBody(Map.of("q", "x")), "POST", "/ask", Map.of(), null),
        Arguments.of(
            Discoverable.http().formBody(Map.of("q", 1)).output("done"),
            "PUT",
            "/ask",
            Map.of(),
            null),
        Arguments.of(
            Discoverable.http()
                .textBody("hello")
                .outputSchema(Discoverable.schemaOf(Forecast.class)),
            "PATCH",
            "/ask",
            Map.of(),
            null));
  }

  private static Map<String, Object> integer() {
    return Map.of("type", "integer");
  }

  /** A record as handlers return it. */
  record Forecast(
      String city,
      int days,
      List<Double> temperatures,
      Optional<Sky> sky,
      Instant at,
      UUID id,
      Map<String, Object> more) {}

  /** An enum as handlers return it. */
  enum Sky {
    CLEAR,
    CLOUDY
  }

  @ParameterizedTest
  @MethodSource("declarations")
  void makesAnEntryThatIsAsItsSchemaSays(
      Discoverable declared,
      String method,
      String pattern,
      Map<String, String> values,
      String template) {
    Map<String, Object> entry = declared.entry(method, pattern, values).toMap();
    DiscoveryEntry read = DiscoveryEntry.of(entry);
    assertThat(read.routeTemplate()).isEqualTo(template);
    assertThat(read.operation()).isEqualTo(method);
    assertThat(read.toMap()).isEqualTo(entry);
    Map<?, ?> input = (Map<?, ?>) read.info().get("input");
    assertThat(input.get("pathParams")).isEqualTo(values.isEmpty() ? null : values);
  }

  /**
   * What the published validators have accepted ({@code x402-cli/interop/lib/bazaar-entries.mjs}),
   * and where they say that the endpoint is.
   */
  @Test
  void makesTheEntriesThatThePublishedValidatorsAccepted() throws Exception {
    JsonNode recorded = Vectors.load("bazaar-entries.json").get("entries");
    List<Arguments> all = declarations().toList();
    assertThat(recorded.size()).isEqualTo(all.size());
    for (int i = 0; i < all.size(); i++) {
      Object[] each = all.get(i).get();
      @SuppressWarnings("unchecked")
      Map<String, Object> entry =
          ((Discoverable) each[0])
              .entry((String) each[1], (String) each[2], (Map<String, String>) each[3])
              .toMap();
      JsonNode known = recorded.get(i);
      assertThat(new ObjectMapper().readTree(JsonText.text(entry))).isEqualTo(known.get("entry"));
      assertThat(known.at("/published/valid").asBoolean()).isTrue();
      assertThat(known.at("/published/method").asText()).isEqualTo(each[1]);
      assertThat(known.at("/published/resourceUrl").asText())
          .isEqualTo(
              ListedText.canonicalUrl(
                  known.get("url").asText(), DiscoveryEntry.of(entry).routeTemplate()));
    }
  }

  /** What the published server announces, but for members that a schema need not have. */
  @Test
  void announcesTheInfoOfTheGoldenVector() throws Exception {
    JsonNode golden = VECTORS.get("echoOk").get("bazaar");
    Map<String, Object> own =
        Discoverable.http()
            .query("city", "SF")
            .output(Map.of("t", 1))
            .entry("GET", "/ext/{id}", Map.of("id", "42"))
            .toMap();
    JsonNode json = new ObjectMapper().readTree(JsonText.text(own));
    assertThat(json.get("info")).isEqualTo(golden.get("info"));
    assertThat(json.get("routeTemplate")).isEqualTo(golden.get("routeTemplate"));
  }

  @Test
  void describesAnOperationInTheWordsOfOpenApi() {
    Map<String, Object> operation =
        Discoverable.http()
            .query("days", integer(), true)
            .jsonBody(Map.of("q", "x"))
            .output(Map.of("t", 1))
            .openApi(List.of("id"), null);
    assertThat(operation.get("parameters"))
        .asList()
        .containsExactly(
            Map.of(
                "name", "id", "in", "path", "required", true, "schema", Map.of("type", "string")),
            Map.of("name", "days", "in", "query", "required", true, "schema", integer()));
    assertThat(operation).containsKeys("requestBody", "responses");
  }

  @Test
  void saysOfAJavaTypeWhatMappersWrite() {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("city", Map.of("type", "string"));
    properties.put("days", integer());
    properties.put("temperatures", Map.of("type", "array", "items", Map.of("type", "number")));
    properties.put("sky", Map.of("type", "string", "enum", List.of("CLEAR", "CLOUDY")));
    properties.put("at", Map.of("type", "string", "format", "date-time"));
    properties.put("id", Map.of("type", "string", "format", "uuid"));
    properties.put("more", Map.of("type", "object"));
    assertThat(Discoverable.schemaOf(Forecast.class))
        .isEqualTo(Map.of("type", "object", "properties", properties));
    assertThat(Discoverable.schemaOf(Discoverable.class)).isEqualTo(Map.of("type", "object"));
  }

  @Test
  void refusesADeclarationThatReadersWouldRefuse() {
    assertThatThrownBy(
            () ->
                Discoverable.http()
                    .query("city", Map.of("$ref", "https://a.example/city.json"), false))
        .hasMessageContaining("city: expected a schema that refers to nothing outside itself");
    assertThatThrownBy(
            () ->
                Discoverable.http()
                    .jsonBody(
                        Map.of("q", 1),
                        Map.of("properties", Map.of("q", Map.of("type", "string")))))
        .hasMessageContaining("does not match its schema: body/q: expected string");
    assertThatThrownBy(() -> Discoverable.http().template("users/{id}"))
        .hasMessageContaining("expected a leading slash");
  }

  // ---- what others declare

  private static Map<String, Object> entry(Map<String, ?> input, Map<String, ?> schema) {
    return Map.of("info", Map.of("input", input), "schema", schema);
  }

  private static Stream<Arguments> wrong() {
    Map<String, Object> any = Map.of("type", "object");
    Map<String, Object> get = Map.of("type", "http", "method", "GET");
    return Stream.of(
        Arguments.of(null, "entry: expected an object"),
        Arguments.of("text", "entry: expected an object"),
        Arguments.of(Map.of("info", Map.of()), "schema: expected an object"),
        Arguments.of(entry(Map.of("type", "ftp"), any), "info.input.type: expected http or mcp"),
        Arguments.of(entry(Map.of("type", "http"), any), "info.input.method: expected a text"),
        Arguments.of(
            entry(Map.of("type", "http", "method", "TRACE"), any), "info.input.method: expected"),
        Arguments.of(
            entry(Map.of("type", "http", "method", "GET", "bodyType", "json"), any),
            "info.input.method: expected"),
        Arguments.of(
            entry(Map.of("type", "http", "method", "POST", "bodyType", "xml"), any),
            "info.input.bodyType: expected"),
        Arguments.of(entry(get, Map.of("$id", "https://a.example/")), "schema: refers to"),
        Arguments.of(
            entry(get, Map.of("properties", Map.of("a", List.of(Map.of("$ref", "a.json"))))),
            "schema: refers to"),
        Arguments.of(entry(get, Map.of("required", List.of("output"))), "info: is not as"),
        Arguments.of(entry(Map.of("type", "mcp"), any), "info.input.toolName: expected a text"),
        Arguments.of(
            entry(Map.of("type", "mcp", "toolName", "a b", "inputSchema", any), any),
            "info.input.toolName: expected a name"),
        Arguments.of(
            entry(
                Map.of("type", "mcp", "toolName", "a", "inputSchema", any, "transport", "ws"), any),
            "info.input.transport: expected"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refusesAnEntryThatIsNone(Object entry, String reason) {
    assertThatThrownBy(() -> DiscoveryEntry.of(entry))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(reason);
  }

  @Test
  void readsAToolAndRequiresTheMethodAsTheGoldenVectorsDo() {
    ObjectMapper mapper = new ObjectMapper();
    Map<?, ?> tool = mapper.convertValue(VECTORS.get("bazaar").get("mcp").get("bazaar"), Map.class);
    Map<String, Object> schema = Map.of("type", "object");
    DiscoveryEntry read = DiscoveryEntry.of(Map.of("info", tool.get("info"), "schema", schema));
    assertThat(read.type()).isEqualTo("mcp");
    assertThat(read.operation()).isEqualTo("financial_analysis");
    Map<?, ?> query =
        mapper.convertValue(VECTORS.get("bazaar").get("query").get("bazaar"), Map.class);
    Map<String, Object> needsMethod =
        Map.of("properties", Map.of("input", Map.of("required", List.of("method"))));
    assertThat(SchemaCheck.problem(needsMethod, query.get("info")))
        .contains(
            VECTORS.get("bazaar").get("schemaQueryWithoutMethod").get("errors").get(0).asText());
  }

  @Test
  void takesTheRouteTemplatesOfTheGoldenVectors() {
    assertThat(VECTORS.get("routeTemplates").size()).isEqualTo(9);
    VECTORS
        .get("routeTemplates")
        .properties()
        .forEach(
            each ->
                assertThat(RouteTemplate.isValid(each.getKey()))
                    .as(each.getKey())
                    .isEqualTo(each.getValue().asBoolean()));
    assertThat(RouteTemplate.isValid("/a/%25252525252e%2e/b")).isFalse(); // too often
    assertThat(RouteTemplate.isValid("/a/%zz")).isFalse();
    assertThat(RouteTemplate.isValid("/a/%ff")).isFalse();
    assertThat(RouteTemplate.isValid("/" + "a".repeat(2000))).isFalse();
  }

  @Test
  void showsTheIconsOfTheGoldenVectors() {
    assertThat(VECTORS.get("icon").size()).isEqualTo(9);
    VECTORS
        .get("icon")
        .properties()
        .forEach(
            each ->
                assertThat(ListedText.isIcon(each.getKey()))
                    .as(each.getKey())
                    .isEqualTo(each.getValue().asBoolean()));
    assertThat(
            Stream.of(
                "http://localhost./i",
                "http://a.localhost/i",
                "http://127.1/i",
                "http://0x7f.1/i",
                "https://a.example/i\u202e",
                "https://a.example/" + "i".repeat(2048)))
        .noneMatch(ListedText::isIcon);
  }

  @Test
  void namesAResourceByItsOriginAndTemplate() {
    assertThat(ListedText.canonicalUrl("HTTPS://A.example:443/users/7?token=1#x", "/users/:id"))
        .isEqualTo("https://a.example/users/:id");
    assertThat(ListedText.canonicalUrl("http://a.example:8080?x", null))
        .isEqualTo("http://a.example:8080/");
    assertThat(ListedText.canonicalUrl("https://[::1]/a%2Fb", null))
        .isEqualTo("https://[::1]/a%2Fb");
    for (String url :
        List.of(
            "/a",
            "ftp://a.example/",
            "https://u@a.example/",
            "https:///a",
            "https://ä.example/",
            "https://a.example/\u0000",
            "javascript:alert(1)",
            "")) {
      assertThatThrownBy(() -> ListedText.canonicalUrl(url, null))
          .as(url)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("resource.url: expected");
    }
  }

  @Test
  void showsNothingInADescriptionThatATerminalTakesForAnOrder() {
    assertThat(ListedText.description("a\u001b[31mb\u202ec\n" + "x".repeat(600)))
        .hasSize(500)
        .startsWith("a [31mb c x");
    assertThat(ListedText.description("\n")).isNull();
    assertThat(ListedText.description("x".repeat(499) + "😀")).hasSize(499);
    assertThat(ListedText.mimeType("text/plain; charset=utf-8")).isNotNull();
    assertThat(ListedText.mimeType("text/plain\r\nX: y")).isNull();
    assertThat(ListedText.tags(List.of("Weather", "weather", "rain")))
        .containsExactly("Weather", "rain");
  }
}
