// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tomcat sends a file by itself that a handler names in request attributes, past every wrapper. */
class SendfileTest {
  private static final String SENDFILE = "org.apache.tomcat.sendfile.";

  @TempDir Path directory;

  @Test
  void aFileThatTheContainerWouldSendStaysHeld() throws IOException {
    Path file = Files.writeString(directory.resolve("paid.txt"), SECRET.repeat(1000));
    Handlers.Handler direct = (request, response) -> name(request, file);
    Handlers.Handler forwarded =
        (request, response) ->
            request.getRequestDispatcher("/paid/direct").forward(request, response);
    try (Market market = new Market();
        PaidWebapp app =
            PaidWebapp.on(Stack.TOMCAT, market)
                .handlers(Map.of("direct", direct, "forwarded", forwarded))
                .start()) {
      for (String target : new String[] {"/paid/direct", "/paid/forwarded"}) {
        TestPayer payer = market.payer();
        try (RawHttp connection = RawHttp.connect(app.port())) {
          connection.send(
              "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + payer.header(app.port(), target));
          connection.send("\r\nConnection: close\r\n\r\n");
          assertThat(connection.receiveAll(3000)).startsWith("HTTP/1.1 500").doesNotContain(SECRET);
        }
        assertThat(payer.balance()).isEqualTo(1_000_000);
      }
    }
  }

  @Test
  void aHandlerThatAsksIsToldThatThereIsNoSuchThing() throws IOException {
    Handlers.Handler asks =
        (request, response) ->
            response.getWriter().print(String.valueOf(request.getAttribute(SENDFILE + "support")));
    try (Market market = new Market();
        PaidWebapp app =
            PaidWebapp.on(Stack.TOMCAT, market).handlers(Map.of("asks", asks)).start()) {
      assertThat(app.get("/free/asks").text()).isEqualTo("true");
      assertThat(app.pay(market.payer(), "/paid/asks").text()).isEqualTo("null");
    }
  }

  private static void name(HttpServletRequest request, Path file) throws IOException {
    request.setAttribute(SENDFILE + "filename", file.toRealPath().toString());
    request.setAttribute(SENDFILE + "start", 0L);
    request.setAttribute(SENDFILE + "end", Files.size(file));
  }
}
