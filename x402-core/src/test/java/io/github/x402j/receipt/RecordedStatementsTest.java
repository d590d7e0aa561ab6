// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JWSObject;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Vectors;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.extension.TrustedSigners;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Statements of a run of {@code x402-cli/interop}, in which {@code @x402/extensions} verified ours
 * and we verified theirs: all of them still verify.
 */
class RecordedStatementsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RECORD = "interop/statements.json";
  private static final Instant THEN =
      Instant.ofEpochSecond(Vectors.load(RECORD).get("recordedAt").longValue()).minusSeconds(60);

  private record Recorded(String from, JsonNode message) {
    JsonNode statements() {
      return message.path("extensions").path("offer-receipt").path("info");
    }
  }

  private static List<Recorded> headers(String kind) throws IOException {
    List<Recorded> found = new ArrayList<>();
    for (JsonNode each : Vectors.load(RECORD).get("messages")) {
      if (each.get("kind").textValue().equals(kind)) {
        byte[] json = Base64.getDecoder().decode(each.get("text").textValue());
        Recorded recorded =
            new Recorded(each.get("from").textValue(), JSON.readTree(new String(json, UTF_8)));
        if (!recorded.statements().isMissingNode()) {
          found.add(recorded);
        }
      }
    }
    return found;
  }

  /** The signer is who the statement names; a key of a host was fetched in the run. */
  private static TrustedSigners signer(Map<String, Object> signed, Set<String> ways)
      throws Exception {
    if (signed.get("format").equals(Eip712Statements.FORMAT)) {
      ways.add("eip712");
      Map<String, Object> members = object(JSON.valueToTree(signed.get("payload")));
      return Eip712Statements.trusting(
          Eip712Statements.signerOfOffer(members, (String) signed.get("signature"))
              .map(Set::of)
              .orElse(Set.of()));
    }
    String kid = JWSObject.parse((String) signed.get("signature")).getHeader().getKeyID();
    ways.add(kid.substring(0, kid.indexOf(':', "did:".length())));
    return JwsStatements.trusting(DidUrl.parse(kid));
  }

  private static Map<String, Object> object(JsonNode json) {
    return JSON.convertValue(json, new TypeReference<>() {});
  }

  private static boolean isOfHost(JsonNode signed) throws Exception {
    return signed.path("format").textValue().equals(JwsStatements.FORMAT)
        && JWSObject.parse(signed.path("signature").textValue())
            .getHeader()
            .getKeyID()
            .startsWith("did:web:");
  }

  @Test
  void eachOfferVerifiesAndIsForItsTerms() throws Exception {
    Set<String> ways = new HashSet<>();
    for (Recorded required : headers("required")) {
      for (JsonNode offer : required.statements().path("offers")) {
        if (isOfHost(offer)) {
          continue;
        }
        Map<String, Object> signed = object(offer);
        OfferStatement stated =
            OfferReceiptVerifier.of(signer(signed, ways)).offer(signed, THEN).orElseThrow();
        JsonNode terms = required.message().path("accepts").path(offer.path("acceptIndex").asInt());
        assertThat(stated.amount()).hasToString(terms.path("amount").textValue());
        assertThat(stated.payTo()).hasToString(terms.path("payTo").textValue());
        assertThat(stated.scheme()).isEqualTo(PaymentRequirements.EXACT);
        ways.add(required.from());
      }
    }
    assertThat(ways)
        .contains("did:jwk", "eip712", "x402j")
        .anyMatch(way -> way.startsWith("@x402/"));
  }

  @Test
  void eachReceiptVerifiesAndNamesItsTransaction() throws Exception {
    Set<String> ways = new HashSet<>();
    for (Recorded settlement : headers("settlement")) {
      JsonNode receipt = settlement.statements().path("receipt");
      if (receipt.isMissingNode()
          || isOfHost(receipt)
          || receipt.path("format").textValue().equals(Eip712Statements.FORMAT)) {
        continue; // an account is found by what it has offered
      }
      Map<String, Object> signed = object(receipt);
      ReceiptStatement stated =
          OfferReceiptVerifier.of(signer(signed, ways)).receipt(signed).orElseThrow();
      assertThat(stated.transaction())
          .isEqualTo(settlement.message().path("transaction").textValue());
      ways.add(settlement.from());
    }
    assertThat(ways).contains("did:jwk", "x402j");
  }
}
