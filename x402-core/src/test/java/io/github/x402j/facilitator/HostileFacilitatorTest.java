// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static io.github.x402j.facilitator.HttpFacilitatorTest.PAYER;
import static io.github.x402j.facilitator.HttpFacilitatorTest.TX;
import static io.github.x402j.facilitator.HttpFacilitatorTest.VALID;
import static io.github.x402j.facilitator.HttpFacilitatorTest.checked;
import static io.github.x402j.facilitator.HttpFacilitatorTest.success;
import static io.github.x402j.facilitator.HttpFacilitatorTest.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.facilitator.HostileFacilitator.Script;
import io.github.x402j.gate.Sale;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A facilitator that is slow, broken or lies, byte for byte. Nothing that it answers but one
 * coherent success is a success, and once bytes were sent nothing but a clear refusal is a failure.
 */
class HostileFacilitatorTest {
  private static final Duration SHORT = Duration.ofMillis(700);
  private static final Settlement UNKNOWN = new Settlement.Pending(null);
  private static final Settlement KNOWN_BY_HASH = new Settlement.Pending(TX);

  private final HostileFacilitator remote = new HostileFacilitator();
  private final List<String> told = new ArrayList<>();

  @AfterEach
  void close() {
    remote.close();
  }

  private HttpFacilitator.Builder impatient() {
    return to(remote.url()).requestTimeout(SHORT).verifyTimeout(SHORT).settleTimeout(SHORT);
  }

  private Settlement settle(HttpFacilitator facilitator) throws Exception {
    return facilitator.settle(checked(facilitator, Sale.v2(1)), told::add);
  }

  static Stream<Arguments> unknownOutcomes() {
    String cut = "HTTP/1.1 200 X\r\nContent-Length: 300\r\n\r\n{\"success\":true,\"transac";
    return Stream.of(
        arguments("F01 never answers", HostileFacilitator.silence()),
        arguments(
            "F01 answers after the deadline",
            HostileFacilitator.afterMillis(5_000, json(200, success(TX)))),
        arguments("hangs up", HostileFacilitator.hangUp()),
        arguments("no HTTP", HostileFacilitator.raw("SSH-2.0-OpenSSH\r\n\r\n")),
        arguments("F17 429", json(429, "{\"error\":\"slow down\"}")),
        arguments("F17 503 HTML", HostileFacilitator.html(503)),
        arguments("F17 200 HTML", HostileFacilitator.html(200)),
        arguments("F17 200 empty", json(200, "")),
        arguments("F17 200 truncated JSON", json(200, "{\"success\":true,\"transaction\":\"0x")),
        arguments("F17 200 truncated body", HostileFacilitator.raw(cut)),
        arguments("200 then more", json(200, success(TX) + "{}")),
        arguments("502", json(502, "{\"success\":false,\"errorReason\":\"insufficient_funds\"}")),
        arguments("500 with success", json(500, success(""))),
        arguments("F03 success without a transaction", json(200, success(""))),
        arguments("F03 a hash of 31 bytes", json(200, success("0x" + "ab".repeat(31)))),
        arguments("F03 no hash at all", json(200, success("settled"))),
        arguments("F18 one byte a second", HostileFacilitator.dripping(success(TX), 1_000)),
        arguments("F18 a body without an end", HostileFacilitator.endless()),
        arguments("null", json(200, "null")),
        arguments("an array", json(200, "[" + success(TX) + "]")),
        arguments("twice", json(200, success(TX).replace("{", "{\"success\":false,"))),
        arguments("unknown code", json(200, failure("who_knows"))),
        arguments("no code", json(200, "{\"success\":false,\"transaction\":\"\"}")),
        arguments("internal error", json(200, failure("unexpected_settle_error"))),
        arguments("events", json(200, failure("invalid_exact_evm_transfer_event_mismatch"))),
        arguments("sent or not", json(200, failure("invalid_exact_evm_transaction_failed"))),
        arguments("reverted or not", json(200, failure("invalid_transaction_state"))),
        arguments("a text", json(200, failure("invalid_exact_evm_transaction_failed: timeout"))),
        arguments("another unknown code", json(200, failure("invalid_something_new"))),
        arguments("used by somebody", json(200, failure("invalid_exact_evm_nonce_already_used"))),
        arguments("of /verify", json(200, "{\"isValid\":false,\"invalidReason\":\"x\"}")),
        arguments("of /verify, in its favour", json(200, VALID)),
        arguments("a hash of zeros", json(200, success("0x" + "0".repeat(64)))),
        arguments("redirected", json(302, failure("insufficient_funds"))));
  }

