// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.x402j.Price;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A webapp with several host names: each 402 names the one that was asked, and no other. */
class PublicUrlTest {
  private static final List<String> URLS =
      List.of(
          "https://a.example",
          "https://B.example/shop",
          "http://localhost:8080",
          "https://localhost:8443",
          "https://b.example:444");

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(handlers())
                  .routes(
                      Route.of("/paid/*").price("$0.01"),
                      Route.of("/cheap/secret").price("$0.01"),
                      Route.of("/dear/*").price(request -> Price.parse("$0.01")))
                  .filter(filter -> filter.publicUrls(URLS)));

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put("secret", (request, response) -> response.getWriter().write(PaidWebapp.SECRET));
    return all;
  }

  @ParameterizedTest
  @CsvSource({
    "a.example, 443, https, https://a.example",
    "A.EXAMPLE, 80, http, https://a.example",
    "a.example, 8080, http, https://a.example",
    "b.example, 443, https, https://B.example/shop",
    "b.example, 444, https, https://b.example:444",
    "b.example, 80, http, https://B.example/shop",
    "localhost, 8080, http, http://localhost:8080",
    "localhost, 8443, https, https://localhost:8443",
    "localhost, 9999, https, https://localhost:8443",
    "evil.example, 443, https, https://a.example",
    "a.example.evil.example, 443, https, https://a.example",
    "127.0.0.1, 8080, http, https://a.example",
  })
  void theHostOfTheRequestSelectsOneOfTheList(
      String host, int port, String scheme, String expected) {
    HttpServletRequest request = mock(HttpServletRequest.class);
    when(request.getServerName()).thenReturn(host);
    when(request.getServerPort()).thenReturn(port);
    when(request.getScheme()).thenReturn(scheme);

    List<PublicUrl> all = URLS.stream().map(PublicUrl::parse).toList();
    assertThat(PublicUrl.of(all, request).of("")).isEqualTo(expected);
  }

  /** By a prefix, an exact path and a price function. */
  @ParameterizedTest
  @MethodSource("stacks")
  void eachHostIsNamedInItsDescriptorAndNoOtherEver(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String path : List.of("/paid/secret", "/cheap/secret", "/dear/secret")) {
      assertThat(url(app, path, "a.example")).isEqualTo("https://a.example" + path);
      assertThat(url(app, path, "b.example")).isEqualTo("https://B.example/shop" + path);
      assertThat(url(app, path, "b.example:444")).isEqualTo("https://b.example:444" + path);
      assertThat(url(app, path, "localhost:8080")).isEqualTo("http://localhost:8080" + path);
      assertThat(url(app, path, "evil.example")).isEqualTo("https://a.example" + path);
      assertThat(url(app, path, "a.example", "X-Forwarded-Host: b.example"))
          .isEqualTo("https://a.example" + path);
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPaymentForTheUrlOfOneHostBuysOneDelivery(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response asked = ask(app, "/paid/secret", "b.example");
    String payment = payer.header(asked);
    assertThat(ask(app, "/paid/secret", "b.example", payment).text()).isEqualTo(PaidWebapp.SECRET);
    assertThat(ask(app, "/paid/secret", "a.example", payment).all())
        .doesNotContain(PaidWebapp.SECRET);
  }

  private static String url(PaidWebapp app, String path, String host, String... more)
      throws IOException {
    RawHttp.Response response = ask(app, path, host, more);
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain("evil");
    return TestPayer.required(response).resource().url();
  }

  private static RawHttp.Response ask(PaidWebapp app, String path, String host, String... more)
      throws IOException {
    StringBuilder text = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n");
    Stream.of(more).forEach(header -> text.append(header).append("\r\n"));
    try (RawHttp connection = RawHttp.connect(app.port())) {
      connection.send(text + "\r\n");
      return connection.receive(false);
    }
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }

  @Test
  void aListNeedsAnUrlAndNoBadOne() {
    assertThatThrownBy(() -> PaymentFilter.builder().publicUrls(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("publicUrls");
    assertThatThrownBy(
            () -> PaymentFilter.builder().publicUrls(List.of("https://a.example", "a.example")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("publicUrl");
  }
}
