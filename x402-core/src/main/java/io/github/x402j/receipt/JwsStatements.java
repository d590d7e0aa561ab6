// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.jwk.JWK;
import io.github.x402j.JsonText;
import io.github.x402j.Settings;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.extension.TrustedSigners;
import java.net.URI;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Signs the statements of the {@code offer-receipt} extension as compact JWS over canonical JSON.
 * The key's {@code kid} is a DID URL: of the key itself, or of the seller's host. Safe for use by
 * several threads.
 *
 * <pre>{@code
 * JwsStatements statements = JwsStatements.at("https://shop.example", key);
 * PaymentFilter.builder().signOffers(statements)...
 * context.addServlet("did", DidServlet.of(statements)).addMapping("/.well-known/did.json");
 * }</pre>
 */
public final class JwsStatements implements OfferReceiptSigner {
  /** The value of {@code format}. */
  public static final String FORMAT = "jws";

  private final List<SigningKey> keys;
  private final DidUrl kid;
  private final JWSSigner signer;

  private JwsStatements(List<SigningKey> keys, DidUrl kid, JWSSigner signer) {
    this.keys = List.copyOf(keys);
    this.kid = kid;
    this.signer = signer;
  }

  /**
   * Returns a signer whose {@code kid} is the {@code did:jwk} of the key: anybody can check the
   * signature, and only who knows the key from elsewhere knows whose it is.
   *
   * @throws IllegalStateException if the key does not work here
   */
  public static JwsStatements of(SigningKey key) {
    return tested(key, DidUrl.ofKey(key.publicKey()));
  }

  /**
   * Returns a signer whose {@code kid} is a {@code did:web} of the seller's URL, with the key's
   * name. The seller serves {@link #didDocument} at {@link #didPath}.
   *
   * @param publicUrl the URL under which clients see the seller: https, or http for {@code
   *     localhost} and 127.0.0.1
   * @throws IllegalArgumentException if the URL or the key's name cannot be part of a {@code
   *     did:web}
   * @throws IllegalStateException if the key does not work here
   */
  public static JwsStatements at(@Nullable String publicUrl, SigningKey key) {
    return tested(key, DidUrl.ofHost(publicUrl, key.kid()));
  }

  private static JwsStatements tested(SigningKey key, DidUrl kid) {
    try {
      JwsStatements statements = new JwsStatements(List.of(key), kid, key.signer());
      JWSObject test = JWSObject.parse(statements.sign(Map.of("version", 1L)));
      if (!test.verify(key.verifier())) {
        throw new IllegalStateException("what " + key + " signs does not verify");
      }
      return statements;
    } catch (JOSEException | ParseException | NoClassDefFoundError e) {
      throw new IllegalStateException(key + " does not work here", e);
    }
  }

  /**
   * Returns this signer with one more key in {@link #didDocument}: the next one, before it signs,
   * or the last one, whose receipts are still to be checked.
   */
  public JwsStatements alsoPublish(SigningKey key) {
    List<SigningKey> more = new ArrayList<>(keys);
    more.add(key);
    return new JwsStatements(more, kid, signer);
  }

  /** Returns the DID URL that is the {@code kid} of each statement. */
  public DidUrl kid() {
    return kid;
  }

  /** Returns the DID document as JSON text, which holds the public keys. */
  public String didDocument() {
    return DidDocument.of(kid, keys);
  }

  /**
   * Returns the path of the URL where the document is looked for, such as {@code
   * /.well-known/did.json}; empty for a {@code did:jwk}, which needs none.
   */
  public Optional<String> didPath() {
    return kid.document().map(URI::getRawPath);
  }

  /**
   * Returns trust in what these keys sign, for {@link
   * io.github.x402j.extension.OfferReceiptVerifier}. A statement names its key by {@code kid}, by a
   * {@code did:web} with that {@code kid} as its fragment, or by a DID that holds the key.
   *
   * @param jwks the seller's public keys, a JWK set
   * @throws IllegalArgumentException if it is not a JWK set, or no key fits the algorithm
   */
  public static TrustedSigners trusting(@Nullable String jwks, ReceiptAlgorithm algorithm) {
    String text = Settings.require("keys: jwks", "a JWK set", jwks);
    Map<String, JWSVerifier> byKid = IssuerKeys.verifiers(text, algorithm);
    Map<Map<String, Object>, String> kids = IssuerKeys.kids(text);
    return trusting(algorithm, name -> verifier(name, byKid, kids));
  }

