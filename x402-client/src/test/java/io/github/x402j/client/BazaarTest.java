// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Searching the lists of facilitators that say anything. */
class BazaarTest {
  private final List<HttpServer> servers = new ArrayList<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  /** An answer: a status and a body. */
  private record Answer(int status, String body) {}

  /** Starts a facilitator that answers by the path and query of a request. */
  private String facilitator(Function<String, Answer> answers) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String target = exchange.getRequestURI().toString();
          asked.add(target);
          Answer answer = answers.apply(target);
          byte[] body = answer.body.getBytes(UTF_8);
          exchange.getResponseHeaders().set("Location", "http://127.0.0.1:1/");
          exchange.sendResponseHeaders(answer.status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    servers.add(server);
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static String item(String url, String more) {
    return """
        {"resource":"%s","type":"http","x402Version":2,"lastUpdated":"2026-11-03T12:00:00Z",
         "accepts":[{"scheme":"exact","network":"eip155:8453","amount":"10000",
          "asset":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913","maxTimeoutSeconds":60,
          "payTo":"0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
          "extra":{"name":"USD Coin","version":"2"}}]%s}"""
        .formatted(url, more);
  }

  private static String list(String... items) {
    return "{\"x402Version\":2,\"items\":[" + String.join(",", items) + "],\"pagination\":{}}";
  }

  private static List<String> urls(Bazaar.Found found) {
    return found.offers().stream().map(offer -> offer.resource().resource().url()).toList();
  }

  @Test
  void searchesSeveralListsAndNamesEachResourceOnce() throws Exception {
    String a = item("https://a.example/rain", "");
    String b = item("https://b.example/", "");
    String one = facilitator(target -> new Answer(200, list(a, b)));
    String other = facilitator(target -> new Answer(200, list(b, item("https://c.example/", ""))));
    Bazaar.Found found =
        Bazaar.at(one, other + "/").search(DiscoveryQuery.words("rain & snow").limit(7));
    assertThat(urls(found))
        .containsExactly("https://a.example/rain", "https://b.example/", "https://c.example/");
    assertThat(found.failures()).isEmpty();
    assertThat(asked).allMatch("/discovery/search?limit=7&query=rain+%26+snow"::equals).hasSize(2);
  }

  @Test
  void listsWithoutWordsAndHoldsEveryListToTheOtherTerms() throws Exception {
    String url = facilitator(target -> new Answer(200, list(item("https://a.example/", ""))));
    assertThat(Bazaar.at(url).search(DiscoveryQuery.everything().network(Network.BASE)).offers())
        .hasSize(1);
    assertThat(Bazaar.at(url).search(DiscoveryQuery.everything().network(Network.POLYGON)).offers())
        .isEmpty();
    assertThat(asked)
        .containsExactly(
            "/discovery/resources?limit=20&network=eip155%3A8453",
            "/discovery/resources?limit=20&network=eip155%3A137");
  }

  @Test
  void looksThroughTheNewestPagesOfAListThatCannotSearch() throws Exception {
    String url =
        facilitator(
            target ->
                target.startsWith("/discovery/search")
                    ? new Answer(404, "{}")
                    : new Answer(
                        200,
                        list(
                            target.contains("offset=100")
                                ? item("https://a.example/rain", "")
                                : item("https://a.example/snow", ""))));
    assertThat(urls(Bazaar.at(url).search(DiscoveryQuery.words("rain"))))
        .containsExactly("https://a.example/rain");
    assertThat(asked).hasSize(6); // a search, and no more than five pages
  }

  @Test
  void saysWhyAListGaveNothingAndTakesTheOthers() throws Exception {
    String good = facilitator(target -> new Answer(200, list(item("https://a.example/", ""))));
    Map<String, Answer> bad =
        Map.of(
            "status 500", new Answer(500, "{}"),
            "status 302", new Answer(302, ""),
            "its answer is no list", new Answer(200, "<html>"),
            "the exchange broke off", new Answer(200, "[" + " ".repeat(5 * 1024 * 1024) + "]"));
    for (Map.Entry<String, Answer> each : bad.entrySet()) {
      String url = facilitator(target -> each.getValue());
      Bazaar.Found found = Bazaar.at(url, good).search(DiscoveryQuery.everything());
      assertThat(urls(found)).containsExactly("https://a.example/");
      assertThat(found.failures()).containsOnlyKeys(URI.create(url));
      assertThat(found.failures().get(URI.create(url))).startsWith(each.getKey());
    }
  }

  /** One that cannot be read leaves the others as they are. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "1",
        "{}",
        "{\"resource\":1,\"accepts\":[]}",
        "{\"resource\":\"\",\"accepts\":[]}",
        "{\"resource\":\"https://x.example/\",\"accepts\":{}}"
      })
  void readsWhatCanBeRead(String broken) throws Exception {
    String url =
        facilitator(target -> new Answer(200, list(broken, item("https://a.example/", ""))));
    assertThat(urls(Bazaar.at(url).search(DiscoveryQuery.everything())))
        .containsExactly("https://a.example/");
  }

  @Test
  void readsOlderAndForeignEntries() throws Exception {
    String v1 =
        """
        {"resource":"https://old.example/a","type":"http","x402Version":1,"lastUpdated":1767225600,
         "accepts":[{"scheme":"exact","network":"base","maxAmountRequired":"10000",
          "resource":"https://old.example/a","description":"","mimeType":"",
          "asset":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913","maxTimeoutSeconds":60,
          "payTo":"0x209693Bc6afc0C5328bA36FaF03C514EF312287C"},
          {"scheme":"exact","network":"solana:x","amount":"1"}, 7],
         "tags":[1,"ok"],"serviceName":"\\u0007","extensions":{"bazaar":{"info":[null]}}}""";
    DiscoveredResource read = DiscoveryMessages.readListing(list(v1)).resources().get(0);
    assertThat(read.accepts()).hasSize(1);
    assertThat(read.otherWaysToPay()).containsExactly("exact solana:x", "? ?");
    assertThat(read.lastUpdated()).hasToString("2026-01-01T00:00:00Z");
    assertThat(read.resource().tags()).containsExactly("ok");
    assertThat(read.resource().serviceName()).isNull();
    assertThat(read.input()).isEmpty();
  }

  // ---- the request

  private static Bazaar.Offer offer(String url, String input) throws MalformedPaymentException {
    String more = ",\"extensions\":{\"bazaar\":{\"info\":{\"input\":" + input + "},\"schema\":{}}}";
    return new Bazaar.Offer(
        DiscoveryMessages.read(item(url, more)), URI.create("https://bazaar.example"));
  }

  @Test
  void fillsNamesAndParametersIn() throws Exception {
    Bazaar.Offer offer =
        offer(
            "https://a.example/users/:id/x",
            """
            {"type":"http","method":"GET","pathParams":{"id":"42"},
             "queryParams":{"days":3,"q":"a&b"},"headers":{"Authorization":"x"}}""");
    HttpRequest asListed = offer.request().build();
    assertThat(asListed.uri()).hasToString("https://a.example/users/42/x?days=3&q=a%26b");
    assertThat(asListed.method()).isEqualTo("GET");
    assertThat(asListed.headers().map()).isEmpty();
    assertThat(offer.request(Map.of("id", "a/../b ü", "days", 7)).build().uri())
        .hasToString("https://a.example/users/a%2F..%2Fb%20%C3%BC/x?days=7&q=a%26b");
    assertThatThrownBy(() -> offer.request(Map.of("id", "..")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a value is missing");
  }

  @Test
  void sendsABodyOfTheDeclaredType() throws Exception {
    Bazaar.Offer json =
        offer(
            "https://a.example/ask",
            "{\"type\":\"http\",\"method\":\"POST\",\"bodyType\":\"json\",\"body\":{\"q\":1}}");
    assertThat(ListedCall.of(json.resource(), Map.of()).body()).isEqualTo("{\"q\":1}");
    assertThat(json.request(Map.of(), Map.of("q", 2)).build().headers().firstValue("Content-Type"))
        .contains("application/json");
    Bazaar.Offer form =
        offer(
            "https://a.example/ask",
            """
            {"type":"http","method":"POST","bodyType":"form-data","body":{"q":"a b","n":1}}""");
    assertThat(ListedCall.of(form.resource(), Map.of()).body()).isEqualTo("q=a%20b&n=1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://a.example/", "file:///etc/passwd", "https://u:p@a.example/", "/relative",
        "https://a.example/:id", "mailto:a@b.example", "https://a b/", "javascript:alert(1)"
      })
  void makesNoRequestOfWhatIsNoUrlOfTheWeb(String url) throws Exception {
    Bazaar.Offer offer = offer(url, "{\"type\":\"http\",\"method\":\"GET\"}");
    assertThatThrownBy(offer::request).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void asksNoListThatOthersCouldRead() {
    assertThatThrownBy(() -> Bazaar.at("http://bazaar.example"))
        .hasMessageContaining("expected https://");
    assertThatThrownBy(Bazaar::at).hasMessageContaining("expected 1 to 16 URLs");
    assertThatThrownBy(() -> DiscoveryQuery.everything().limit(101))
        .hasMessageContaining("limit: expected 1 to 100");
  }
}
