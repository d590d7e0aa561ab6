// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.FacilitatorException;
import io.github.x402j.gate.Sale;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An RPC URL contains the key of an account with a provider. Whatever fails behind it, even where
 * the node's answer repeats it, it is in no message, no cause, no log line and no description.
 */
class SecretsTest {
  private static final String KEY = "k3yThatNobodyMaySee";
  private static final String PATH = "/v2/" + KEY + "?token=" + KEY;
  private static final Duration TIMEOUT = Duration.ofMillis(300);

  private final CountDownLatch over = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;

  @BeforeEach
  void open() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void close() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private Chain chain(Answer answer) {
    server.createContext("/", answer::to);
    return at(server.getAddress().getPort(), PATH);
  }

  private static Chain at(int port, String path) {
    return Web3jChain.at(URI.create("http://127.0.0.1:" + port + path), TIMEOUT);
  }

  private static Answer answer(int status, String body) {
    return exchange -> {
      exchange.getRequestBody().readAllBytes();
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/" + KEY);
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    };
  }

  private static Stream<ThrowingCallable> everyQuestion(Chain chain) {
    Chain.Call call = Chain.Call.latest(Sale.PAY_TO, "0x");
    return Stream.of(
        chain::chainId,
        () -> chain.hasCode(Sale.PAY_TO),
        () -> chain.balance(Sale.PAY_TO),
        () -> chain.nextNonce(Sale.PAY_TO),
        () -> chain.call(List.of(call)),
        () -> chain.quote(call),
        () -> chain.receipt("0x" + "12".repeat(32)),
        chain::head,
        () -> chain.events(new Chain.EventFilter(Sale.PAY_TO, List.of()), BigInteger.ZERO));
  }

  /** Every question must end in an exception, and none may tell the key. */
  private static void assertThatNoQuestionTells(Chain chain) {
    everyQuestion(chain)
        .forEach(
            question ->
                assertThat(catchThrowable(question)).isInstanceOf(FacilitatorException.class));
    assertThatNoExceptionTells(chain);
  }

  private static void assertThatNoExceptionTells(Chain chain) {
    assertThat(catchThrowable(chain::chainId)).isInstanceOf(FacilitatorException.class);
    everyQuestion(chain)
        .map(Assertions::catchThrowable)
        .filter(Objects::nonNull) // "no receipt", for one, is an answer
        .forEach(
            thrown -> {
              assertThat(thrown).isInstanceOf(FacilitatorException.class);
              assertThat(everythingOf(thrown)).doesNotContainIgnoringCase(KEY);
            });
    assertThat(chain.send("0x00").toString()).doesNotContain(KEY);
    assertThat(chain.toString()).doesNotContain(KEY).doesNotContain("127.0.0.1");
  }