  private static @Nullable JWSVerifier verifier(
      String name, Map<String, JWSVerifier> byKid, Map<Map<String, Object>, String> kids) {
    if (byKid.containsKey(name) || !name.startsWith("did:")) {
      return byKid.get(name);
    }
    DidUrl did = DidUrl.parse(name);
    String kid = did.key().map(key -> kids.get(DidUrl.members(key))).or(did::fragment).orElse("");
    return byKid.get(kid);
  }

  /**
   * Returns trust in what the key of a {@code did:jwk} or {@code did:key} signs under this name.
   * Whose key that is, the caller has to know.
   *
   * @throws IllegalArgumentException if it is a {@code did:web}, which needs a document
   */
  public static TrustedSigners trusting(DidUrl signer) {
    return trusting(
        signer,
        signer
            .key()
            .orElseThrow(
                () -> new IllegalArgumentException("DID URL: did:web needs its document")));
  }

  /**
   * Returns trust in what the key of a {@code did:web} signs under this name.
   *
   * @param document what its {@linkplain DidUrl#document() URL} answers
   * @throws IllegalArgumentException if it is not the DID's document, or has no such key
   */
  public static TrustedSigners trusting(DidUrl signer, String document) {
    return trusting(signer, DidDocument.key(signer, document));
  }

  /** The key chooses the algorithm, not the statement. */
  private static TrustedSigners trusting(DidUrl signer, JWK key) {
    ReceiptAlgorithm algorithm = ReceiptAlgorithm.of(key).orElseThrow();
    JWSVerifier verifier;
    try {
      verifier = algorithm.verifier(key);
    } catch (JOSEException e) {
      throw new IllegalArgumentException("DID URL: its key cannot be used", e);
    }
    return trusting(algorithm, name -> name.equals(signer.toString()) ? verifier : null);
  }

  /** Finds the key that a statement names, among those that are trusted. */
  private interface TrustedKeys {
    @Nullable JWSVerifier verifier(String kid);
  }

  private static TrustedSigners trusting(ReceiptAlgorithm algorithm, TrustedKeys keys) {
    return new TrustedSigners() {
      @Override
      public Optional<Map<String, Object>> offer(Map<String, Object> signed) {
        return members(signed, keys, algorithm);
      }

      @Override
      public Optional<Map<String, Object>> receipt(Map<String, Object> signed) {
        return members(signed, keys, algorithm);
      }
    };
  }

  private static Optional<Map<String, Object>> members(
      Map<String, Object> signed, TrustedKeys keys, ReceiptAlgorithm algorithm) {
    if (!FORMAT.equals(signed.get("format"))
        || !(signed.get("signature") instanceof String signature)
        || signed.containsKey("payload")) {
      return Optional.empty();
    }
    try {
      JWSObject jws = JWSObject.parse(signature);
      JWSHeader header = jws.getHeader();
      JWSVerifier verifier = header.getKeyID() == null ? null : keys.verifier(header.getKeyID());
      boolean genuine =
          verifier != null
              && header.getAlgorithm().equals(algorithm.jws())
              && header.getCriticalParams() == null
              && jws.verify(verifier);
      return genuine ? Optional.ofNullable(jws.getPayload().toJSONObject()) : Optional.empty();
    } catch (ParseException | JOSEException | RuntimeException e) {
      return Optional.empty(); // as in ReceiptToken: Nimbus throws anything for what it cannot read
    }
  }

  @Override
  public Map<String, Object> sign(OfferStatement offer) {
    return Map.of("format", FORMAT, "signature", sign(offer.toMembers()));
  }

  @Override
  public Map<String, Object> sign(ReceiptStatement receipt) {
    Map<String, Object> members = new LinkedHashMap<>(receipt.toMembers());
    members.remove("transaction", ""); // absent where it is not said
    return Map.of("format", FORMAT, "signature", sign(members));
  }

  private String sign(Map<String, Object> members) {
    JWSObject jws =
        new JWSObject(
            new JWSHeader.Builder(keys.get(0).algorithm().jws()).keyID(kid.toString()).build(),
            new Payload(JsonText.canonical(members)));
    try {
      jws.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("the statement could not be signed", e);
    }
    return jws.serialize();
  }
}
