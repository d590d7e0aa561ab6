// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SlowAnswerTest {
  @Test
  @Timeout(30)
  void doesNotWaitForAnAnswerThatBeginsAndNeverEnds() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
    server.start();
    try {
      PaidFetchTool tool = new PaidFetchTool(HttpClient.newHttpClient(), Duration.ofMillis(300));
      assertThat(tool.fetch("http://127.0.0.1:" + server.getAddress().getPort() + "/"))
          .isEqualTo("Not fetched: no answer from the server.");
    } finally {
      over.countDown();
      server.stop(0);
    }
  }
}
