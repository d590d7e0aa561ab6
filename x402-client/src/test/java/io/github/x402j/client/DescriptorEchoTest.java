// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v2;
import static io.github.x402j.client.Asking.with;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Extension;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the client returns of a descriptor (specification 5.1.2), and which flow it takes (6.1). */
@Timeout(30)
class DescriptorEchoTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient wrapped = HttpClient.newHttpClient();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  private HttpResponse<String> get() throws Exception {
    return buyer(wrapped)
        .build()
        .send(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
  }

  /** Pays for a descriptor, and returns the message that was sent. */
  private JsonNode sentFor(String descriptor) throws Exception {
    String header = Base64.getEncoder().encodeToString(descriptor.getBytes(UTF_8));
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "ok")
                : Seller.Answer.of(402, Map.of("PAYMENT-REQUIRED", header), "{}"));
    assertThat(get().statusCode()).isEqualTo(200);
    String sent = seller.paidCalls().get(0).header("PAYMENT-SIGNATURE").orElseThrow();
    return JSON.readTree(Base64.getDecoder().decode(sent));
  }

  private ObjectNode descriptor(int schemaLength) throws Exception {
    PaymentRequired required =
        forUrl(seller.url("/a"), option("$0.01"))
            .withExtension(
                "ext",
                Extension.of(
                        Map.of("a", List.of(1, "x"), "b", Map.of("c", true)),
                        Map.of("x", "s".repeat(schemaLength)))
                    .with("routeTemplate", "/:id"));
    byte[] json = Base64.getDecoder().decode(PaymentCodec.encodeRequired(required));
    ObjectNode descriptor = (ObjectNode) JSON.readTree(json);
    ((ObjectNode) descriptor.at("/extensions/ext/info")).putNull("none").put("half", 0.5);
    ((ObjectNode) descriptor.get("resource")).put("unknownHere", 7).put("description", "d");
    return descriptor;
  }

  @Test
  void returnsTheResourceAndEveryExtensionAsItCame() throws Exception {
    ObjectNode descriptor = descriptor(10);
    JsonNode sent = sentFor(descriptor.toString());
    assertThat(sent.get("resource")).isEqualTo(descriptor.get("resource"));
    assertThat(sent.get("accepted")).isEqualTo(descriptor.at("/accepts/0"));
    assertThat(sent.get("extensions")).isEqualTo(descriptor.get("extensions"));
  }

  @Test
  void returnsTheInfoAloneWhereAllWouldBeTooLong() throws Exception {
    ObjectNode descriptor = descriptor(9000);
    JsonNode sent = sentFor(descriptor.toString());
    JsonNode info = descriptor.at("/extensions/ext/info");
    assertThat(sent.at("/extensions/ext/info")).isEqualTo(info);
    assertThat(sent.at("/extensions/ext").size()).isEqualTo(1);
  }

  /** A facilitator that keeps a list needs the schema, and the template where there is one. */
  @ParameterizedTest
  @CsvSource({"1000, 1000, true, true", "9000, 1000, false, true", "9000, 9000, false, false"})
  void returnsWhatASellerIsListedByWhereTheRestWouldBeTooLong(
      int other, int listed, boolean isOtherWhole, boolean isListingWhole) throws Exception {
    ObjectNode descriptor = descriptor(other);
    ((ObjectNode) descriptor.get("extensions"))
        .set("bazaar", descriptor(listed).at("/extensions/ext"));
    JsonNode sent = sentFor(descriptor.toString());
    assertThat(returned(sent, descriptor, "ext")).isEqualTo(isOtherWhole);
    assertThat(returned(sent, descriptor, "bazaar")).isEqualTo(isListingWhole);
    assertThat(seller.paidCalls().get(0).header("PAYMENT-SIGNATURE").orElseThrow())
        .hasSizeLessThan(7 * 1024);
  }

  /** Returns whether all of an entry came back, and not its info alone. */
  private static boolean returned(JsonNode sent, JsonNode announced, String name) {
    JsonNode entry = sent.get("extensions").get(name);
    JsonNode whole = announced.get("extensions").get(name);
    assertThat(entry.get("info")).isEqualTo(whole.get("info"));
    return entry.equals(whole);
  }

  private void assertDeclined(String rule, PaymentRequired required) {
    seller.does(call -> v2(required));
    assertThatThrownBy(this::get)
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo(rule));
    assertThat(seller.paidCalls()).isEmpty();
  }

  @Test
  void declinesWhatWouldMakeTheHeaderLongerThanServersRead() {
    assertDeclined(
        "header",
        forUrl(seller.url("/a"), option("$0.01"))
            .withExtension("ext", Extension.of(Map.of("a", "x".repeat(13_000)), Map.of())));
  }

  @Test
  void declinesAFlowThatItDoesNotKnow() {
    for (Object flow : List.of("escrow", "Upfront", 7L, List.of("authorization"))) {
      assertDeclined(
          "paymentFlow", forUrl(seller.url("/a"), with(option("$0.01"), "paymentFlow", flow)));
    }
  }

  @Test
  void prefersWhatIsSettledAfterTheAnswerIsMade() throws Exception {
    PaymentRequirements cheap = option("$0.01").withFlow(PaymentFlow.UPFRONT);
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "ok")
                : v2(
                    forUrl(
                        seller.url("/a"),
                        with(option("$0.01"), "paymentFlow", "escrow"),
                        cheap,
                        option("$0.02"))));
    assertThat(get().statusCode()).isEqualTo(200);
    assertThat(seller.paidCalls().get(0).payment().accepted()).isEqualTo(option("$0.02"));
  }

  @Test
  void paysUpfrontWhereNothingElseIsOffered() throws Exception {
    PaymentRequirements upfront = option("$0.01").withFlow(PaymentFlow.UPFRONT);
    seller.does(
        call -> call.isPaid() ? delivery(call, "ok") : v2(forUrl(seller.url("/a"), upfront)));
    assertThat(get().statusCode()).isEqualTo(200);
    assertThat(seller.paidCalls().get(0).payment().accepted()).isEqualTo(upfront);
  }
}
