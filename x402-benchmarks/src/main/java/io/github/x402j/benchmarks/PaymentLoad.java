// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Requests that pay, over connections that stay open. Each brings an authorization of its own,
 * signed before it is sent, by one of many payers in turn.
 */
final class PaymentLoad {
  private static final String PATH = "/premium";

  private final URI server;
  private final Token token;
  private final PaymentRequirements offer;
  private final List<EvmSigner> payers;
  private final AtomicInteger turn = new AtomicInteger();
  private final AtomicLong delivered = new AtomicLong();
  private final SecureRandom random = new SecureRandom();
  private final LinkedBlockingQueue<String> ready = new LinkedBlockingQueue<>();

  /** Asks the server what it sells. */
  PaymentLoad(URI server, Token token, List<EvmSigner> payers) throws Exception {
    this.server = server;
    this.token = token;
    this.payers = payers;
    try (ConstantServer.Connection connection = ConstantServer.Connection.to(server.getPort())) {
      String required = connection.answer(PATH).headers().get(PaymentHeader.PAYMENT_REQUIRED);
      offer = PaymentCodec.decodeRequired(Objects.requireNonNull(required)).accepts().get(0);
    }
  }

  /**
   * What became of the payments.
   *
   * @param seconds until the last was delivered
   * @param otherwise how many got another answer than 200, by the answer
   * @param nanos how long each took that was delivered, sorted
   */
  record Result(double seconds, long[] nanos, Map<String, Integer> otherwise) {
    int delivered() {
      return nanos.length;
    }

    double rate() {
      return nanos.length / seconds;
    }

    double millis(double quantile) {
      return nanos.length == 0 ? 0 : nanos[(int) (quantile * (nanos.length - 1))] / 1e6;
    }

    /** Returns both together. */
    Result and(Result other) {
      Map<String, Integer> all = new TreeMap<>(otherwise);
      other.otherwise.forEach((answer, times) -> all.merge(answer, times, Integer::sum));
      long[] both = Arrays.copyOf(nanos, nanos.length + other.nanos.length);
      System.arraycopy(other.nanos, 0, both, nanos.length, other.nanos.length);
      Arrays.sort(both);
      return new Result(seconds + other.seconds, both, all);
    }
  }

  /** Returns how many payments were delivered since the start. */
  long delivered() {
    return delivered.get();
  }

  /** Signs payments on all processors. */
  void sign(int payments) {
    IntStream.range(0, payments).parallel().forEach(i -> ready.add(signed()));
  }

  private String signed() {
    EvmSigner payer = payers.get(Math.floorMod(turn.incrementAndGet(), payers.size()));
    byte[] nonce = new byte[32];
    random.nextBytes(nonce);
    TransferAuthorization authorization =
        TransferAuthorization.between(
            payer.address(),
            offer.payTo(),
            offer.amount(),
            Instant.EPOCH,
            Instant.now().plus(offer.maxTimeout()),
            "0x" + HexFormat.of().formatHex(nonce));
    ExactEvmPayload payload = ExactEvmPayload.sign(token, authorization, payer);
    return PaymentHeader.PAYMENT_SIGNATURE
        + ": "
        + PaymentCodec.encodePayload(PaymentPayload.v2(offer, payload.toMap()));
  }

  /** Sends what is signed as fast as it is answered, for this long at most. */
  Result run(int connections, Duration longest) throws InterruptedException {
    Result result = new Run(connections, longest, 0).result();
    ready.clear();
    return result;
  }

  /**
   * Sends payments at a rate, and signs them meanwhile. A payment is late from when it was due, so
   * that a server that stalls is seen to.
   */
  Result steady(int connections, Duration duration, double rate) throws InterruptedException {
    Thread signer =
        new Thread(
            () -> {
              try {
                while (!Thread.interrupted()) {
                  if (ready.size() < 2 * rate) {
                    ready.add(signed());
                  } else {
                    TimeUnit.MILLISECONDS.sleep(20);
                  }
                }
              } catch (InterruptedException e) {
                // the minute is over
              }
            });
    signer.start();
    try {
      return new Run(connections, duration, rate).result();
    } finally {
      signer.interrupt();
      signer.join();
    }
  }

  private final class Run {
    private final long begin = System.nanoTime();
    private final long end;
    private final double rate;
    private final AtomicInteger due = new AtomicInteger();

    /** One request that is never answered must not make the others slow. */
    private final AtomicLong lastAnswer = new AtomicLong(begin);

    private final List<Thread> threads = new ArrayList<>();
    private final LinkedBlockingQueue<Long> nanos = new LinkedBlockingQueue<>();
    private final Map<String, Integer> otherwise = new ConcurrentHashMap<>();

    /**
     * @param rate payments a second, 0 for as many as possible
     */
    Run(int connections, Duration longest, double rate) {
      this.end = begin + longest.toNanos();
      this.rate = rate;
      for (int i = 0; i < connections; i++) {
        Thread thread = new Thread(this::pay);
        threads.add(thread);
        thread.start();
      }
    }

    Result result() throws InterruptedException {
      for (Thread thread : threads) {
        thread.join();
      }
      double seconds = (lastAnswer.get() - begin) / 1e9;
      long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
      return new Result(seconds, sorted, new TreeMap<>(otherwise));
    }

    private void pay() {
      try (ConstantServer.Connection connection = ConstantServer.Connection.to(server.getPort())) {
        for (long start = next(); start < end; start = next()) {
          String payment = rate == 0 ? ready.poll() : ready.take();
          if (payment == null) {
            return;
          }
          note(connection.answer(PATH, payment), start);
        }
      } catch (IOException e) {
        otherwise.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** Returns when the next payment is due, and waits until then. */
    private long next() throws InterruptedException {
      if (rate == 0) {
        return System.nanoTime();
      }
      long start = begin + (long) (due.getAndIncrement() * 1e9 / rate);
      long wait = Math.min(start, end) - System.nanoTime();
      if (wait > 0) {
        TimeUnit.NANOSECONDS.sleep(wait);
      }
      return start;
    }

    private void note(ConstantServer.Answer answer, long start) {
      if (answer.status() == 200) {
        long now = System.nanoTime();
        lastAnswer.accumulateAndGet(now, Math::max);
        nanos.add(now - start);
        delivered.incrementAndGet();
      } else {
        @Nullable String said = answer.headers().get("Payment-Response");
        otherwise.merge(
            answer.status() + (said == null ? "" : " " + reason(said)), 1, Integer::sum);
      }
    }

    private static String reason(String header) {
      try {
        return String.valueOf(PaymentCodec.decodeSettlement(header).errorReason());
      } catch (Exception e) {
        return "";
      }
    }
  }
}
