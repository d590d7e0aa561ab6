// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Methods, request forms and addresses of one paid resource: the same decision for all of them. */
class MethodTest {
  private static final Map<Stack, PaidWebapp> RUNNING = new EnumMap<>(Stack.class);
  private static Market market;

  /** Takes whatever method comes. */
  @RequiresPayment(value = "$0.01", methods = "GET")
  private static final class AnyMethod extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @BeforeAll
  static void startAll(@TempDir Path directory) throws IOException {
    market = new Market();
    for (String file : List.of("dir/index.html", "files/a.txt", "two/index.html")) {
      Path path = directory.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, SECRET + "\n");
    }
    for (Stack stack : Stack.values()) {
      RUNNING.put(stack, start(stack, directory));
    }
  }

  private static PaidWebapp start(Stack stack, Path docroot) {
    return PaidWebapp.on(stack, market)
        .container(c -> c.docroot(docroot).contextPath("/shop"))
        .routes(
            Route.of("/paid/*").price("$0.01"),
            Route.get("/getonly").price("$0.01"),
            Route.post("/getonly").free(),
            Route.of("/files/*").price("$0.01"),
            Route.of("/dir/index.html").price("$0.01"),
            Route.of("/two").price("$0.01"),
            Route.of("/two/index.html").price("$0.05"))
        .handlers(Map.of("secret", (request, response) -> response.getWriter().write(SECRET)))
        .site(MethodTest::addServlets)
        .start();
  }

  private static void addServlets(ServletContext context) {
    TestContainer.addServlet(context, "getonly", new AnyMethodUnpriced(), "/getonly");
    TestContainer.addServlet(context, "annotated", new AnyMethod(), "/annotated");
  }

  private static final class AnyMethodUnpriced extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @AfterAll
  static void stopAll() {
    RUNNING.values().forEach(PaidWebapp::close);
    market.close();
  }

  @ParameterizedTest
  @EnumSource
  void noMethodReachesWhatIsPricedForAllMethods(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String method :
        List.of(
            "GET",
            "POST",
            "PUT",
            "DELETE",
            "PATCH",
            "HEAD",
            "get",
            "Get",
            "FOO",
            "GETX",
            "PROPFIND",
            "TRACE",
            "trace",
            "OPTIONS",
            "options")) {
      RawHttp.Response response = app.request(method, "/shop/paid/secret");
      assertThat(response.all()).as(method).doesNotContain(SECRET);
      assertThat(response.status()).as(method).isIn(402, 204, 400, 405, 501);
    }
    assertThat(app.runs("secret")).isZero();
    for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "FOO")) {
      assertThat(app.request(method, "/shop/paid/secret").status()).as(method).isEqualTo(402);
    }
  }

  @ParameterizedTest
  @EnumSource
  void noUnknownMethodReachesWhatIsPricedForGet(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String target : List.of("/shop/getonly", "/shop/annotated")) {
      for (String method :
          List.of("GET", "HEAD", "get", "gEt", "FOO", "GETX", "TRACE", "OPTIONS")) {
        RawHttp.Response response = app.request(method, target);
        assertThat(response.all()).as(method + target).doesNotContain(SECRET);
        assertThat(response.status()).as(method + target).isIn(402, 204, 400, 405, 501);
      }
      assertThat(app.request("POST", target).text()).as("POST is free").isEqualTo(SECRET);
    }
  }

  @ParameterizedTest
  @EnumSource
  void headIsSoldAsGetIs(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = market.payer();
    for (String target : List.of("/shop/paid/secret", "/shop/getonly", "/shop/files/a.txt")) {
      RawHttp.Response unpaid = app.request("HEAD", target);
      assertThat(unpaid.status()).isEqualTo(402);
      RawHttp.Response paid = app.request("HEAD", target, payer.header(unpaid));
      assertThat(paid.status()).isEqualTo(200);
      assertThat(paid.header("PAYMENT-RESPONSE")).isNotNull();
    }
    assertThat(payer.balance()).isEqualTo(1_000_000 - 3 * PaidWebapp.CENT);
  }

  @ParameterizedTest
  @EnumSource
  void aPreflightCostsNothingAndRunsNothing(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = market.payer();
    String header = payer.header(app.port(), "/shop/paid/secret");
    long requests = market.chain.requests();
    RawHttp.Response response =
        app.request(
            "OPTIONS",
            "/shop/paid/secret",
            "Origin: https://agent.example",
            "Access-Control-Request-Method: GET",
            "Access-Control-Request-Headers: PAYMENT-SIGNATURE",
            header);
    assertThat(response.status()).isEqualTo(204);
    assertThat(response.header("Access-Control-Allow-Origin")).isNull();
    assertThat(app.runs("secret")).isZero();
    assertThat(payer.balance()).isEqualTo(1_000_000);
    assertThat(market.chain.requests()).isEqualTo(requests);
  }

  @ParameterizedTest
  @EnumSource
  void noRequestFormGoesAroundTheGate(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    String[][] headers = {
      {"Host: evil.example"},
      {"X-HTTP-Method-Override: OPTIONS", "X-Method-Override: OPTIONS", "X-HTTP-Method: TRACE"},
      {"If-None-Match: *", "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT"},
      {"Range: bytes=0-3"},
      {"Range: bytes=0-3", "If-Range: \"x\""},
      {
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
      },
      {"X-Original-URL: /shop/free/secret", "X-Rewrite-URL: /shop/free/secret"},
      {"X-Forwarded-Prefix: /free", "X-Forwarded-Host: evil.example"},
      {"X-TEST: 1", "X-Payment-Status: paid", "PAYMENT_SIGNATURE: x", "X_PAYMENT: x"}
    };
    for (String target :
        List.of("/shop/paid/secret", "/shop/files/a.txt", "http://evil.example/shop/paid/secret")) {
      for (String[] lines : headers) {
        RawHttp.Response response = app.get(target, lines);
        String what = target + " " + String.join(", ", lines);
        assertThat(response.all()).as(what).doesNotContain(SECRET);
        assertThat(response.status()).as(what).isIn(402, 400);
        if (response.status() == 402) {
          assertThat(TestPayer.required(response).resource().url())
              .as(what)
              .startsWith(Market.PUBLIC_URL + "/")
              .doesNotContain("evil");
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDirectoryCostsWhatItsDearestWelcomeFileDoes(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String target : List.of("/shop/dir/", "/shop/dir/index.html", "/shop/files/")) {
      RawHttp.Response response = app.get(target);
      assertThat(response.status()).as(target).isEqualTo(402);
      assertThat(response.all()).as(target).doesNotContain(SECRET).doesNotContain("a.txt\"");
    }
    RawHttp.Response dearer = app.get("/shop/two/");
    assertThat(TestPayer.required(dearer).accepts().get(0).amount()).hasToString("50000");
    TestPayer payer = market.payer();
    assertThat(app.pay(payer, "/shop/two/").text()).contains(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - 5 * PaidWebapp.CENT);
  }

  @ParameterizedTest
  @EnumSource
  void aConditionalOrPartialRequestIsAPaidRequest(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = market.payer();
    RawHttp.Response part = app.pay(payer, "/shop/files/a.txt", "Range: bytes=0-2");
    assertThat(part.status()).isIn(200, 206);
    assertThat(payer.balance()).isEqualTo(1_000_000 - PaidWebapp.CENT);
    RawHttp.Response unchanged =
        app.pay(payer, "/shop/files/a.txt", "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT");
    assertThat(unchanged.status()).isIn(304, 200);
    long expected = unchanged.status() == 304 ? 1 : 2; // a 304 delivers nothing
    assertThat(payer.balance()).isEqualTo(1_000_000 - expected * PaidWebapp.CENT);
  }
}
