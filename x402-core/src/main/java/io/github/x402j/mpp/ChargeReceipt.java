// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import io.github.x402j.Bytes32;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code Payment-Receipt} says of an {@code evm} charge that was settled.
 *
 * @param transaction the hash of the transaction
 * @param settledAt when; whole seconds
 * @param challengeId the challenge that was paid, or null where it is not said
 * @param network the chain, or null where it is not said
 */
public record ChargeReceipt(
    Bytes32 transaction,
    Instant settledAt,
    @Nullable String challengeId,
    @Nullable Network network) {

  /** Cuts the time to seconds. */
  public ChargeReceipt {
    settledAt = Instant.ofEpochSecond(settledAt.getEpochSecond());
  }

  /**
   * Returns the receipt in a header.
   *
   * @throws MalformedPaymentException if it is not one of a charge that was settled
   */
  public static ChargeReceipt parse(String header) throws MalformedPaymentException {
    Map<String, Object> members = JsonText.decode(header);
    if (!"success".equals(members.get("status"))
        || !PaymentChallenge.EVM.equals(members.get("method"))
        || !(members.get("reference") instanceof String reference)
        || !(members.get("timestamp") instanceof String timestamp)) {
      throw new MalformedPaymentException("Payment-Receipt: expected an evm charge's");
    }
    try {
      return new ChargeReceipt(
          Bytes32.parse("reference", reference),
          Instant.parse(timestamp),
          members.get("challengeId") instanceof String id ? id : null,
          members.get("chainId") instanceof Long chainId ? new Network(chainId) : null);
    } catch (RuntimeException e) {
      throw new MalformedPaymentException("Payment-Receipt: expected a hash and a time");
    }
  }

  /** Returns the value of the header. */
  public String header() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("method", PaymentChallenge.EVM);
    members.put("reference", transaction.text());
    members.put("status", "success");
    members.put("timestamp", settledAt.toString());
    if (challengeId != null) {
      members.put("challengeId", challengeId);
    }
    if (network != null) {
      members.put("chainId", network.chainId());
    }
    return JsonText.encode(members);
  }
}
