// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.SupportedKinds;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.TransferAuthorization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a facilitator says to its sellers; the checks are real, the chain behind them is scripted.
 */
class FacilitatorServiceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TX = "0x" + "cd".repeat(32);
  private static final Address PAY_TO_OTHER =
      Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");

  private final Behind behind = new Behind();
  private final List<String> events = new ArrayList<>();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK);
  private final FacilitatorService service = service();

  private FacilitatorService service() {
    return FacilitatorService.builder()
        .ledger(ledger)
        .facilitator(behind)
        .token(Usdc.BASE_SEPOLIA)
        .failuresPerMinute(3)
        .listener(
            new PaymentListener() {
              @Override
              public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
                events.add("settled " + payment.payer());
              }

              @Override
              public void failed(PaymentRequired required, ErrorReason reason, String detail) {
                events.add("failed " + reason.wireCode());
              }
            })
        .build();
  }

  /** Checks for real; answers about the chain what a test wants. */
  private static class Behind implements Facilitator {
    private final Facilitator local =
        EvmFacilitator.builder(Sale.OFFER.network(), Untouchable.of(Chain.class), Sale.PAYER)
            .clock(Sale.CLOCK)
            .build();
    final AtomicInteger settlements = new AtomicInteger();
    volatile Verification.Invalid invalid;
    volatile Settlement settlement =
        new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount());
    volatile Settlement outcome = new Settlement.Pending(TX);
    volatile List<String> told = List.of(TX);
    volatile boolean away;
    volatile CountDownLatch hold = new CountDownLatch(0);

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public Set<Address> signers() {
      return local.signers();
    }

    @Override
    public boolean supports(String scheme, Network network) {
      return local.supports(scheme, network);
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return local.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) throws FacilitatorException {
      if (away) {
        throw new FacilitatorException("the chain did not answer");
      }
      return invalid == null ? new Verification.Valid(payment) : invalid;
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      settlements.incrementAndGet();
      beforeBroadcast.sending(TX);
      try {
        assertThat(hold.await(10, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return settlement;
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions) {
      assertThat(transactions).isEqualTo(told);
      return outcome;
    }
  }

  static String request(PaymentPayload payload, PaymentRequirements requirements) {
    return FacilitatorMessages.request(
        new SignedPayment(
            payload,
            requirements,
            new PaymentKey(
                requirements.network(), requirements.asset(), Sale.PAY_TO, Sale.nonce(1)),
            new Bytes32(Sale.nonce(1)),
            Sale.NOW,
            Sale.STUB),
        ResourceInfo.of(Sale.URL));
  }

  private static String good(int number) {
    return request(Sale.v2(number), Sale.OFFER);
  }

  private static JsonNode read(FacilitatorService.Answer answer, int status) throws Exception {
    assertThat(answer.status()).as(answer.json()).isEqualTo(status);
    return JSON.readTree(answer.json());
  }

  @Test
  void saysWhatItSupportsInBothVersions() throws Exception {
    JsonNode supported = read(service.supported(), 200);
    assertThat(supported.path("kinds")).hasSize(2);
    assertThat(supported.at("/kinds/0/network").asText()).isEqualTo("eip155:84532");
    assertThat(supported.at("/kinds/1/network").asText()).isEqualTo("base-sepolia");
    assertThat(supported.path("extensions").isArray()).isTrue();
    assertThat(supported.path("signers").path("eip155:*").get(0).asText())
        .isEqualTo(Sale.PAYER.address().text());
  }

  @Test
  void answersInTheVersionThatItIsAskedIn() throws Exception {
    assertThat(read(service.verify(good(1)), 200).path("isValid").isBoolean()).isTrue();
    JsonNode two = read(service.settle(good(1)), 200);
    assertThat(two.path("success").booleanValue()).isTrue();
    assertThat(two.path("network").asText()).isEqualTo("eip155:84532");
    assertThat(two.path("transaction").asText()).isEqualTo(TX);
    JsonNode one = read(service.settle(request(Sale.v1(2), Sale.OFFER)), 200);
    assertThat(one.path("network").asText()).isEqualTo("base-sepolia");
    assertThat(one.has("amount")).isFalse();
    assertThat(events).hasSize(2).allMatch(event -> event.startsWith("settled"));
  }

  /** Some clients write the version where the specification has it, and some in one place. */
  @ParameterizedTest
  @CsvSource({"2, , 200", "1, , 200", "2, 2, 200", "2, 1, 400", "1, 2, 400", "3, , 400", ", , 400"})
  void takesTheVersionFromThePayloadWhereTheRequestSaysNone(
      Integer inPayload, Integer outside, int status) throws Exception {
    PaymentPayload payment = inPayload != null && inPayload == 1 ? Sale.v1(1) : Sale.v2(1);
    ObjectNode body = (ObjectNode) JSON.readTree(request(payment, Sale.OFFER));
    body.remove("x402Version");
    ObjectNode payload = (ObjectNode) body.get("paymentPayload");
    payload.remove("x402Version");
    if (inPayload != null) {
      payload.put("x402Version", inPayload);
    }
    if (outside != null) {
      body.put("x402Version", outside);
    }
    JsonNode verified = read(service.verify(body.toString()), status);
    assertThat(verified.path("isValid").booleanValue()).isEqualTo(status == 200);
    JsonNode settled = read(service.settle(body.toString()), status);
    assertThat(settled.path("success").booleanValue()).isEqualTo(status == 200);
  }

  /** Seconds until the window ends, the seller's window, and what the service allows. */
  @ParameterizedTest
  @CsvSource({
    "86400, 86400, , true",
    "86500, 86400, , false",
    "90000, 90000, , false",
    "90000, 90000, 90000, true",
    "3600, 86400, 3600, true",
    "4000, 86400, 3600, false"
  })
  void takesWindowsUpToItsSetting(long until, long sellers, Long allowed, boolean isValid)
      throws Exception {
    PaymentRequirements offer =
        PaymentRequirements.exact(
            Usdc.BASE_SEPOLIA, Sale.OFFER.amount(), Sale.PAY_TO, Duration.ofSeconds(sellers));
    TransferAuthorization authorization =
        TransferAuthorization.between(
            Sale.PAYER.address(),
            Sale.PAY_TO,
            offer.amount(),
            Sale.NOW.minusSeconds(60),
            Sale.NOW.plusSeconds(until),
            Sale.nonce(1));
    FacilitatorService.Builder builder =
        FacilitatorService.builder().ledger(ledger).facilitator(behind).token(Usdc.BASE_SEPOLIA);
    if (allowed != null) {
      builder.longestWindow(Duration.ofSeconds(allowed));
    }
    String body = request(PaymentPayload.v2(offer, Sale.signed(authorization)), offer);
    JsonNode verified = read(builder.build().verify(body), 200);
    assertThat(verified.path("isValid").booleanValue()).as("%s", verified).isEqualTo(isValid);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT59S", "P31D", "PT60.5S", "PT0S", "PT-1S"})
  void refusesAWindowThatIsOutOfRange(String window) {
    assertThatThrownBy(() -> FacilitatorService.builder().longestWindow(Duration.parse(window)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("longestWindow");
  }

  @Test
  void statesTheKindsOfTheFacilitatorBehindItWithWhatASellerHasToKnow() throws Exception {
    Facilitator ofVersion2 =
        new Behind() {
          @Override
          public boolean supports(int x402Version, String scheme, Network network) {
            return x402Version == 2 && supports(scheme, network);
          }

          @Override
          public Map<String, Object> extra(String scheme, Network network) {
            return Map.of("facilitatorAddress", Sale.PAY_TO.text());
          }
        };
    FacilitatorService other =
        FacilitatorService.builder().facilitator(ofVersion2).token(Usdc.BASE_SEPOLIA).build();
    JsonNode supported = read(other.supported(), 200);
    assertThat(supported.path("kinds"))
        .isEqualTo(
            JSON.readTree(
                """
                [{"x402Version":2,"scheme":"exact","network":"eip155:84532",
                  "extra":{"name":"USDC","version":"2","decimals":6,"facilitatorAddress":"%s"}}]"""
                    .formatted(Sale.PAY_TO.text())));
    SupportedKinds read = FacilitatorMessages.readSupported(other.supported().json());
    assertThat(read.extra("exact", Sale.OFFER.network()))
        .containsEntry("facilitatorAddress", Sale.PAY_TO.text());
  }

  /** Some sellers put into their offers what a facilitator says of its token. */
  @Test
  void namesTheTokenIfThereIsOneOnTheNetwork() throws Exception {
    Token other =
        new Token(
            Usdc.BASE_SEPOLIA.network(), Address.parse("0x" + "0c".repeat(20)), 18, "Other", "1");
    FacilitatorService.Builder two =
        FacilitatorService.builder().facilitator(behind).token(Usdc.BASE_SEPOLIA);

    assertThat(read(two.build().supported(), 200).at("/kinds/1/extra"))
        .isEqualTo(JSON.readTree("{\"name\":\"USDC\",\"version\":\"2\",\"decimals\":6}"));
    assertThat(read(two.token(other).build().supported(), 200).at("/kinds/1").has("extra"))
        .isFalse();
  }

  @Test
  void saysInWordsWhyItHasNotSettled() throws Exception {
    behind.settlement = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
    assertThat(read(service.settle(good(1)), 200).path("errorMessage").asText())
        .isEqualTo("reverted");
    behind.settlement = new Settlement.Pending(TX);
    JsonNode pending = read(service.settle(good(2)), 200);
    assertThat(pending.path("errorReason").asText()).isEqualTo("settlement_pending");
    assertThat(pending.path("errorMessage").asText()).contains("ask for the same");
    assertThat(pending.path("transaction").asText()).isEqualTo(TX);
    assertThat(pending.path("network").asText()).isEqualTo("eip155:84532");
    behind.away = true;
    assertThat(read(service.settle(good(3)), 503).path("errorMessage").asText())
        .isEqualTo("the chain did not answer");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "{\"x402Version\":2}",
        "{\"x402Version\":2,\"paymentPayload\":\"AAAA\",\"paymentRequirements\":{}}",
        "{\"x402Version\":2,\"x402Version\":2}"
      })
  void refusesWhatIsNoRequest(String body) throws Exception {
    assertThat(read(service.verify(body), 400).path("invalidReason").asText())
        .isEqualTo("invalid_payload");
    assertThat(read(service.settle(body), 400).path("errorReason").asText())
        .isEqualTo("invalid_payload");
  }

  @ParameterizedTest
  @CsvSource({
    "/x402Version, 3, invalid_x402_version",
    "/x402Version, 1, invalid_x402_version",
    "/paymentPayload/payload/authorization/value, 10000, invalid_payload",
    "/paymentPayload/payload/signature, null, invalid_payload",
    "/paymentPayload/accepted, null, invalid_payload",
    "/paymentRequirements/amount, 1e4, invalid_payload",
    "/paymentRequirements/asset, 1, invalid_payload"
  })
  void refusesAMistypedFieldWithTheCodeOfTheSpecification(String path, String value, String code)
      throws Exception {
    String body = with(good(1), path, JSON.readTree(value));
    assertThat(read(service.verify(body), 400).path("invalidReason").asText()).isEqualTo(code);
    JsonNode settled = read(service.settle(body), 400);
    assertThat(settled.path("errorReason").asText()).isEqualTo(code);
    assertThat(settled.path("success").booleanValue()).isFalse();
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String with(String body, String path, JsonNode value) {
    ObjectNode json = (ObjectNode) json(body);
    int last = path.lastIndexOf('/');
    ((ObjectNode) json.at(path.substring(0, last))).set(path.substring(last + 1), value);
    return json.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "/paymentRequirements/asset, \"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913\","
        + " invalid_payment_requirements",
    "/paymentRequirements/network, \"eip155:8453\", invalid_network",
    "/paymentRequirements/scheme, \"upto\", unsupported_scheme",
    "/paymentRequirements/amount, \"0\", invalid_payment_requirements",
    "/paymentRequirements/amount, \"9999\", invalid_payment_requirements",
    "/paymentRequirements/payTo, \"0x0000000000000000000000000000000000000000\","
        + " invalid_payment_requirements",
    "/paymentRequirements/payTo, \"0x0000000000000000000000000000000000000001\","
        + " invalid_payment_requirements",
    "/paymentRequirements/extra, {\"name\":\"USD Coin\"}, invalid_payment_requirements",
    "/paymentPayload/payload/authorization/value, \"9999\","
        + " invalid_exact_evm_payload_authorization_value_mismatch",
    "/paymentPayload/payload/signature, \"0x00\", invalid_exact_evm_payload_signature"
  })
  void settlesNothingThatDoesNotFitTogether(String path, String value, String code)
      throws Exception {
    String body = with(good(1), path, JSON.readTree(value));
    JsonNode verified = read(service.verify(body), 200);
    assertThat(verified.path("isValid").booleanValue()).isFalse();
    assertThat(verified.path("invalidReason").asText()).isEqualTo(code);
    assertThat(read(service.settle(body), 200).path("errorReason").asText()).isEqualTo(code);
    assertThat(behind.settlements).hasValue(0);
  }

  @Test
  void givesTheSamePayloadTheSameAnswer() throws Exception {
    FacilitatorService.Answer first = service.settle(good(1), "a seller");
    assertThat(service.settle(good(1), "a seller")).isEqualTo(first);
    String other = with(good(1), "/paymentRequirements/extra", JSON.readTree("{}"));
    assertThat(service.settle(other, "a seller")).isEqualTo(first);
    assertThat(read(first, 200).has("repeated")).isFalse();
    assertThat(behind.settlements).hasValue(1);
  }

  /** Sellers without a shared ledger: the one that asked first delivers. */
  @ParameterizedTest
  @CsvSource({
    "first, first, false",
    "first, second, true",
    "first, , true",
    ", second, true",
    ", , true"
  })
  void tellsARepeatedAnswerFromAFirstOne(String first, String second, boolean repeated)
      throws Exception {
    ObjectNode answer = (ObjectNode) read(service.settle(good(1), first), 200);
    assertThat(answer.path("success").booleanValue()).isTrue();
    assertThat(answer.has("repeated")).isFalse();
    ObjectNode again = (ObjectNode) read(service.settle(good(1), second), 200);
    assertThat(again.remove("repeated") != null).isEqualTo(repeated);
    assertThat(again).isEqualTo(answer);
    assertThat(behind.settlements).hasValue(1);
  }

  @ParameterizedTest
  @CsvSource({"first, true", "second, false", ", false"})
  void knowsAfterARestartWhoAskedFirst(String second, boolean isTold) throws Exception {
    behind.settlement = new Settlement.Pending(TX);
    service.settle(good(1), "first");
    behind.outcome = new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount());
    JsonNode answer = read(service().settle(good(1), second), 200);
    assertThat(answer.path("success").booleanValue()).isEqualTo(isTold);
    assertThat(answer.has("repeated")).isEqualTo(!isTold);
    if (!isTold) {
      assertThat(answer.path("errorReason").asText())
          .isEqualTo("invalid_exact_evm_nonce_already_used");
    }
    assertThat(behind.settlements).hasValue(1);
  }

  /** The chain shows it to everybody: the one that asked first may look there. */
  @ParameterizedTest
  @CsvSource({"first, false", "second, true", ", true"})
  void keepsWhatAStrangerHasSentForTheFirstThatAsks(String second, boolean repeated)
      throws Exception {
    behind.invalid =
        new Verification.Invalid(ErrorReason.NONCE_ALREADY_USED, "", Sale.PAYER.address());
    JsonNode answer = read(service.settle(good(1), "first"), 200);
    behind.told = List.of();
    behind.outcome = new Settlement.Failed(ErrorReason.NONCE_ALREADY_USED, "");
    JsonNode again = read(service().settle(good(1), second), 200);
    for (JsonNode each : List.of(answer, again)) {
      assertThat(each.path("errorReason").asText())
          .isEqualTo("invalid_exact_evm_nonce_already_used");
    }
    assertThat(answer.has("repeated")).isFalse();
    assertThat(again.has("repeated")).isEqualTo(repeated);
    assertThat(behind.settlements).hasValue(0);
  }

  @Test
  void tellsOthersThatAPaymentFailedAndNotInWhichTransaction() throws Exception {
    behind.settlement = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
    assertThat(read(service.settle(good(1), "first"), 200).path("transaction").textValue())
        .isEqualTo(TX);
    JsonNode another = read(service.settle(good(1), "second"), 200);
    assertThat(another.path("repeated").booleanValue()).isTrue();
    assertThat(another.path("errorReason").asText()).isEqualTo("invalid_transaction_state");
    assertThat(another.path("transaction").textValue()).isEmpty();
  }

  @Test
  void saysWhatItMoved() throws Exception {
    JsonNode settled = read(service.settle(good(1)), 200);
    assertThat(settled.path("asset").asText()).isEqualTo(Sale.OFFER.asset().text());
    assertThat(settled.path("payTo").asText()).isEqualTo(Sale.PAY_TO.text());
    assertThat(settled.path("digest").asText()).isEqualTo(digest(good(1)));
  }

  private String digest(String body) throws Exception {
    FacilitatorMessages.Request request = FacilitatorMessages.readRequest(body);
    return ((Verification.Valid) behind.check(request.payload(), request.requirements()))
        .payment()
        .digest()
        .text();
  }

  /** The nonce of a payment that is known, under another signature. */
  @ParameterizedTest
  @CsvSource({"settled", "pending", "reverted"})
  void settlesNoOtherAuthorizationWithANonceThatItKnows(String before) throws Exception {
    behind.settlement =
        switch (before) {
          case "settled" -> behind.settlement;
          case "pending" -> new Settlement.Pending(TX);
          default -> new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
        };
    service.settle(good(1), "a seller");
    PaymentRequirements dear =
        PaymentRequirements.exact(
            Usdc.BASE_SEPOLIA, TokenAmount.of(5_000_000), PAY_TO_OTHER, Sale.OFFER.maxTimeout());
    var authorization =
        TransferAuthorization.between(
            Sale.PAYER.address(),
            PAY_TO_OTHER,
            dear.amount(),
            Sale.NOW.minusSeconds(60),
            Sale.NOW.plusSeconds(60),
            Sale.nonce(1));
    behind.outcome = behind.settlement;
    behind.settlement = new Settlement.Failed(ErrorReason.NONCE_ALREADY_USED, "the chain says so");
    String body = request(PaymentPayload.v2(dear, Sale.signed(authorization)), dear);
    for (String seller : new String[] {"a seller", "another", null}) {
      JsonNode answer = read(service.settle(body, seller), 200);
      assertThat(answer.path("success").booleanValue()).as(before).isFalse();
      assertThat(answer.path("errorReason").asText())
          .isEqualTo("invalid_exact_evm_nonce_already_used");
    }
  }

  @Test
  void givesARevertedPaymentTheSameAnswerAndSendsItOnce() throws Exception {
    behind.settlement = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
    FacilitatorService.Answer first = service.settle(good(1), "a seller");
    assertThat(read(first, 200).path("success").booleanValue()).isFalse();
    assertThat(read(first, 200).path("transaction").textValue()).isEqualTo(TX);
    assertThat(service.settle(good(1), "a seller")).isEqualTo(first);
    assertThat(behind.settlements).hasValue(1);
  }

  @Test
  void settlesOnceForSixtyFourWhoBringTheSamePayment() throws Exception {
    behind.hold = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(64);
    try {
      List<Future<FacilitatorService.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        answers.add(threads.submit(() -> service.settle(good(1))));
      }
      Thread.sleep(100);
      behind.hold.countDown();
      for (Future<FacilitatorService.Answer> answer : answers) {
        assertThat(read(answer.get(10, TimeUnit.SECONDS), 200).path("success").booleanValue())
            .isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(behind.settlements).hasValue(1);
  }

  @Test
  void readsTheOutcomeOfWhatWasPendingAndSettlesItNotAgain() throws Exception {
    behind.settlement = new Settlement.Pending(TX);
    JsonNode pending = read(service.settle(good(1)), 200);
    assertThat(pending.path("errorReason").asText()).isEqualTo("settlement_pending");
    assertThat(pending.path("transaction").asText()).isEqualTo(TX);
    assertThat(read(service.settle(good(1)), 200)).isEqualTo(pending);
    behind.outcome = new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount());
    assertThat(read(service.settle(good(1)), 200).path("success").booleanValue()).isTrue();
    assertThat(behind.settlements).hasValue(1);
  }

  /** A restart: what is left is the ledger. */
  @Test
  void goesOnWithTheLedgerOfAnEarlierProcess() throws Exception {
    service.settle(good(1));
    behind.outcome = new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount());
    assertThat(read(service().settle(good(1)), 200).path("success").booleanValue()).isTrue();
    assertThat(behind.settlements).hasValue(1);
  }

  @Test
  void refusesAPayerWhoFailsTooOftenWithAVerdictAndNoOutage() throws Exception {
    behind.invalid =
        new Verification.Invalid(ErrorReason.INSUFFICIENT_FUNDS, "", Sale.PAYER.address());
    for (int i = 1; i <= 3; i++) {
      assertThat(read(service.verify(good(i)), 200).path("invalidReason").asText())
          .isEqualTo("insufficient_funds");
    }
    behind.invalid = null;
    assertThat(read(service.verify(good(4)), 200).path("invalidMessage").asText())
        .contains("too many");
    assertThat(read(service.settle(good(4)), 200).path("success").booleanValue()).isFalse();
    assertThat(behind.settlements).hasValue(0);
  }

  @Test
  void isUnavailableAndDownWhenTheChainIsAway() throws Exception {
    assertThat(read(service.health(), 503).path("status").asText()).isEqualTo("down");
    service.start();
    assertThat(read(service.health(), 200).path("status").asText()).isEqualTo("up");
    behind.away = true;
    for (int i = 0; i < GuardedFacilitator.FAILURES_TO_OPEN; i++) {
      assertThat(read(service.verify(good(1)), 503).path("isValid").booleanValue()).isFalse();
    }
    assertThat(read(service.settle(good(1)), 503).path("success").booleanValue()).isFalse();
    read(service.health(), 503);
    assertThat(ledger.find(key(1))).isEmpty();
  }

  private static PaymentKey key(int number) {
    return new PaymentKey(
        Sale.OFFER.network(), Sale.OFFER.asset(), Sale.PAYER.address(), Sale.nonce(number));
  }

  @Test
  void isUnavailableWhenTheLedgerIsFull() throws Exception {
    FacilitatorService small =
        FacilitatorService.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(1, Sale.CLOCK))
            .facilitator(behind)
            .token(Usdc.BASE_SEPOLIA)
            .build();
    read(small.settle(good(1)), 200);
    assertThat(read(small.settle(good(2)), 503).path("success").booleanValue()).isFalse();
  }

  @Test
  void keepsNothingLongerThanAnHourWhateverASellerAllows() throws Exception {
    PaymentRequirements forever =
        PaymentRequirements.exact(
            Usdc.BASE_SEPOLIA, Sale.OFFER.amount(), Sale.PAY_TO, Duration.ofDays(10_000));
    var authorization =
        TransferAuthorization.between(
            Sale.PAYER.address(),
            Sale.PAY_TO,
            Sale.OFFER.amount(),
            Sale.NOW.minusSeconds(60),
            Sale.NOW.plus(Duration.ofDays(9_000)),
            Sale.nonce(1));
    String body = request(PaymentPayload.v2(forever, Sale.signed(authorization)), forever);
    assertThat(read(service.settle(body), 200).path("errorReason").asText())
        .isEqualTo("invalid_exact_evm_payload_authorization_valid_before");
  }

  @Test
  void isNotBuiltWithoutAFacilitatorOrAToken() {
    assertThatThrownBy(() -> FacilitatorService.builder().ledger(ledger).token(Usdc.BASE).build())
        .hasMessageContaining("facilitator");
    assertThatThrownBy(
            () -> FacilitatorService.builder().ledger(ledger).facilitator(behind).build())
        .hasMessageContaining("token");
  }
}
