// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.evm.ExactEvmPayload;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A server on loopback that answers as a test tells it, and keeps what it received. */
public final class Seller implements AutoCloseable {

  /** A request that it received. */
  public record Call(String method, String path, Map<String, List<String>> headers, String body) {

    public Optional<String> header(String name) {
      return headers.entrySet().stream()
          .filter(header -> header.getKey().equalsIgnoreCase(name))
          .map(header -> header.getValue().get(0))
          .findFirst();
    }

    public boolean isPaid() {
      return header("PAYMENT-SIGNATURE").isPresent() || header("X-PAYMENT").isPresent();
    }

    public PaymentPayload payment() {
      int version = header("X-PAYMENT").isPresent() ? 1 : 2;
      try {
        return PaymentCodec.decodePayload(
            header(version == 1 ? "X-PAYMENT" : "PAYMENT-SIGNATURE").orElseThrow(), version);
      } catch (MalformedPaymentException e) {
        throw new AssertionError(e);
      }
    }

    public ExactEvmPayload authorization() {
      try {
        return ExactEvmPayload.parse(payment().payload());
      } catch (MalformedPaymentException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** How it answers a request. */
  public interface Script {
    Answer answer(Call call);
  }

  /** Writes an answer. */
  public interface Answer {
    void writeTo(HttpExchange exchange) throws IOException;

    static Answer of(int status, Map<String, String> headers, String body) {
      return exchange -> {
        headers.forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
        byte[] bytes = body.getBytes(UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
      };
    }

    static Answer of(int status, String body) {
      return of(status, Map.of(), body);
    }

    /** Closes the connection without an answer. */
    static Answer lost() {
      return HttpExchange::close;
    }

    /** Sends a body that does not end, at full speed or slowly. */
    static Answer endless(int status, Map<String, String> headers, long pauseMillis) {
      return exchange -> {
        headers.forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
        exchange.sendResponseHeaders(status, 0);
        byte[] drop = pauseMillis > 0 ? new byte[] {' '} : new byte[8192];
        try (OutputStream body = exchange.getResponseBody()) {
          while (true) {
            body.write(drop);
            body.flush();
            Thread.sleep(pauseMillis);
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      };
    }

    /** Waits before it answers. */
    default Answer after(long millis) {
      return exchange -> {
        try {
          Thread.sleep(millis);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        writeTo(exchange);
      };
    }
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private volatile Script script = call -> Answer.of(500, "no script");

  private Seller(HttpServer server) {
    this.server = server;
  }

  public static Seller start() throws IOException {
    Seller seller =
        new Seller(
            HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0));
    seller.server.setExecutor(seller.threads);
    seller.server.createContext("/", seller::serve);
    seller.server.start();
    return seller;
  }

  public void does(Script script) {
    this.script = script;
  }

  public URI url(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  public List<Call> calls() {
    return calls;
  }

  public List<Call> paidCalls() {
    return calls.stream().filter(Call::isPaid).toList();
  }

  /** Returns whether this number of calls with a payment came within the time. */
  public boolean awaitPaidCalls(int count, Duration within) throws InterruptedException {
    long deadline = System.nanoTime() + within.toNanos();
    synchronized (calls) {
      while (paidCalls().size() < count) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(calls, left);
      }
      return true;
    }
  }

  private void serve(HttpExchange exchange) throws IOException {
    Call call =
        new Call(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            new LinkedHashMap<>(exchange.getRequestHeaders()),
            new String(exchange.getRequestBody().readAllBytes(), UTF_8));
    synchronized (calls) {
      calls.add(call);
      calls.notifyAll();
    }
    script.answer(call).writeTo(exchange);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
