// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.x402j.Address;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.receipt.DidUrl;
import io.github.x402j.receipt.JwsStatements;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An element of the {@code offer-receipt} extension as it was received, with its signer and its
 * content, neither of which is checked.
 *
 * @param signed the whole element
 * @param format {@code eip712}, {@code jws}, or what else it says
 * @param account the account that signed this content; null if there is none, or it is a JWS
 * @param kid the key that a JWS names, null if it names none
 * @param claimed its content, not verified; empty if that is not an offer
 * @param acceptIndex the index of the way to pay that it names, null if none
 */
record SignedOffer(
    Map<String, Object> signed,
    String format,
    @Nullable Address account,
    @Nullable String kid,
    Map<String, Object> claimed,
    @Nullable Long acceptIndex) {
  private static final String EXTENSION = "offer-receipt";
  private static final JsonMapper JSON = new JsonMapper();
  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  /** Returns the signed offers of a descriptor, none if it has none. */
  static List<SignedOffer> of(PaymentRequired required) {
    Object offers = object(object(required.extensions().get(EXTENSION)).get("info")).get("offers");
    List<SignedOffer> all = new ArrayList<>();
    if (offers instanceof List<?> list) {
      list.forEach(each -> all.add(of(object(each))));
    }
    return all;
  }

  private static SignedOffer of(Map<String, Object> signed) {
    String format = text(signed.get("format"));
    String signature = text(signed.get("signature"));
    Long index = signed.get("acceptIndex") instanceof Long at ? at : null;
    if (format.equals(Eip712Statements.FORMAT)) {
      Map<String, Object> claimed = object(signed.get("payload"));
      return new SignedOffer(signed, format, signer(claimed, signature), null, claimed, index);
    }
    if (format.equals(JwsStatements.FORMAT)) {
      String[] parts = signature.split("\\.", -1);
      Object kid = decoded(parts[0]).get("kid");
      return new SignedOffer(
          signed,
          format,
          null,
          kid instanceof String name ? name : null,
          parts.length == 3 ? decoded(parts[1]) : Map.of(),
          index);
    }
    return new SignedOffer(signed, format, null, null, Map.of(), index);
  }

  private static @Nullable Address signer(Map<String, Object> claimed, String signature) {
    try {
      return Eip712Statements.signerOfOffer(claimed, signature).orElse(null);
    } catch (IllegalArgumentException e) {
      return null; // it cannot be hashed
    }
  }

  /** Reads a part of a JWS that is not verified, to show what it claims. */
  private static Map<String, Object> decoded(String part) {
    try {
      byte[] json = Base64.getUrlDecoder().decode(part);
      Map<String, Object> members =
          JSON.readValue(new String(json, StandardCharsets.UTF_8), OBJECT);
      return members == null ? Map.of() : members;
    } catch (IllegalArgumentException | JsonProcessingException e) {
      return Map.of();
    }
  }

  private static Map<String, Object> object(@Nullable Object json) {
    Map<String, Object> members = new LinkedHashMap<>();
    if (json instanceof Map<?, ?> map) {
      map.forEach((name, value) -> members.put(String.valueOf(name), value));
    }
    return members;
  }

  private static String text(@Nullable Object json) {
    return json instanceof String text ? text : "";
  }

  boolean isEip712() {
    return format.equals(Eip712Statements.FORMAT);
  }

  boolean isJws() {
    return format.equals(JwsStatements.FORMAT);
  }

  /** Returns the DID URL that names its key, empty if its name is none. */
  Optional<DidUrl> did() {
    try {
      return kid == null ? Optional.empty() : Optional.of(DidUrl.parse(kid));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns whether it is for a scheme or a kind of chain that is not known here. */
  boolean isForAnotherWay() {
    return claimed.get("scheme") instanceof String scheme
        && claimed.get("network") instanceof String network
        && !(scheme.equals(PaymentRequirements.EXACT) && network.startsWith("eip155:"));
  }

  /** Returns what it claims, empty if that is not an offer of version 1. */
  Optional<OfferStatement> statement() {
    try {
      return Optional.of(OfferStatement.ofMembers(claimed));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
