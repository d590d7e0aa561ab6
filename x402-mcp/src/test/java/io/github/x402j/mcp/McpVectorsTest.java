// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Credential;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.SettlementResponse;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The messages of the MCP transport are read as the specification writes them. */
class McpVectorsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static JsonNode vectors;

  @BeforeAll
  static void load() throws Exception {
    vectors = JSON.readTree(McpVectorsTest.class.getResourceAsStream("/vectors/mcp.json"));
  }

  private static <T> T read(JsonNode json, Class<T> type) throws Exception {
    return PaidTools.jsonMapper().readValue(json.toString(), type);
  }

  @Test
  void aResultThatAsksForAPayment() throws Exception {
    CallToolResult result = read(vectors.get("toolResult402"), CallToolResult.class);
    String descriptor = PaidToolClient.descriptorIn(result).orElseThrow();
    assertThat(JSON.readTree(descriptor)).isEqualTo(vectors.at("/toolResult402/structuredContent"));
    PaymentRequired required = PaymentCodec.decodeRequiredBody(descriptor);
    assertThat(required.resource().url()).isEqualTo(PricedTool.resourceOf("data"));
    assertThat(JSON.readTree(PaymentMeta.textOf(required))).isEqualTo(JSON.readTree(descriptor));
  }

  @Test
  void aCallThatPays() throws Exception {
    CallToolRequest call = read(vectors.at("/call/params"), CallToolRequest.class);
    Object message = PaymentMeta.paymentOf(call).orElseThrow();
    Credential credential = PaymentHeader.read(PaymentMeta.asHeaders(message, call)).orElseThrow();
    PaymentPayload payment = ((Credential.Payment) credential).payload();
    PaymentRequired required =
        PaymentCodec.decodeRequiredBody(vectors.at("/toolResult402/structuredContent").toString());
    assertThat(payment.accepted()).isEqualTo(required.accepts().get(0));
    PaymentPayload own =
        PaymentPayload.v2(required.accepts().get(0), payment.payload()).answering(required);
    assertThat(JSON.readTree(PaymentCodec.payloadJson(own)))
        .isEqualTo(JSON.readTree(JSON.writeValueAsString(message)));
  }

  @Test
  void aResultThatWasPaidFor() throws Exception {
    CallToolResult result = read(vectors.get("result"), CallToolResult.class);
    assertThat(PaidToolClient.descriptorIn(result)).isEmpty();
    Object said = PaymentMeta.responseOf(result).orElseThrow();
    SettlementResponse settlement = PaymentCodec.decodeSettlementJson(McpJson.text(said));
    assertThat(settlement.success()).isTrue();
    String header = PaymentCodec.encodeSettlement(settlement, 2);
    Map<String, Object> own =
        PaymentMeta.responseIn(Map.of(PaymentHeader.PAYMENT_RESPONSE, header)).orElseThrow();
    assertThat(own).isEqualTo(said);
  }
}
