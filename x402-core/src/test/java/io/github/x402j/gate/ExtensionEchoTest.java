// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.Extension;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.Hashes;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SignedPayment;
import io.github.x402j.Vectors;
import io.github.x402j.extension.Discoverable;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a payer returns of a descriptor, and what the gate makes of it. */
class ExtensionEchoTest {
  private static final JsonNode RECORDED = Vectors.load("echo.json");
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final ScriptedFacilitator facilitator = new ScriptedFacilitator();
  private final PaymentGate gate = PaymentGate.builder().facilitator(facilitator).build();

  private Admission admit(PaymentRequired required, PaymentPayload payload) {
    return gate.admit(
        gate.challenge(required),
        Sale.purchase("GET /premium"),
        Sale.headers(payload.withPayload(Offers.payload(1))));
  }

  private static String error(Admission admission) throws Exception {
    return PaymentCodec.decodeRequired(
            ((Admission.Refused) admission).refusal().headers().get(PaymentHeader.PAYMENT_REQUIRED))
        .error();
  }

  private static PaymentRequired required(String name) throws Exception {
    return PaymentCodec.decodeRequiredBody(RECORDED.get(name).get("required").toString());
  }

  private static PaymentPayload payload(String name) throws Exception {
    String json = RECORDED.get(name).get("payload").toString();
    return PaymentCodec.decodePayload(Base64.getEncoder().encodeToString(json.getBytes(UTF_8)), 2);
  }

