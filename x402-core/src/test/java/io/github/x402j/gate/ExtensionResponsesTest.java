// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static io.github.x402j.facilitator.HttpFacilitatorTest.VALID;
import static io.github.x402j.facilitator.HttpFacilitatorTest.success;
import static io.github.x402j.facilitator.HttpFacilitatorTest.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Settlement;
import io.github.x402j.SupportedKinds;
import io.github.x402j.Usdc;
import io.github.x402j.facilitator.HostileFacilitator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a facilitator says about extensions, on both sides. */
class ExtensionResponsesTest {
  private static final String TX = "0x" + "ab".repeat(32);

  /** Of the golden vectors. */
  private static final String SUCCESS = "eyJiYXphYXIiOnsic3RhdHVzIjoic3VjY2VzcyJ9fQ==";

  private static final Map<String, Object> SAID = Map.of("bazaar", Map.of("status", "success"));

  private final HostileFacilitator remote = new HostileFacilitator();
  private final List<Object> heard = new ArrayList<>();

  @AfterEach
  void close() {
    remote.close();
  }

  private static HostileFacilitator.Script answer(String header, String body) {
    return HostileFacilitator.raw(
        "HTTP/1.1 200 X\r\n" + header + "Content-Length: " + body.length() + "\r\n\r\n" + body);
  }

  private PaymentGate gate() {
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(to(remote.url()).build())
            .clock(Sale.CLOCK)
            .listener(
                new PaymentListener() {
                  @Override
                  public void extensionResponses(
                      VerifiedPayment payment, Map<String, Object> responses) {
                    heard.add(payment.settlement().isPresent() ? "settled" : "verified");
                    heard.add(responses);
                  }
                })
            .build();
    gate.start(List.of(Sale.OFFER));
    return gate;
  }

  private static VerifiedPayment paid(PaymentGate gate) {
    Admission admission =
        gate.admit(
            gate.challenge(Sale.REQUIRED), Sale.purchase(Sale.REQUEST), Sale.headers(Sale.v2(1)));
    VerifiedPayment payment = ((Admission.Admitted) admission).payment();
    assertThat(gate.settle(payment)).isInstanceOf(Settlement.Settled.class);
    return payment;
  }

  @Test
  void tellsTheListenersWhatTheFacilitatorSaysAndNeverTheBuyer() {
    String header = "EXTENSION-RESPONSES: " + SUCCESS + "\r\n";
    remote.on("/verify", answer(header, VALID)).on("/settle", answer(header, success(TX)));
    PaymentGate gate = gate();
    VerifiedPayment payment = paid(gate);
    assertThat(heard).containsExactly("verified", SAID, "settled", SAID);
    String headers = gate.receipt(payment).toString();
    assertThat(headers).doesNotContainIgnoringCase("extension").doesNotContain(SUCCESS);
    String response = gate.receipt(payment).values().iterator().next();
    assertThat(new String(java.util.Base64.getDecoder().decode(response), StandardCharsets.UTF_8))
        .doesNotContain("bazaar");
  }

  static Stream<Arguments> unreadable() {
    return Stream.of(
        arguments("none", ""),
        arguments("no base64", "EXTENSION-RESPONSES: {}\r\n"),
        arguments("no JSON", header("nothing")),
        arguments("an array", header("[]")),
        arguments("no object within", header("{\"bazaar\":\"success\"}")),
        arguments("twice", header("{\"a\":{}}") + header("{\"b\":{}}")),
        arguments("a member twice", header("{\"a\":{},\"a\":{}}")),
        arguments("too long", header("{\"a\":{\"b\":\"" + "x".repeat(4000) + "\"}}")));
  }

