// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes over the wire is what the published schemas say, and they say no to what is not. */
class SchemaTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final Map<String, JsonNode> REAL = new LinkedHashMap<>();

  @BeforeAll
  static void trade() throws IOException {
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL)
            .key(SigningKey.generated(ReceiptAlgorithm.ES256))
            .build();
    try (Market market = new Market();
        PaidWebapp app =
            PaidWebapp.on(Stack.JETTY, market)
                .routes(
                    Route.of("/paid/*")
                        .price("$0.01")
                        .description("A thing")
                        .mimeType("text/plain")
                        .tags("things", "tests")
                        .pass(Duration.ofMinutes(10), 3),
                    Route.of("/cheap/*").price("$0.01"))
                .handlers(Map.of("it", (request, response) -> response.getWriter().write("x")))
                .filter(
                    filter ->
                        filter
                            .receipts(issuer)
                            .serviceName("The shop")
                            .iconUrl("https://shop.example/icon.png")
                            .headerLimit(8192)
                            .paymentIdentifiers(PaymentIdentifiers.optional()))
                .start()) {
      RawHttp.Response unpaid = app.get("/paid/it");
      TestPayer payer = market.payer();
      REAL.put("payment-required-v2", base64(unpaid.header(PaymentHeader.PAYMENT_REQUIRED)));
      REAL.put("private chain: payment-required-v1", JSON.readTree(unpaid.text()));
      PaymentPayload payload = payer.payload(unpaid);
      String header = PaymentCodec.encodePayload(payload);
      REAL.put("payment-payload", base64(header));
      RawHttp.Response paid = app.get("/paid/it", PaymentHeader.PAYMENT_SIGNATURE + ": " + header);
      REAL.put("settlement-response", base64(paid.header(PaymentHeader.PAYMENT_RESPONSE)));
      REAL.put("receipt-claims", claims(paid));
      RawHttp.Response replayed =
          app.get("/paid/it", PaymentHeader.PAYMENT_SIGNATURE + ": " + header);
      REAL.put(
          "refused: settlement-response", base64(replayed.header(PaymentHeader.PAYMENT_RESPONSE)));
      REAL.put(
          "refused: payment-required-v2", base64(replayed.header(PaymentHeader.PAYMENT_REQUIRED)));
      REAL.put("proof: receipt-claims", claims(app.pay(payer, "/cheap/it")));
      REAL.put(
          "v1: payment-payload",
          base64(
              PaymentCodec.encodePayload(
                  PaymentPayload.v1("exact", Usdc.BASE.network(), payload.payload()))));
    }
    PaymentRequired required =
        PaymentRequired.of(
            ResourceInfo.of("https://shop.example/a"),
            List.of(
                PaymentRequirements.exact(
                    Usdc.BASE,
                    TokenAmount.of(10_000),
                    Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c"),
                    Duration.ofSeconds(60))));
    REAL.put("payment-required-v1", JSON.readTree(PaymentCodec.encodeRequiredV1(required)));
  }

  @AfterAll
  static void forget() {
    REAL.clear();
  }

  private static JsonNode base64(String header) throws IOException {
    return JSON.readTree(Base64.getDecoder().decode(header));
  }

  private static JsonNode claims(RawHttp.Response paid) throws IOException {
    String token = paid.header(PaymentHeader.X_PAYMENT_RECEIPT);
    return JSON.readTree(Base64.getUrlDecoder().decode(token.split("\\.")[1]));
  }

  private static List<Error> errors(String schema, JsonNode document) throws IOException {
    Path file = Path.of("..", "docs", "schema", schema + ".schema.json");
    Schema compiled =
        REGISTRY.getSchema(Files.readString(file, StandardCharsets.UTF_8), InputFormat.JSON);
    return compiled.validate(document);
  }

  @Test
  void whatIsSentIsWhatTheSchemasSay() throws IOException {
    assertThat(REAL).hasSize(10);
    for (Map.Entry<String, JsonNode> real : REAL.entrySet()) {
      String schema = real.getKey().replaceFirst(".*: ", "");
      assertThat(errors(schema, real.getValue())).as(real.getKey() + real.getValue()).isEmpty();
    }
    assertThat(REAL.get("receipt-claims").at("/x402/uses").asLong()).isEqualTo(3);
    assertThat(REAL.get("proof: receipt-claims").at("/x402/uses").asLong()).isZero();
  }

  /** The value is JSON, or nothing to leave the member out. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          payment-required-v2 | /x402Version                | 1
          payment-required-v2 | /x402Version                | "2"
          payment-required-v2 | /accepts                    | []
          payment-required-v2 | /accepts                    |
          payment-required-v2 | /resource                   |
          payment-required-v2 | /resource/url               | "shop"
          payment-required-v2 | /accepts/0/amount           | 10000
          payment-required-v2 | /accepts/0/amount           | "0.01"
          payment-required-v2 | /accepts/0/amount           | "+5"
          payment-required-v2 | /accepts/0/amount           | "007"
          payment-required-v2 | /accepts/0/network          | "base"
          payment-required-v2 | /accepts/0/asset            | "0x12"
          payment-required-v2 | /accepts/0/payTo            |
          payment-required-v2 | /accepts/0/scheme           | "upto"
          payment-required-v2 | /accepts/0/maxTimeoutSeconds| 0
          payment-required-v2 | /accepts/0/maxTimeoutSeconds| "60"
          payment-required-v2 | /accepts/0/extra/name       |
          payment-required-v1 | /x402Version                | 2
          payment-required-v1 | /accepts/0/network          | "eip155:8453"
          payment-required-v1 | /accepts/0/maxAmountRequired|
          payment-required-v1 | /accepts/0/resource         |
          payment-required-v1 | /accepts/0/payTo            | "shop.eth"
          payment-payload     | /x402Version                | 3
          payment-payload     | /accepted                   |
          payment-payload     | /accepted/amount            |
          payment-payload     | /payload/signature          | "0x12"
          payment-payload     | /payload/authorization/nonce| "0x12"
          payment-payload     | /payload/authorization/value| 1
          payment-payload     | /payload/authorization/from |
          settlement-response | /success                    | "true"
          settlement-response | /success                    |
          settlement-response | /success                    | false
          settlement-response | /transaction                | ""
          settlement-response | /transaction                | "0x12"
          settlement-response | /network                    | "moon"
          settlement-response | /payer                      | "me"
          receipt-claims      | /exp                        |
          receipt-claims      | /aud                        |
          receipt-claims      | /aud                        | "https://shop.example/"
          receipt-claims      | /aud                        | ["https://a.example", "https://b.example"]
          receipt-claims      | /jti                        | ""
          receipt-claims      | /sub                        | "me"
          receipt-claims      | /exp                        | "1780000000"
          receipt-claims      | /x402                       |
          receipt-claims      | /x402/tx                    | "0x12"
          receipt-claims      | /x402/route                 |
          receipt-claims      | /x402/method                |
          receipt-claims      | /x402/amount                | 10000
          receipt-claims      | /x402/uses                  | -1
          receipt-claims      | /x402/pass                  | "true"
          """)
  void eachSchemaRefusesWhatIsWrong(String schema, String pointer, String value)
      throws IOException {
    JsonNode document = REAL.get(schema).deepCopy();
    int last = pointer.lastIndexOf('/');
    JsonNode parent = document.at(pointer.substring(0, last));
    String name = pointer.substring(last + 1);
    if (value == null) {
      assertThat(((ObjectNode) parent).remove(name)).isNotNull();
    } else {
      ((ObjectNode) parent).set(name, JSON.readTree(value));
    }
    assertThat(errors(schema, document)).isNotEmpty();
  }
}
