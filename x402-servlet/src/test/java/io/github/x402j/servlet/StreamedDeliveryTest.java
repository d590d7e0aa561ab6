// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.gate.PaymentLedger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that breaks off what it is sent cannot have it again and again for one payment. */
class StreamedDeliveryTest {
  private static final Semaphore BROKEN_OFF = new Semaphore(0);

  private static final Handlers.Handler LONG =
      (request, response) -> {
        try {
          for (int i = 0; i < 5_000; i++) {
            response.getOutputStream().write(new byte[10_000]);
            response.flushBuffer();
          }
        } finally {
          BROKEN_OFF.release();
        }
      };

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void oneSettledPaymentIsDeliveredThreeTimesAtMost(Stack stack) throws Exception {
    try (Market market = new Market();
        PaidWebapp app = PaidWebapp.on(stack, market).handlers(Map.of("long", LONG)).start()) {
      TestPayer payer = market.payer();
      String header = payer.header(app.port(), "/stream/long");
      for (int i = 0; i < PaymentLedger.MAX_DELIVERIES; i++) {
        assertThat(breakOff(app.port(), header)).contains(" 200");
        assertThat(BROKEN_OFF.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(breakOff(app.port(), header)).contains(" 402");
      assertThat(app.runs("long")).isEqualTo(PaymentLedger.MAX_DELIVERIES);
      assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
    }
  }

  /** Reads a little of the answer, once the last delivery has let the payment go, and hangs up. */
  private static String breakOff(int port, String header) throws IOException {
    for (int i = 0; i < 1_000; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setSoTimeout(10_000);
        socket.setSoLinger(true, 0);
        String request = "GET /stream/long HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(US_ASCII));
        String status = new String(socket.getInputStream().readNBytes(12), US_ASCII);
        if (!status.contains(" 503")) {
          return status;
        }
      }
    }
    throw new AssertionError("the payment is held for ever");
  }
}