  private static String header(String json) {
    return "EXTENSION-RESPONSES: " + Sale.base64(json) + "\r\n";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unreadable")
  void takesWhatCannotBeReadForNothing(String name, String header) {
    remote.on("/verify", answer(header, VALID)).on("/settle", answer(header, success(TX)));
    paid(gate());
    assertThat(heard).isEmpty();
  }

  // ---- the facilitator's side

  private static FacilitatorService.Builder service() {
    ScriptedFacilitator behind = new ScriptedFacilitator();
    behind.settlement = ScriptedFacilitator.settled();
    return FacilitatorService.builder().facilitator(behind).token(Usdc.BASE_SEPOLIA);
  }

  private static final String REQUEST =
      FacilitatorServiceTest.with(
          FacilitatorServiceTest.request(Sale.v2(1), Sale.OFFER),
          "/paymentPayload/payload",
          FacilitatorServiceTest.json("{\"nonce\":\"" + Sale.nonce(1) + "\"}"));

  private static Map<String, Object> said(FacilitatorService.Answer answer)
      throws MalformedPaymentException {
    String header = answer.headers().get("EXTENSION-RESPONSES");
    return header == null ? Map.of() : FacilitatorMessages.readExtensionResponses(header);
  }

  private static FacilitatorExtension extension(String name, Optional<Map<String, Object>> says) {
    return new FacilitatorExtension() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Optional<Map<String, Object>> verified(Payment payment) {
        return says.map(members -> Map.of("status", "processing"));
      }

      @Override
      public Optional<Map<String, Object>> settled(Payment payment, Settlement.Settled settlement) {
        return says;
      }
    };
  }

  @Test
  void givesEachExtensionThePaymentAndPassesOnWhatItSays() throws Exception {
    List<FacilitatorExtension.Payment> payments = new ArrayList<>();
    FacilitatorExtension watching =
        new FacilitatorExtension() {
          @Override
          public String name() {
            return "watching";
          }

          @Override
          public Optional<Map<String, Object>> settled(
              Payment payment, Settlement.Settled settlement) {
            payments.add(payment);
            return Optional.empty();
          }
        };
    FacilitatorService service =
        service()
            .extension(extension("bazaar", Optional.of(Map.of("status", "success"))))
            .extension(extension("silent", Optional.empty()))
            .extension(watching)
            .build();
    assertThat(said(service.verify(REQUEST)))
        .isEqualTo(Map.of("bazaar", Map.of("status", "processing")));
    FacilitatorService.Answer settled = service.settle(REQUEST, "a seller");
    assertThat(settled.headers()).containsOnlyKeys("EXTENSION-RESPONSES").containsValue(SUCCESS);
    assertThat(payments).hasSize(1);
    assertThat(payments.get(0).payload().extensions())
        .isEqualTo(FacilitatorMessages.readRequest(REQUEST).payload().extensions());
    assertThat(payments.get(0).requirements()).isEqualTo(Sale.OFFER);
    assertThat(said(service.settle(REQUEST, "a seller"))).isEqualTo(SAID);
    assertThat(service.settle(REQUEST, "another seller").headers()).isEmpty();
    SupportedKinds supported = FacilitatorMessages.readSupported(service.supported().json());
    assertThat(supported.extensions()).containsExactly("bazaar", "silent", "watching");
  }

  static Stream<Arguments> broken() {
    return Stream.of(
        arguments("no JSON", Optional.of(Map.of("a", new Object()))),
        arguments("too long", Optional.of(Map.of("a", "x".repeat(5000)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("broken")
  void answersWithoutWhatCannotBeSent(String name, Optional<Map<String, Object>> says) {
    FacilitatorService service = service().extension(extension("broken", says)).build();
    FacilitatorService.Answer answer = service.settle(REQUEST);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers()).isEmpty();
  }

  /** The money has moved: nothing may keep that from the seller. */
  @Test
  void answersThoughAnExtensionFailsOrHangs() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    FacilitatorExtension hanging =
        new FacilitatorExtension() {
          @Override
          public String name() {
            return "hanging";
          }

          @Override
          public Optional<Map<String, Object>> settled(
              Payment payment, Settlement.Settled settlement) {
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return Optional.empty();
          }
        };
    FacilitatorExtension failing =
        new FacilitatorExtension() {
          @Override
          public String name() {
            return "failing";
          }

          @Override
          public Optional<Map<String, Object>> settled(
              Payment payment, Settlement.Settled settlement) {
            throw new IllegalStateException("a bug");
          }
        };
    FacilitatorService service =
        service()
            .extension(hanging)
            .extension(failing)
            .extension(extension("bazaar", Optional.of(Map.of("status", "success"))))
            .build();
    long start = System.nanoTime();
    FacilitatorService.Answer answer = service.settle(REQUEST);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
    assertThat(answer.json()).contains("\"success\":true");
    assertThat(said(answer)).isEqualTo(SAID);
    never.countDown();
  }

  @Test
  void takesOneExtensionOfAName() {
    FacilitatorService.Builder builder = service().extension(extension("a", Optional.empty()));
    assertThatThrownBy(() -> builder.extension(extension("a", Optional.empty())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("extension a: it is there twice");
  }
}
