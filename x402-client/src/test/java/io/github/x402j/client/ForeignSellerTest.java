// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.option;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Eurc;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.Usdc;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.testing.MutableClock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Buying from sellers that write other things than the specification says. */
@Timeout(30)
class ForeignSellerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String UPTO = "{\"scheme\":\"upto\",\"network\":\"eip155:84532\"}";
  private static final String BROKEN =
      "{\"scheme\":\"exact\",\"network\":\"eip155:84532\",\"amount\":1,\"payTo\":\"you\"}";
  private static final String SOLANA =
      "{\"scheme\":\"exact\",\"network\":\"solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1\"}";

  /** Where a descriptor is, and in which version. */
  enum Where {
    HEADER_V2,
    BODY_V2,
    BODY_V1
  }

  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  private ObjectNode message(Where where, String... beside) throws Exception {
    String json =
        where == Where.BODY_V1
            ? PaymentCodec.encodeRequiredV1(Asking.forUrl(seller.url("/a"), option("$0.01")))
            : new String(
                Base64.getDecoder()
                    .decode(
                        PaymentCodec.encodeRequired(
                            Asking.forUrl(seller.url("/a"), option("$0.01")))),
                StandardCharsets.UTF_8);
    ObjectNode message = (ObjectNode) JSON.readTree(json);
    for (String entry : beside) {
      ((ArrayNode) message.get("accepts")).insert(0, JSON.readTree(entry));
    }
    return message;
  }

  private void asks(Where where, JsonNode message) {
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "bought")
                : where == Where.HEADER_V2
                    ? Seller.Answer.of(402, Map.of("PAYMENT-REQUIRED", base64(message)), "{}")
                    : Seller.Answer.of(402, message.toString()));
  }

  private static String base64(JsonNode message) {
    return Base64.getEncoder().encodeToString(message.toString().getBytes(StandardCharsets.UTF_8));
  }

  private String buy(String path) throws Exception {
    return buyer(HttpClient.newHttpClient())
        .build()
        .send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString())
        .body();
  }

  private PaymentDeclinedException declined(String path) {
    return catchThrowableOfType(PaymentDeclinedException.class, () -> buy(path));
  }

  @ParameterizedTest
  @EnumSource
  void paysTheGoodOfferBesideOthers(Where where) throws Exception {
    asks(where, message(where, UPTO, BROKEN, SOLANA, "null", "[]"));
    assertThat(buy("/a")).isEqualTo("bought");
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void paysForTheUrlThatItAskedWhereNoResourceIsNamed(Where where) throws Exception {
    ObjectNode message = message(where);
    message.put("error", 7);
    if (where == Where.BODY_V1) {
      ((ObjectNode) message.at("/accepts/0")).putNull("resource").put("description", 7);
    } else {
      message.remove("resource");
      message.putArray("extensions");
    }
    asks(where, message);
    assertThat(buy("/a?q=1")).isEqualTo("bought");
  }

  @Test
  void returnsWhatTheSellerWroteOfTheResourceWhateverItIs() throws Exception {
    ObjectNode message = message(Where.HEADER_V2);
    ((ObjectNode) message.get("resource")).put("description", 7).putNull("mimeType");
    asks(Where.HEADER_V2, message);
    assertThat(buy("/a")).isEqualTo("bought");
    String sent = seller.paidCalls().get(0).header(PaymentHeader.PAYMENT_SIGNATURE).orElseThrow();
    assertThat(JSON.readTree(Base64.getDecoder().decode(sent)).get("resource"))
        .isEqualTo(message.get("resource"));
  }

  @Test
  void stillDeclinesAResourceOfAnotherOrigin() throws Exception {
    ObjectNode message = message(Where.HEADER_V2, UPTO);
    message.putObject("resource").put("url", "https://bank.example/a");
    asks(Where.HEADER_V2, message);
    assertThat(declined("/a").rule()).isEqualTo("resource");
  }

  @ParameterizedTest
  @EnumSource
  void saysWhatWasOfferedWhereNothingCanBePaid(Where where) throws Exception {
    ObjectNode message = message(where);
    ((ArrayNode) message.get("accepts"))
        .removeAll()
        .add(JSON.readTree(UPTO))
        .add(JSON.readTree(SOLANA));
    asks(where, message);

    PaymentDeclinedException declined = declined("/a");

    assertThat(declined.rule()).isEqualTo("tokens");
    assertThat(declined)
        .hasMessageContaining("upto on eip155:84532 (scheme: not known here)")
        .hasMessageContaining("exact on solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1 (network: ");
    assertThat(seller.paidCalls()).isEmpty();
  }

  @Test
  void saysWhatIsWrongWhereNothingCanBeRead() throws Exception {
    ObjectNode message = message(Where.HEADER_V2);
    ((ArrayNode) message.get("accepts")).removeAll().add(JSON.readTree(BROKEN));
    asks(Where.HEADER_V2, message);

    assertThat(declined("/a").rule()).isEqualTo("descriptor");
    assertThat(declined("/a").asked())
        .isEqualTo("exact on eip155:84532 (maxTimeoutSeconds: missing)");
  }

  @Test
  void saysWhatElseWasOfferedWhereTheTokenIsNotTheCallers() throws Exception {
    ObjectNode message = message(Where.HEADER_V2, UPTO);
    ((ObjectNode) message.at("/accepts/1")).put("asset", Usdc.BASE.contract().text());
    asks(Where.HEADER_V2, message);
    assertThat(declined("/a").rule()).isEqualTo("tokens");
    assertThat(declined("/a").asked())
        .isEqualTo(
            Usdc.BASE.contract()
                + " on eip155:84532, upto on eip155:84532 (scheme: not known here)");
  }

  @Test
  void aMessageListsAFewOfManyTokens() throws Exception {
    ObjectNode message = message(Where.HEADER_V2);
    ((ObjectNode) message.at("/accepts/0")).put("asset", Eurc.BASE_SEPOLIA.contract().text());
    asks(Where.HEADER_V2, message);
    PayingHttpClient.Builder client = buyer(HttpClient.newHttpClient());
    Usdc.all().stream().filter(each -> !each.equals(USDC)).forEach(client::token);
    PaymentDeclinedException declined =
        catchThrowableOfType(
            PaymentDeclinedException.class,
            () ->
                client
                    .build()
                    .send(
                        HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString()));
    assertThat(declined.limit())
        .hasSizeLessThan(400)
        .endsWith(", " + (Usdc.all().size() - 5) + " more");
  }

  @Test
  void aToolWithoutAResourceIsTheOneThatWasAsked() throws Exception {
    SpendJournal journal = SpendJournal.inMemory();
    AgentWallet wallet = Purse.wallet(journal, "agent", "$0.05", new MutableClock(Asking.NOW));
    ObjectNode message = message(Where.BODY_V2, UPTO, BROKEN);
    message.remove("resource");
    Payment payment =
        Payer.of(wallet, USDC)
            .pay(URI.create("https://shop.example/mcp"), "mcp://tool/a", message.toString());
    assertThat(payment.amount().toString()).isEqualTo("10000");
  }
}
