// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Address;
import io.github.x402j.Vectors;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The constants of the offer-receipt extension. */
class Eip712StatementsTest {
  @Test
  void hasTheDomainSeparatorsOfTheExtension() {
    assertThat(Hex.text(Eip712Statements.offerDomain()))
        .isEqualTo("0x5dc92544087ab60aa57c539b9543f9282416b0dcf2c2ae0d4d0051052a9e61b6");
    assertThat(Hex.text(Eip712Statements.receiptDomain()))
        .isEqualTo("0xfd7f8c81cdd24b25c99ba22e191cee41d8809abbc12e8fdbd42fddfa5bb9e406");
  }

  /** The published package's statements, whose digests ours must have. */
  @Test
  void hasTheDigestsAndFindsTheSignersOfThePublishedPackage() {
    JsonNode published = Vectors.load("extension-statements.json");
    JsonNode offer = published.path("offerEip712");
    JsonNode receipt = published.path("receiptEip712");
    Map<String, Object> offered = members(offer.path("offer").path("payload"));
    Map<String, Object> received = members(receipt.path("receipt").path("payload"));
    assertThat(Hex.text(Eip712Statements.offerDigest(offered)))
        .isEqualTo(offer.path("digest").textValue());
    assertThat(Hex.text(Eip712Statements.receiptDigest(received)))
        .isEqualTo(receipt.path("digest").textValue());
    Address signer = Address.parse(offer.path("signer").textValue());
    OfferReceiptVerifier verifier =
        OfferReceiptVerifier.of(Eip712Statements.trusting(Set.of(signer)));
    assertThat(verifier.offer(members(offer.path("offer")), Instant.ofEpochSecond(1_800_000_000L)))
        .contains(OfferStatement.ofMembers(offered));
    assertThat(verifier.receipt(members(receipt.path("receipt"))))
        .contains(ReceiptStatement.ofMembers(received));
  }

  private static Map<String, Object> members(JsonNode json) {
    return new ObjectMapper().convertValue(json, new TypeReference<>() {});
  }
}
