// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.UnicodeText;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a seller signs about a delivery ({@code offer-receipt} extension, version 1).
 *
 * @param network the chain
 * @param resourceUrl what was sold
 * @param payer who paid
 * @param issuedAt when it was signed; whole seconds count
 * @param transaction the hash of the transaction, empty where it is not said
 */
public record ReceiptStatement(
    Network network, String resourceUrl, Address payer, Instant issuedAt, String transaction) {
  /** Checks the texts: what cannot be written as UTF-8 cannot be signed. */
  public ReceiptStatement {
    UnicodeText.requireWellFormed("resourceUrl", resourceUrl);
    UnicodeText.requireWellFormed("transaction", transaction);
  }

  /**
   * Returns the statement with these members.
   *
   * @throws IllegalArgumentException if one is missing or is not what it must be, or the version is
   *     not 1
   */
  public static ReceiptStatement ofMembers(Map<String, Object> members) {
    StatementFields.requireVersion(members);
    return new ReceiptStatement(
        Network.parse(StatementFields.text(members, "network")),
        StatementFields.text(members, "resourceUrl"),
        Address.parse(StatementFields.text(members, "payer")),
        StatementFields.seconds(members, "issuedAt"),
        StatementFields.textOrEmpty(members, "transaction"));
  }

  /** Returns this statement without the transaction. */
  public ReceiptStatement withoutTransaction() {
    return new ReceiptStatement(network, resourceUrl, payer, issuedAt, "");
  }

  /** Returns the members that are signed, as JSON in JDK types. */
  public Map<String, Object> toMembers() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("version", StatementFields.VERSION);
    members.put("network", network.caip2());
    members.put("resourceUrl", resourceUrl);
    members.put("payer", payer.text());
    members.put("issuedAt", issuedAt.getEpochSecond());
    members.put("transaction", transaction);
    return members;
  }
}
