// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Bytes32;
import io.github.x402j.Hashes;
import io.github.x402j.PaymentHeader;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A challenge of the {@code Payment} scheme, its parameters as they stand on the wire ({@code
 * draft-httpauth-payment}, section "Challenge").
 *
 * @param id names the challenge; binds all other parameters but the description
 * @param realm the protection space: host and port of the seller
 * @param method the payment method
 * @param intent what the payment is for
 * @param request what the method needs, base64url of JSON
 * @param description for people, or null
 * @param digest of the body of the request (RFC 9530), or null
 * @param expires a time by RFC 3339, or null
 * @param opaque the server's own, base64url of JSON, or null
 */
public record PaymentChallenge(
    String id,
    String realm,
    String method,
    String intent,
    String request,
    @Nullable String description,
    @Nullable String digest,
    @Nullable String expires,
    @Nullable String opaque) {

  /** The one method of this library. */
  public static final String EVM = "evm";

  /** The one intent of this library. */
  public static final String CHARGE = "charge";

  /** Returns an {@code evm} charge that has no id yet. */
  public static PaymentChallenge charge(
      String realm, String request, Instant expires, String opaque) {
    String until = Instant.ofEpochSecond(expires.getEpochSecond()).toString();
    return new PaymentChallenge("", realm, EVM, CHARGE, request, null, null, until, opaque);
  }

  /**
   * Returns the challenges of the {@code Payment} scheme in {@code WWW-Authenticate} headers, each
   * of which may hold several, also of other schemes. One without a required parameter is left out.
   *
   * @param headers the values of the headers
   */
  public static List<PaymentChallenge> parse(List<String> headers) {
    return headers.stream()
        .flatMap(header -> AuthenticateHeader.parse(header).stream())
        .filter(each -> each.scheme().equalsIgnoreCase(PaymentHeader.PAYMENT_SCHEME.trim()))
        .flatMap(each -> of(each.parameters()).stream())
        .toList();
  }

  /** Returns the challenge with these parameters, empty if a required one is missing. */
  static Optional<PaymentChallenge> of(Map<String, ?> parameters) {
    List<String> required = new ArrayList<>();
    for (String name : List.of("id", "realm", "method", "intent", "request")) {
      if (!(parameters.get(name) instanceof String text) || text.isEmpty()) {
        return Optional.empty();
      }
      required.add(text);
    }
    List<@Nullable String> optional = new ArrayList<>();
    for (String name : List.of("description", "digest", "expires", "opaque")) {
      Object value = parameters.get(name);
      if (value != null && !(value instanceof String)) {
        return Optional.empty();
      }
      optional.add((String) value);
    }
    return Optional.of(
        new PaymentChallenge(
            required.get(0),
            required.get(1),
            required.get(2),
            required.get(3),
            required.get(4),
            optional.get(0),
            optional.get(1),
            optional.get(2),
            optional.get(3)));
  }

  PaymentChallenge withId(String newId) {
    return new PaymentChallenge(
        newId, realm, method, intent, request, description, digest, expires, opaque);
  }

  /** Returns whether it asks for an {@code evm} charge. */
  public boolean isEvmCharge() {
    return method.equals(EVM) && intent.equals(CHARGE);
  }

  /** Returns what the id binds: seven parameters, empty where one is missing. */
  String bound() {
    return Stream.of(realm, method, intent, request, expires, digest, opaque)
        .map(parameter -> Objects.requireNonNullElse(parameter, ""))
        .collect(Collectors.joining("|"));
  }

  /** Returns the nonce of an authorization that pays this challenge and no other. */
  public Bytes32 nonce() {
    return Bytes32.of(Hashes.keccak256((id + realm).getBytes(UTF_8)));
  }

  /**
   * Returns when it expires; for ever if it does not say, never if it says so in no way that can be
   * read.
   */
  public Instant expiresAt() {
    if (expires == null) {
      return Instant.MAX;
    }
    try {
      return OffsetDateTime.parse(expires).toInstant();
    } catch (DateTimeException e) {
      return Instant.MIN;
    }
  }

  /** Returns the parameters that there are, by name. */
  Map<String, String> parameters() {
    Map<String, @Nullable String> all = new LinkedHashMap<>();
    all.put("id", id);
    all.put("realm", realm);
    all.put("method", method);
    all.put("intent", intent);
    all.put("request", request);
    all.put("description", description);
    all.put("digest", digest);
    all.put("expires", expires);
    all.put("opaque", opaque);
    Map<String, String> present = new LinkedHashMap<>();
    all.forEach(
        (name, value) -> {
          if (value != null) {
            present.put(name, value);
          }
        });
    return present;
  }

  /** Returns the value of a {@code WWW-Authenticate} header. */
  public String header() {
    return parameters().entrySet().stream()
        .map(each -> each.getKey() + "=" + quoted(each.getValue()))
        .collect(Collectors.joining(", ", PaymentHeader.PAYMENT_SCHEME, ""));
  }

  private static String quoted(String value) {
    return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