  static String failure(String code) {
    return "{\"success\":false,\"errorReason\":\""
        + code
        + "\",\"transaction\":\"\",\"network\":\"eip155:84532\",\"payer\":\""
        + PAYER
        + "\"}";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unknownOutcomes")
  void doesNotKnowTheOutcomeOnceBytesWereSent(String name, Script answer) throws Exception {
    remote.on("/settle", answer);
    long start = System.nanoTime();
    assertThat(settle(impatient().build())).isEqualTo(UNKNOWN);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    assertThat(told).isEmpty();
    assertThat(remote.asked("/settle")).isEqualTo(1);
  }

  /** F18: the cap ends it, long before any deadline. */
  @Test
  void readsNoMoreThanAnAnswerMayHave() throws Exception {
    String padding = " ".repeat(FacilitatorHttp.MAX_ANSWER_BYTES - success(TX).length());
    HttpFacilitator patient = to(remote.url()).build();
    remote.on("/settle", json(200, success(TX) + padding + " "));
    assertThat(settle(patient)).isEqualTo(UNKNOWN);
    remote.on("/settle", HostileFacilitator.endless());
    long start = System.nanoTime();
    assertThat(settle(patient)).isEqualTo(UNKNOWN);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    remote.on("/settle", json(200, success(TX) + padding));
    assertThat(settle(patient)).isInstanceOf(Settlement.Settled.class);
  }

  static Stream<Arguments> contradictions() {
    return Stream.of(
        arguments("F04 another network", success(TX).replace("eip155:84532", "eip155:1")),
        arguments("another network by name", success(TX).replace("eip155:84532", "base")),
        arguments("no network", success(TX).replace("eip155:84532", "")),
        arguments("F04 another payer", success(TX).replace(PAYER, Sale.PAY_TO.text())),
        arguments("another amount", success(TX).replace("{", "{\"amount\":\"1\",")),
        arguments(
            "a reason why it failed",
            success(TX).replace("{", "{\"errorReason\":\"invalid_transaction_state\",")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("contradictions")
  void takesASuccessThatDoesNotFitThePaymentForUnknown(String name, String answer)
      throws Exception {
    remote.on("/settle", json(200, answer));
    assertThat(settle(impatient().build())).isEqualTo(KNOWN_BY_HASH);
    assertThat(told).containsExactly(TX);
  }

  /** C29: only the boolean true is true. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"true\"",
        "\"false\"",
        "1",
        "0",
        "\"\"",
        "null",
        "[true]",
        "{}",
        "\"yes\"",
        "1.0"
      })
  void takesNothingButTrueForTrue(String truth) throws Exception {
    remote
        .on("/verify", json(200, VALID.replace("true", truth)))
        .on("/settle", json(200, success(TX).replace("true", truth)));
    HttpFacilitator facilitator = impatient().build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThatThrownBy(() -> facilitator.verify(payment)).isInstanceOf(FacilitatorException.class);
    assertThat(settle(facilitator)).isEqualTo(UNKNOWN);
  }

  @Test
  void takesAMissingTruthForNone() throws Exception {
    remote
        .on("/verify", json(200, "{\"payer\":\"" + PAYER + "\"}"))
        .on("/settle", json(200, success(TX).replace("\"success\":true,", "")));
    HttpFacilitator facilitator = impatient().build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThatThrownBy(() -> facilitator.verify(payment)).isInstanceOf(FacilitatorException.class);
    assertThat(settle(facilitator)).isEqualTo(UNKNOWN);
  }

  /** F02. */
  @Test
  void asksOnceMoreWhereTheFacilitatorSaysPendingAndKeepsTheHash() throws Exception {
    String pending = failure("settlement_pending").replace("\"\"", "\"" + TX + "\"");
    remote.on("/settle", json(200, pending));
    HttpFacilitator facilitator = impatient().settleTimeout(Duration.ofSeconds(5)).build();
    assertThat(settle(facilitator)).isEqualTo(KNOWN_BY_HASH);
    assertThat(told).containsExactly(TX);
    assertThat(remote.asked("/settle")).isEqualTo(2);

    remote.on("/settle", json(500, pending), json(200, success(TX)));
    assertThat(settle(facilitator)).isInstanceOf(Settlement.Settled.class);
  }

  /** It may be the echo of a success: the nonce is used, the balance is lower. */
  @Test
  void staysPendingWhateverIsRefusedAfterwards() throws Exception {
    String pending = failure("settlement_pending").replace("\"\"", "\"" + TX + "\"");
    for (String refusal :
        List.of(
            failure("invalid_transaction_state").replace("\"\"", "\"" + TX + "\""),
            failure("invalid_transaction_state"),
            failure("insufficient_funds"))) {
      remote.on("/settle", json(200, pending), json(200, refusal));
      assertThat(settle(impatient().settleTimeout(Duration.ofSeconds(5)).build()))
          .isEqualTo(KNOWN_BY_HASH);
    }
  }

  /** It has declared that it says failed only of what has failed. */
  @Test
  void believesAFacilitatorThatIsIdempotent() throws Exception {
    String pending = failure("settlement_pending").replace("\"\"", "\"" + TX + "\"");
    remote.on("/settle", json(200, pending), json(200, failure("invalid_transaction_state")));
    HttpFacilitator idempotent =
        impatient().settleTimeout(Duration.ofSeconds(5)).settleIsIdempotent().build();
    assertThat(settle(idempotent)).isInstanceOf(Settlement.Failed.class);
    remote.on("/settle", json(200, failure("invalid_exact_evm_transaction_failed")));
    assertThat(settle(idempotent)).isEqualTo(UNKNOWN);
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        arguments("insufficient_funds", ErrorReason.INSUFFICIENT_FUNDS),
        arguments("invalid_exact_evm_payload_signature", ErrorReason.INVALID_SIGNATURE),
        arguments("invalid_exact_evm_recipient_mismatch", ErrorReason.RECIPIENT_MISMATCH),
        arguments("invalid_format", ErrorReason.UNEXPECTED_VERIFY_ERROR),
        arguments("unsupported_scheme", ErrorReason.UNSUPPORTED_SCHEME));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void failsWhereTheFacilitatorRefusesInSoManyWords(String code, ErrorReason reason)
      throws Exception {
    for (int status : new int[] {200, 400, 402}) {
      remote.on("/settle", json(status, failure(code)));
      assertThat(settle(impatient().build()))
          .isInstanceOfSatisfying(
              Settlement.Failed.class, failed -> assertThat(failed.reason()).isEqualTo(reason));
    }
  }

  /** E07: by somebody else, or by this very request: without a chain that is not known. */
  @Test
  void neverTakesAUsedNonceForASuccess() throws Exception {
    remote.on("/settle", json(200, failure("invalid_exact_evm_nonce_already_used")));
    HttpFacilitator facilitator = impatient().build();
    assertThat(settle(facilitator)).isEqualTo(UNKNOWN);
    assertThat(facilitator.outcome(checked(facilitator, Sale.v2(1)), List.of())).isEqualTo(UNKNOWN);
  }

  @Test
  void knowsThatNothingWasSentWhereThereIsNobody() throws Exception {
    HttpFacilitator gone = impatient().build();
    SignedPayment payment = checked(gone, Sale.v2(1));
    try (Socket nobody = new Socket()) { // bound, so that no one else is there; not listening
      nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      HttpFacilitator absent = to(URI.create("http://127.0.0.1:" + nobody.getLocalPort())).build();
      assertThatThrownBy(() -> absent.settle(payment, told::add))
          .isInstanceOf(FacilitatorException.class);
    }
    remote.close();
    assertThatThrownBy(() -> gone.verify(payment)).isInstanceOf(FacilitatorException.class);
  }

  /** A connection that is never accepted: the queue of the socket is full. */
  @Test
  void waitsForAConnectionNoLongerThanItWasTold() throws Exception {
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<Socket> fillers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Socket filler = new Socket();
        fillers.add(filler);
        try {
          filler.connect(full.getLocalSocketAddress(), 50);
        } catch (SocketTimeoutException e) {
          break;
        }
      }
      HttpFacilitator facilitator =
          to(URI.create("http://127.0.0.1:" + full.getLocalPort()))
              .connectTimeout(Duration.ofMillis(200))
              .requestTimeout(Duration.ofSeconds(20))
              .build();
      long start = System.nanoTime();
      assertThatThrownBy(() -> facilitator.start(List.of(Sale.OFFER)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no connection");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      for (Socket filler : fillers) {
        filler.close();
      }
    }
  }

  static Stream<Arguments> verifications() {
    return Stream.of(
        arguments("never answers", HostileFacilitator.silence()),
        arguments("hangs up", HostileFacilitator.hangUp()),
        arguments("F17 429", json(429, "{}")),
        arguments("F17 503 HTML", HostileFacilitator.html(503)),
        arguments("503 that says valid", json(503, VALID)),
        arguments("503 that says invalid", json(503, "{\"isValid\":false}")),
        arguments("400 that says valid", json(400, VALID)),
        arguments("F17 200 HTML", HostileFacilitator.html(200)),
        arguments("F17 200 empty", json(200, "")),
        arguments("F17 truncated", json(200, "{\"isValid\":true,")),
        arguments("F18 one byte a second", HostileFacilitator.dripping(VALID, 1_000)),
        arguments("F18 a body without an end", HostileFacilitator.endless()),
        arguments("another payer", json(200, VALID.replace(PAYER, Sale.PAY_TO.text()))),
        arguments("twice", json(200, VALID.replace("{", "{\"isValid\":false,"))),
        arguments(
            "valid, and why not",
            json(200, VALID.replace("{", "{\"invalidReason\":\"insufficient_funds\","))),
        arguments("a settlement", json(200, success(TX))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("verifications")
  void looksAtNoPaymentThroughAFacilitatorThatGivesNoAnswer(String name, Script answer)
      throws Exception {
    remote.on("/verify", answer);
    HttpFacilitator facilitator = impatient().build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    long start = System.nanoTime();
    assertThatThrownBy(() -> facilitator.verify(payment))
        .isInstanceOf(FacilitatorException.class)
        .hasMessageNotContaining("internal-host")
        .hasMessageNotContaining("127.0.0.1");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
  }

  @Test
  void refusesWhatTheFacilitatorFindsInvalidInCodesOfTheSpecification() throws Exception {
    String answer = "{\"isValid\":false,\"invalidReason\":\"%s\",\"payer\":\"\"}";
    for (Map.Entry<String, ErrorReason> each :
        Map.of(
                "insufficient_funds", ErrorReason.INSUFFICIENT_FUNDS,
                "<script>", ErrorReason.UNEXPECTED_VERIFY_ERROR)
            .entrySet()) {
      remote.on("/verify", json(200, String.format(answer, each.getKey())));
      HttpFacilitator facilitator = impatient().build();
      assertThat(facilitator.verify(checked(facilitator, Sale.v2(1))))
          .isInstanceOfSatisfying(
              Verification.Invalid.class,
              invalid -> {
                assertThat(invalid.reason()).isEqualTo(each.getValue());
                assertThat(invalid.detail()).doesNotContain("script");
              });
    }
  }

  /** The status is of less weight than a body that says it; not that of the transport. */
  @ParameterizedTest
  @CsvSource({
    "200, insufficient_funds, true",
    "400, insufficient_funds, true",
    "403, kyt_risk_detected, true",
    "404, insufficient_funds, true",
    "409, insufficient_funds, true",
    "412, permit2_allowance_required, true",
    "422, who_knows, true",
    "429, insufficient_funds, false",
    "408, insufficient_funds, false",
    "500, insufficient_funds, true",
    "500, unexpected_verify_error, false",
    "502, who_knows, false"
  })
  void takesAVerdictWithAnotherStatusForOne(int status, String code, boolean isVerdict)
      throws Exception {
    remote.on("/verify", json(status, "{\"isValid\":false,\"invalidReason\":\"" + code + "\"}"));
    HttpFacilitator facilitator = impatient().build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    if (isVerdict) {
      assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Invalid.class);
    } else {
      assertThatThrownBy(() -> facilitator.verify(payment))
          .isInstanceOf(FacilitatorException.class);
    }
  }

  /** A server that breaks may break after the broadcast. */
  @ParameterizedTest
  @CsvSource({
    "403, true",
    "404, true",
    "409, true",
    "412, true",
    "408, false",
    "429, false",
    "500, false",
    "503, false"
  })
  void takesARefusalToSettleWithAnotherStatusForOne(int status, boolean isVerdict)
      throws Exception {
    remote.on("/settle", json(status, failure("insufficient_funds")));
    assertThat(settle(impatient().build()))
        .isInstanceOf(isVerdict ? Settlement.Failed.class : Settlement.Pending.class);
  }

  /** Optional members decide nothing, whatever they are. */
  @ParameterizedTest
  @ValueSource(strings = {"\"a text\"", "1", "null", "[]", "{\"a\":{\"b\":[1]}}"})
  void readsOptionalMembersOfAnyType(String value) throws Exception {
    String more =
        "{\"invalidMessage\":V,\"errorMessage\":V,\"extensions\":V,\"extra\":V,"
            .replace("V", value);
    remote
        .on("/verify", json(200, VALID.replaceFirst("\\{", more)))
        .on("/settle", json(200, success(TX).replaceFirst("\\{", more)))
        .on("/supported", json(200, HostileFacilitator.KINDS.replaceFirst("\\{\"x", more + "\"x")));
    HttpFacilitator facilitator = impatient().build();
    facilitator.start(List.of(Sale.OFFER));
    assertThat(facilitator.verify(checked(facilitator, Sale.v2(1))))
        .isInstanceOf(Verification.Valid.class);
    assertThat(settle(facilitator)).isInstanceOf(Settlement.Settled.class);
  }

  static Stream<Arguments> kinds() {
    return Stream.of(
        arguments("HTML", HostileFacilitator.html(200), "/supported"),
        arguments("404", json(404, "{}"), "404"),
        arguments("no kinds", json(200, "{}"), "kinds: missing"),
        arguments("none", json(200, "{\"kinds\":[]}"), "it supports none"),
        arguments("text", json(200, "{\"kinds\":\"exact\"}"), "kinds"),
        arguments("no objects", json(200, "{\"kinds\":[1]}"), "kinds[]"),
        arguments("slow", HostileFacilitator.dripping(HostileFacilitator.KINDS, 500), "in time"),
        arguments(
            "other words",
            json(200, "{\"kinds\":[{\"x402Version\":2,\"scheme\":\"<b>\",\"network\":\"x\"}]}"),
            "? on x"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void doesNotStartWithAFacilitatorThatDoesNotSayWhatItSupports(
      String name, Script answer, String message) {
    remote.on("/supported", answer);
    assertThatThrownBy(() -> impatient().build().start(List.of(Sale.OFFER)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
  }
}
