// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A thousand responses of a mebibyte, all written and none settled yet. */
class BufferMemoryTest {
  private static final int RESPONSES = 1_000;
  private static final int MEBIBYTE = 1024 * 1024;

  private final BlockingQueue<AsyncContext> written = new LinkedBlockingQueue<>();

  @Test
  void aThousandHeldResponsesTakeLittleMoreThanTheirBytes() throws Exception {
    long held = run("in memory", builder -> builder, false);
    assertThat(held).isLessThan(1_150L * MEBIBYTE);
  }

  @Test
  void aThousandSpilledResponsesTakeLittle() throws Exception {
    long held = run("above 16 KiB in files", builder -> builder.spillAbove(16 * 1024), true);
    assertThat(held).isLessThan(160L * MEBIBYTE);
  }

  /** Returns the bytes of heap that are taken while all of them are held. */
  private long run(String how, UnaryOperator<PaymentFilter.Builder> settings, boolean deliver)
      throws Exception {
    try (Market market = new Market();
        PaidWebapp app =
            PaidWebapp.on(Stack.JETTY, market)
                .filter(
                    b ->
                        settings
                            .apply(b)
                            .waitInThread() // so that no more than 16 settle at a time
                            .maxTimeout(Duration.ofMinutes(5))
                            .failuresPerMinute(10_000))
                .handlers(Map.of("large", (request, response) -> write(request.startAsync())))
                .start()) {
      TestWallet wallet = TestWallet.random();
      market.usdc.mint(wallet.address(), (long) RESPONSES * PaidWebapp.CENT);
      TestPayer payer = new TestPayer(market, wallet);
      RawHttp.Response unpaid = app.get("/paid/large");
      long before = usedAfterGc();
      ExecutorService clients = Executors.newFixedThreadPool(RESPONSES);
      List<Future<Long>> received = new ArrayList<>();
      long begin = System.nanoTime();
      for (int i = 0; i < RESPONSES; i++) {
        String header = payer.header(unpaid);
        received.add(clients.submit(() -> receive(app.port(), header)));
      }
      List<AsyncContext> all = awaitAll();
      long held = usedAfterGc() - before;
      long writing = System.nanoTime() - begin;
      completeAll(all, deliver ? 200 : 500); // a failure is not settled, which saves the time
      for (Future<Long> each : received) {
        assertThat(each.get(60, TimeUnit.SECONDS) > MEBIBYTE).isEqualTo(deliver);
      }
      clients.shutdown();
      System.out.printf(
          "| JETTY | %d responses of 1 MiB held %s | %d MiB of heap, of at most %d | %.1f s to"
              + " verify and write, %.1f s to end |%n",
          RESPONSES,
          how,
          held / MEBIBYTE,
          Runtime.getRuntime().maxMemory() / MEBIBYTE,
          writing / 1e9,
          (System.nanoTime() - begin - writing) / 1e9);
      assertThat(app.earned()).isEqualTo(deliver ? (long) RESPONSES * PaidWebapp.CENT : 0);
      return held;
    }
  }

  private void write(AsyncContext async) throws IOException {
    async.setTimeout(0);
    byte[] piece = new byte[8 * 1024];
    Arrays.fill(piece, (byte) 'x');
    for (int i = 0; i < MEBIBYTE / piece.length; i++) {
      async.getResponse().getOutputStream().write(piece);
    }
    written.add(async);
  }

  private List<AsyncContext> awaitAll() throws InterruptedException {
    List<AsyncContext> all = new ArrayList<>();
    while (all.size() < RESPONSES) {
      AsyncContext next = written.poll(30, TimeUnit.SECONDS);
      assertThat(next).as("response %d of %d", all.size(), RESPONSES).isNotNull();
      all.add(next);
    }
    return all;
  }

  private static void completeAll(List<AsyncContext> all, int status) throws InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(16);
    CountDownLatch done = new CountDownLatch(all.size());
    for (AsyncContext async : all) {
      pool.execute(
          () -> {
            ((HttpServletResponse) async.getResponse()).setStatus(status);
            async.complete();
            done.countDown();
          });
    }
    assertThat(done.await(120, TimeUnit.SECONDS)).isTrue();
    pool.shutdown();
  }

  /** Returns how many bytes came, head included. */
  private static long receive(int port, String header) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(120_000);
      String request = "GET /paid/large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header;
      socket.getOutputStream().write((request + "\r\n\r\n").getBytes(UTF_8));
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[4 * 1024];
      long count = 0;
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        count += read;
      }
      return count;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long usedAfterGc() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