  /** The messages of all causes and of all that was suppressed, as a logger would print them. */
  private static String everythingOf(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  @Test
  void isNotToldWhereNothingListens() throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }
    assertThatNoQuestionTells(at(closed, PATH));
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 301, 307, 401, 403, 404, 429, 500, 503})
  void isNotToldWhereTheStatusIsAnError(int status) {
    assertThatNoQuestionTells(chain(answer(status, "no such path: " + PATH)));
  }

  /** Bodies that repeat the key in every place that a JSON reader may quote. */
  static Stream<String> nonsense() {
    String error = "\"error\":{\"code\":-32000,\"message\":\"bad key KEY\",\"data\":\"KEY\"}";
    return Stream.of(
            "",
            "KEY",
            "<html>KEY</html>",
            "\"KEY",
            "{\"KEY\"",
            "{\"KEY\":1}",
            "{\"jsonrpc\":\"KEY\",\"id\":\"KEY\",\"result\":\"KEY\"}",
            "{\"id\":0,\"result\":{\"KEY\":KEY}}",
            "{\"id\":0,\"result\":[\"KEY\"]}",
            "{\"id\":KEY}",
            "{\"jsonrpc\":\"2.0\",\"id\":0," + error + "}",
            "[{\"jsonrpc\":\"2.0\",\"id\":0," + error + "}]",
            "[\"KEY\"]",
            "null",
            "{\"id\":0,\"error\":\"KEY\"}",
            "{\"id\":0,\"result\":{\"number\":\"KEY\",\"timestamp\":\"KEY\",\"nonce\":[]}}")
        .map(body -> body.replace("KEY", KEY));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void isNotToldWhereTheAnswerIsNonsenseThatRepeatsIt(String body) {
    assertThatNoExceptionTells(chain(answer(200, body)));
  }

  /** Answers with the ids that were asked for, so that the values themselves are looked at. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"result\":\"KEY\"",
        "\"result\":[\"KEY\"]",
        "\"result\":{\"KEY\":\"KEY\"}",
        "\"result\":{\"number\":\"KEY\",\"timestamp\":\"KEY\",\"baseFeePerGas\":\"KEY\"}",
        "\"result\":{\"transactionHash\":\"KEY\",\"blockNumber\":\"KEY\",\"status\":\"KEY\"}",
        "\"error\":{\"code\":-32000,\"message\":\"no account for KEY\"}",
        "\"error\":{\"code\":\"KEY\",\"message\":[\"KEY\"]}"
      })
  void isNotToldWhereAnAnswerInFormRepeatsIt(String member) {
    assertThatNoExceptionTells(
        chain(
            exchange -> {
              String asked =
                  new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
              exchange.sendResponseHeaders(200, 0);
              exchange
                  .getResponseBody()
                  .write(answersTo(asked, member).getBytes(StandardCharsets.UTF_8));
              exchange.close();
            }));
  }

  private static String answersTo(String asked, String member) {
    String each =
        Pattern.compile("\"id\":(\\d+)")
            .matcher(asked)
            .results()
            .map(id -> "{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + "," + member + "}")
            .collect(Collectors.joining(","))
            .replace("KEY", KEY);
    return asked.startsWith("[") ? "[" + each + "]" : each;
  }

  @Test
  void isNotToldWhereTheAnswerComesTooLate() {
    assertThatNoQuestionTells(
        chain(
            exchange -> {
              try {
                over.await(20, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              exchange.close();
            }));
  }

  @Test
  void isNotToldWhereTheConnectionBreaks() {
    assertThatNoQuestionTells(chain(HttpExchange::close));
  }

  @Test
  void isNotToldWhereTheAnswerHasNoEnd() {
    String piece = KEY.repeat(1000);
    assertThatNoQuestionTells(chain(answer(200, "\"" + piece.repeat(300))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://127.0.0.1/KEY",
        "KEY",
        "/KEY",
        "http:KEY",
        "http:///KEY",
        "http://under_score/KEY",
        "mailto:KEY@example.com"
      })
  void isNotToldWhereTheUrlIsRefused(String url) {
    Throwable thrown = catchThrowable(() -> Web3jChain.at(URI.create(url.replace("KEY", KEY))));

    assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
    assertThat(everythingOf(thrown)).doesNotContain(KEY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:99999/KEY",
        "http://127.0.0.1:0/KEY",
        "http://KEY@127.0.0.1:1/",
        "http://user:KEY@127.0.0.1:1/KEY",
        "http://KEY.invalid/KEY"
      })
  void isNotToldWhereTheUrlCannotBeCalled(String url) {
    assertThatNoQuestionTells(
        Web3jChain.at(URI.create(url.replace("KEY", KEY.toLowerCase(Locale.ROOT))), TIMEOUT));
  }

  @Test
  void isNotToldByAStartThatFailsNorLogged() {
    Chain chain = chain(answer(200, KEY));
    EvmFacilitator facilitator =
        EvmFacilitator.builder(Sale.OFFER.network(), chain, Sale.PAYER).build();
    PrintStream err = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    Throwable thrown;
    try {
      thrown = catchThrowable(() -> facilitator.start(List.of(Sale.OFFER)));
    } finally {
      System.setErr(err);
    }

    assertThat(thrown).isInstanceOf(IllegalStateException.class);
    assertThat(everythingOf(thrown)).doesNotContain(KEY);
    assertThat(logged.toString(StandardCharsets.UTF_8)).doesNotContain(KEY);
    assertThat(facilitator.toString()).doesNotContain(KEY);
  }

  /** Before it is settled, the signature in the data of a call is as good as the money. */
  @Test
  void aCallDoesNotShowItsData() {
    EvmSignature signature = Sale.PAYER.sign(new byte[32]);
    String data = Eip3009.transfer(Sale.authorization(Sale.nonce(1)), signature);

    assertThat(Chain.Call.latest(Sale.PAY_TO, data).toString())
        .contains(Sale.PAY_TO.text())
        .contains("0xe3ee160e")
        .doesNotContain(signature.toHex().substring(2, 20));
    assertThat(Chain.Call.latest(Sale.PAY_TO, "0x").toString()).contains("0x");
  }
}