  static Stream<String> recorded() {
    return RECORDED.properties().stream().map(Map.Entry::getKey).filter(n -> !n.equals("source"));
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void decidesAsThePublishedServerDid(String name) throws Exception {
    Admission admission = admit(required(name), payload(name));
    if (RECORDED.get(name).get("status").intValue() == 200) {
      assertThat(admission).isInstanceOf(Admission.Admitted.class);
    } else {
      assertThat(error(admission))
          .isEqualTo(
              name.startsWith("echo") ? "extension_echo_mismatch" : "invalid_payment_requirements");
      assertThat(facilitator.verifications).hasValue(0);
    }
  }

  /** The published client makes the same message of the same descriptor and payload. */
  @ParameterizedTest
  @ValueSource(strings = {"exact", "upfront", "echoOk"})
  void answersADescriptorAsThePublishedClientDoes(String name) throws Exception {
    PaymentRequired required = required(name);
    PaymentPayload answer =
        PaymentPayload.v2(required.accepts().get(0), payload(name).payload()).answering(required);
    assertThat(PaymentCodec.payloadJson(answer))
        .isEqualTo(RECORDED.get(name).get("payload").toString());
    if (name.equals("exact")) {
      assertThat(HexFormat.of().formatHex(Hashes.sha256(PaymentCodec.encodePayload(answer))))
          .isEqualTo("4a40b09101193d9b8210e18755d3c87ef6abb4ae46c9644f3365e2ab6424d4ff");
    }
  }

  static final Map<String, Object> INFO =
      Map.of("a", Map.of("b", 1, "c", List.of("x", Map.of("y", 2))), "flag", true, "text", "t");

  private static PaymentRequired announcing(Map<String, Object> info) {
    return Offers.REQUIRED.withExtension(
        "ext", Extension.of(info, Map.of("type", "object")).with("routeTemplate", "/x/:id"));
  }

  private static PaymentPayload returning(String json) throws Exception {
    return PaymentPayload.v2(Offers.BASE, Map.of())
        .withExtensions(Map.of("ext", JSON.readValue(json, Map.class)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"info\":{\"a\":{\"b\":1,\"c\":[\"x\",{\"y\":2}]},\"flag\":true,\"text\":\"t\"}}",
        "{\"info\":{\"a\":{\"b\":1.0,\"c\":[\"x\",{\"y\":2}],\"own\":1},\"flag\":true,\"text\":\"t\",\"own\":[]}}",
        "{\"schema\":7,\"routeTemplate\":\"/y\",\"own\":null,\"info\":{\"a\":{\"b\":1,\"c\":[\"x\",{\"y\":2}]},\"flag\":true,\"text\":\"t\",\"n\":null}}"
      })
  void takesMembersOfThePayersOwn(String returned) throws Exception {
    assertThat(admit(announcing(INFO), returning(returned))).isInstanceOf(Admission.Admitted.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"info\":null}",
        "{\"info\":[]}",
        "{\"info\":{}}",
        "{\"info\":{\"a\":{\"b\":1,\"c\":[\"x\",{\"y\":2}]},\"flag\":true}}",
        "{\"info\":{\"a\":{\"b\":1,\"c\":[\"x\",{\"y\":2}]},\"flag\":\"true\",\"text\":\"t\"}}",
        "{\"info\":{\"a\":{\"b\":2,\"c\":[\"x\",{\"y\":2}]},\"flag\":true,\"text\":\"t\"}}",
        "{\"info\":{\"a\":{\"b\":1,\"c\":[\"x\",{\"y\":2,\"own\":1}]},\"flag\":true,\"text\":\"t\"}}",
        "{\"info\":{\"a\":{\"b\":1,\"c\":[\"x\"]},\"flag\":true,\"text\":\"t\"}}",
        "{\"info\":{\"a\":null,\"flag\":true,\"text\":\"t\"}}",
        "{\"info\":{\"a\":[],\"flag\":true,\"text\":\"t\"}}"
      })
  void refusesWhatIsNotAsItWasAnnounced(String returned) throws Exception {
    assertThat(error(admit(announcing(INFO), returning(returned))))
        .isEqualTo("extension_echo_mismatch");
    assertThat(facilitator.verifications).hasValue(0);
  }

  /** Whatever the payer says, the facilitator learns what is sold here. */
  @Test
  void tellsTheFacilitatorTheSellersWordAndThePayersInfo() throws Exception {
    PaymentPayload liar =
        returning(
                "{\"info\":{\"a\":1,\"own\":2},\"routeTemplate\":\"/dear\",\"schema\":{},\"more\":3}")
            .withResource(ResourceInfo.of("https://elsewhere.example/dear"));
    Admission.Admitted admitted = (Admission.Admitted) admit(announcing(Map.of("a", 1)), liar);
    SignedPayment told = admitted.payment().signed();
    assertThat(told.payload().resource()).isEqualTo(Offers.REQUIRED.resource());
    assertThat(told.payload().extensions())
        .isEqualTo(
            Map.of(
                "ext",
                Map.of(
                    "info",
                    Map.of("a", 1L, "own", 2L),
                    "routeTemplate",
                    "/x/:id",
                    "schema",
                    Map.of("type", "object"),
                    "more",
                    3L)));
  }

  @Test
  void aPaymentThatHasBegunIsFinishedThoughTheAnnouncementHasChanged() {
    facilitator.settlement = ScriptedFacilitator.settled();
    PaymentPayload payment =
        PaymentPayload.v2(Offers.BASE, Offers.payload(1)).answering(announcing(INFO));
    VerifiedPayment begun = ((Admission.Admitted) admit(announcing(INFO), payment)).payment();
    gate.settle(begun);
    gate.release(begun);
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(admit(announcing(Map.of("text", "another")), payment))
        .isInstanceOf(Admission.Admitted.class);
  }

  @ParameterizedTest
  @EnumSource(PaymentFlow.class)
  void announcesItsFlowInVersion2Alone(PaymentFlow flow) throws Exception {
    PaymentRequired required = Offers.REQUIRED.withFlow(flow);
    Refusal refusal = gate.challenge(required).refusal();
    PaymentRequirements offered =
        PaymentCodec.decodeRequired(refusal.headers().get(PaymentHeader.PAYMENT_REQUIRED))
            .accepts()
            .get(0);
    assertThat(offered.extra().get("paymentFlow"))
        .isEqualTo(flow == PaymentFlow.UPFRONT ? "upfront" : null);
    assertThat(PaymentFlow.of(offered)).contains(flow);
    assertThat(refusal.body()).doesNotContain("paymentFlow");
  }

  @Test
  void verifiesNothingThatItsFacilitatorVerifiesWhenItSettlesFirst() throws Exception {
    for (boolean settleVerifies : new boolean[] {true, false}) {
      facilitator.settleVerifies = settleVerifies;
      for (PaymentFlow flow : PaymentFlow.values()) {
        facilitator.verifications.set(0);
        PaymentGate fresh = PaymentGate.builder().facilitator(facilitator).build();
        Admission admission =
            fresh.admit(
                fresh.challenge(Offers.REQUIRED.withFlow(flow)),
                Sale.purchase("GET /premium"),
                Sale.headers("PAYMENT-SIGNATURE", Offers.v2(flow, 1)));
        assertThat(admission).isInstanceOf(Admission.Admitted.class);
        assertThat(facilitator.verifications)
            .hasValue(settleVerifies && flow == PaymentFlow.UPFRONT ? 0 : 1);
      }
    }
  }

  /** What a client can read, it returns; the schema of nested JSON is deep. */
  @ParameterizedTest
  @ValueSource(ints = {8, 40, 59, 60})
  void takesBackAnExtensionOfAnyDepthThatClientsRead(int levels) throws Exception {
    Map<String, Object> schema = Map.of("type", "object");
    for (int i = 0; i < levels; i++) {
      schema = Map.of("a", schema);
    }
    PaymentRequired announced = Sale.REQUIRED.withExtension("e", Extension.of(Map.of(), schema));
    PaymentRequired read = PaymentCodec.decodeRequired(PaymentCodec.encodeRequired(announced));
    PaymentPayload returned = PaymentPayload.v2(Sale.OFFER, Offers.payload(1)).answering(read);
    assertThat(admit(announced, returned)).isInstanceOf(Admission.Admitted.class);
    assertThat(PaymentCodec.decodePayload(PaymentCodec.encodePayload(returned), 2))
        .isEqualTo(returned);
    SignedPayment payment = ScriptedFacilitator.signed(returned, Sale.OFFER, Sale.NOW);
    String told = FacilitatorMessages.request(payment, announced.resource());
    assertThat(FacilitatorMessages.readRequest(told).payload()).isEqualTo(returned);
    DiscoveredResource listed =
        new DiscoveredResource(
            announced.resource(),
            "http",
            2,
            announced.accepts(),
            List.of(),
            Sale.NOW,
            Map.of("e", Map.of("info", Map.of(), "schema", schema)));
    String list = DiscoveryMessages.resources(List.of(listed), DiscoveryQuery.everything(), 1);
    assertThat(DiscoveryMessages.readListing(list).resources()).containsExactly(listed);
  }

  /** Facilitators list it, and payers would write what they like into the seller's entry. */
  @Test
  void tellsAFacilitatorOfBazaarWhatTheSellerSaysAlone() {
    PaymentRequired announced =
        Sale.REQUIRED.withExtension(
            "bazaar", Discoverable.http().entry("GET", "/premium", Map.of()));
    PaymentPayload spoilt =
        Sale.v2(1)
            .answering(announced)
            .withInfo("bazaar", Map.of("output", Map.of("type", "text", "example", "spam")));
    assertThat(ExtensionEcho.mismatch(announced, spoilt)).isEmpty();
    assertThat(ExtensionEcho.told(announced, spoilt).extensions())
        .isEqualTo(announced.extensions());
    assertThat(ExtensionEcho.told(Sale.REQUIRED, spoilt).extensions()).isEmpty();
    assertThat(ExtensionEcho.told(announced, Sale.v2(1)).extensions()).isEmpty();
  }
}
