// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.http.BoundedHttp;
import io.github.x402j.receipt.DidUrl;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The accounts and keys whose signature on an offer counts, besides the recipient. */
final class OfferSigners {
  /** Before every expiry: an offer that has expired is shown as such, with its signer. */
  private static final Instant WHENEVER = Instant.EPOCH;

  private static final int MAX_JWKS = 64 * 1024;
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private final Set<Address> accounts;
  private final List<OfferReceiptVerifier> keys;
  private final DidResolver dids = new DidResolver();

  private OfferSigners(Set<Address> accounts, List<OfferReceiptVerifier> keys) {
    this.accounts = Set.copyOf(accounts);
    this.keys = keys;
  }

  /**
   * Returns the signers that count.
   *
   * @param accounts besides the recipient of the payment
   * @param jwks a file with the seller's public keys, or a URL: HTTPS, or HTTP on this machine;
   *     null if no keys are known. No token chooses where keys come from
   * @throws IllegalArgumentException if anyone could have changed the keys on their way, it is not
   *     a JWK set, or no key in it can be used
   * @throws IOException if it cannot be read
   */
  static OfferSigners of(Set<Address> accounts, @Nullable String jwks) throws IOException {
    if (jwks == null) {
      return new OfferSigners(accounts, List.of());
    }
    String scheme = jwks.toLowerCase(Locale.ROOT);
    boolean url = scheme.startsWith("http://") || scheme.startsWith("https://");
    if (url) {
      return new OfferSigners(accounts, verifiers(get(URI.create(jwks))));
    }
    try (InputStream keys = Files.newInputStream(Path.of(jwks))) {
      return new OfferSigners(accounts, verifiers(TimedBody.text(keys, MAX_JWKS, "--jwks")));
    }
  }

  private static String get(URI url) throws IOException {
    if (!BoundedHttp.isSafe(url)) {
      throw new IllegalArgumentException(
          "--jwks: expected a file, or https:// (http:// on this machine only)");
    }
    HttpResponse<byte[]> answer;
    try {
      answer =
          new BoundedHttp(DEADLINE, MAX_JWKS).send(HttpRequest.newBuilder(url).build(), DEADLINE);
    } catch (IOException e) {
      throw new IOException("--jwks: " + e.getMessage(), e);
    }
    if (answer.statusCode() != 200) {
      throw new IOException("--jwks: HTTP status " + answer.statusCode());
    }
    return new String(answer.body(), UTF_8);
  }

  /** A key is for one algorithm, so that no statement chooses how it is verified. */
  private static List<OfferReceiptVerifier> verifiers(String jwks) {
    List<OfferReceiptVerifier> verifiers = new ArrayList<>();
    for (ReceiptAlgorithm algorithm : ReceiptAlgorithm.values()) {
      try {
        verifiers.add(OfferReceiptVerifier.of(JwsStatements.trusting(jwks, algorithm)));
      } catch (IllegalArgumentException e) {
        continue; // none of its keys fits this one
      }
    }
    if (verifiers.isEmpty()) {
      throw new IllegalArgumentException(
          "--jwks: expected a JWK set with a public key, with kid, for ES256, ES256K, EdDSA or"
              + " RS256");
    }
    return verifiers;
  }

  /** Returns whether there are keys to verify a JWS with. */
  boolean knowKeys() {
    return !keys.isEmpty();
  }

  /** Returns the statement if the recipient or another trusted account signed it. */
  Optional<OfferStatement> eip712(Map<String, Object> signed, @Nullable Address recipient) {
    Set<Address> trusted = new HashSet<>(accounts);
    if (recipient != null) {
      trusted.add(recipient);
    }
    return OfferReceiptVerifier.of(Eip712Statements.trusting(trusted)).offer(signed, WHENEVER);
  }

  /**
   * Returns the statement if the key that its DID names signed it. Whose key that is, only a {@code
   * did:web} tells.
   *
   * @throws IllegalArgumentException if that key cannot be found; the message tells why
   */
  Optional<OfferStatement> byDid(DidUrl signer, Map<String, Object> signed) {
    return OfferReceiptVerifier.of(dids.keyOf(signer)).offer(signed, WHENEVER);
  }

  /** Returns the URLs of DID documents that were asked for. */
  Set<URI> fetched() {
    return dids.fetched();
  }

  /** Returns the statement if one of the keys signed it. */
  Optional<OfferStatement> jws(Map<String, Object> signed) {
    return keys.stream().flatMap(key -> key.offer(signed, WHENEVER).stream()).findFirst();
  }
}
