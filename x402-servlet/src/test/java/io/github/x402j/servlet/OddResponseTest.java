// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Handlers that say odd things about their response: either it can be delivered, and is, or it
 * costs nothing. What a container finds out while it sends, it finds out after settlement.
 */
class OddResponseTest {
  @RegisterExtension
  static final Webapps RUNNING = Webapps.onEachContainer(app -> app.handlers(handlers()));

  private interface Oddity {
    void to(HttpServletResponse response) throws IOException;
  }

  private static void odd(Map<String, Handlers.Handler> all, String name, Oddity oddity) {
    all.put(
        name,
        (request, response) -> {
          oddity.to(response);
          response.getOutputStream().print(SECRET + " end");
        });
  }

  /** Fails when the container asks for what was not asked for before. */
  private static final class HostileCookie extends Cookie {
    private static final long serialVersionUID = 1L;

    HostileCookie() {
      super("c", "v");
    }

    @Override
    public String getPath() {
      throw new IllegalStateException("the handler's own");
    }
  }

  private static Cookie cookie(String attribute, String value) {
    Cookie cookie = new Cookie("c", "v");
    cookie.setAttribute(attribute, value);
    return cookie;
  }

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new TreeMap<>();
    odd(
        all,
        "charset-bogus-typed",
        r -> {
          r.setContentType("text/plain");
          r.setCharacterEncoding("bogus");
        });
    odd(
        all,
        "charset-empty",
        r -> {
          r.setContentType("text/plain");
          r.setCharacterEncoding("");
        });
    odd(
        all,
        "charset-illegal",
        r -> {
          r.setContentType("text/plain");
          r.setCharacterEncoding("bo gus\r\nX-Evil: 1");
        });
    odd(
        all,
        "connection-upgrade",
        r -> {
          r.setHeader("Connection", "Upgrade");
          r.setHeader("Upgrade", "h2c");
        });
    odd(all, "cookie-hostile", r -> r.addCookie(new HostileCookie()));
    odd(all, "cookie-maxage-huge", r -> r.addCookie(cookie("Max-Age", "2147483647")));
    odd(
        all,
        "cookies-100",
        r -> {
          for (int i = 0; i < 100; i++) {
            r.addCookie(new Cookie("c" + i, "y"));
          }
        });
    odd(
        all,
        "cookies-many",
        r -> {
          for (int i = 0; i < 150; i++) {
            r.addCookie(new Cookie("c" + i, "yyyyyyyyyyy"));
          }
        });
    odd(all, "date-max", r -> r.setDateHeader("Expires", Long.MAX_VALUE));
    odd(
        all,
        "header-100-values",
        r -> {
          for (int i = 0; i < 100; i++) {
            r.addHeader("X-A", "y");
          }
        });
    odd(
        all,
        "header-130-values",
        r -> {
          for (int i = 0; i < 130; i++) {
            r.addHeader("X-A", "y");
          }
        });
    odd(
        all,
        "header-hidden-newline",
        r -> r.setHeader("X-A", "a\u010d\u010aX-Evil: 1\u0d0d\u0a0a"));
    odd(all, "length-large", r -> r.setContentLengthLong(Long.MAX_VALUE));
    odd(all, "length-small", r -> r.setContentLength(3));
    odd(all, "locale-odd", r -> r.setLocale(new Locale("\u6f22", "x y", "z\r\nX-Evil: 1")));
    odd(all, "redirect-bad", r -> r.sendRedirect("http://[bad \u6f22"));
    odd(all, "samesite-bogus", r -> r.addCookie(cookie("SameSite", "Bogus")));
    odd(all, "samesite-lax", r -> r.addCookie(cookie("SameSite", "lax")));
    odd(all, "status-101", r -> r.setStatus(101));
    odd(all, "status-205", r -> r.setStatus(205));
    odd(all, "status-399", r -> r.setStatus(399));
    odd(all, "te-gzip", r -> r.addHeader("transfer-encoding", "gzip, chunked"));
    odd(all, "type-9k", r -> r.setContentType("text/" + "x".repeat(9_000)));
    odd(all, "type-bogus-charset", r -> r.setContentType("text/plain;charset=bogus"));
    odd(all, "type-empty", r -> r.setContentType(""));
    odd(all, "type-split", r -> r.setContentType("text/plain\r\nX-Evil: 1"));
    odd(all, "type-split-header", r -> r.setHeader("Content-Type", "text/plain\r\nX-Evil: 1"));
    return all;
  }

  static Stream<Arguments> oddities() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                handlers().keySet().stream()
                    .filter(name -> !name.equals("cookie-hostile"))
                    .map(name -> Arguments.of(stack, name)));
  }

  @ParameterizedTest
  @MethodSource("oddities")
  void isDeliveredOrCostsNothing(Stack stack, String name) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.pay(payer, "/paid/" + name);
    assertThat(response.all().toLowerCase(Locale.ROOT)).doesNotContain("\nx-evil");
    if (payer.balance() == 1_000_000) {
      assertThat(response.status()).isEqualTo(500);
      assertThat(response.all()).contains("nothing was charged").doesNotContain(SECRET);
    } else {
      assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
      assertThat(response.status()).isLessThan(400);
      assertThat(response.header("PAYMENT-RESPONSE")).isNotNull();
      boolean hasBody = !name.equals("redirect-bad") && !name.equals("status-205");
      assertThat(response.text()).isEqualTo(hasBody ? SECRET + " end" : "");
    }
  }

  /** A container may refuse what cannot be foreseen: the payer gets the receipt at least. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void thePayerIsToldOfItsPaymentWhereTheContainerRefusesTheResponse(Stack stack)
      throws IOException {
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = RUNNING.get(stack).pay(payer, "/paid/cookie-hostile");
    assertThat(response.status()).isEqualTo(500);
    assertThat(response.text()).contains("delivery_failed").doesNotContain("hostile");
    assertThat(response.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }
}
