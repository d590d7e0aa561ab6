// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** DID documents: the one that we publish, and a key in the one of somebody else. */
final class DidDocument {
  private static final int MAX_LENGTH = 64 * 1024;
  private static final List<String> CONTEXT =
      List.of("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1");

  private DidDocument() {}

  /** Returns the document of a DID with these keys. Names in it are absolute. */
  static String of(DidUrl did, List<SigningKey> keys) {
    List<Map<String, Object>> methods = new ArrayList<>();
    for (SigningKey key : keys) {
      Map<String, Object> method = new LinkedHashMap<>();
      method.put("id", did.did() + "#" + key.kid());
      method.put("type", "JsonWebKey2020");
      method.put("controller", did.did());
      method.put("publicKeyJwk", key.publicJwk());
      methods.add(method);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("@context", CONTEXT);
    document.put("id", did.did());
    document.put("verificationMethod", methods);
    document.put("assertionMethod", methods.stream().map(method -> method.get("id")).toList());
    return JSONObjectUtils.toJSONString(document);
  }

  /**
   * Returns the key that a DID URL names in its document; without a fragment the first that is
   * there to make statements.
   *
   * @throws IllegalArgumentException if there is none, or it is the document of another DID
   */
  static JWK key(DidUrl name, String json) {
    Map<String, Object> document = parse(json);
    if (!name.did().equals(document.get("id"))) {
      throw new IllegalArgumentException("DID document: it is of another DID");
    }
    List<?> methods = list(document.get("verificationMethod"));
    List<?> stating = list(document.get("assertionMethod"));
    Optional<Map<?, ?>> found =
        name.fragment().isPresent()
            ? find(methods, stating, name, name.toString())
            : stating.stream().findFirst().flatMap(first -> referred(methods, name, first));
    return found
        .map(DidDocument::key)
        .orElseThrow(
            () -> new IllegalArgumentException("DID document: it has no such key for statements"));
  }

  private static Map<String, Object> parse(String json) {
    if (json.length() <= MAX_LENGTH) {
      try {
        return JSONObjectUtils.parse(json);
      } catch (ParseException | RuntimeException e) {
        throw new IllegalArgumentException("DID document: expected a JSON object");
      }
    }
    throw new IllegalArgumentException("DID document: longer than " + MAX_LENGTH + " characters");
  }

  /** A key that is there for something else, such as for encryption, makes no statement. */
  private static Optional<Map<?, ?>> find(
      List<?> methods, List<?> stating, DidUrl name, String wanted) {
    return stating.stream()
        .flatMap(each -> referred(methods, name, each).stream())
        .filter(method -> isNamed(method, name, wanted))
        .findFirst();
  }

  /** Returns the method that an entry of {@code assertionMethod} is, or names. */
  private static Optional<Map<?, ?>> referred(List<?> methods, DidUrl name, Object entry) {
    if (entry instanceof Map<?, ?> method) {
      return Optional.of(method);
    }
    for (Object each : methods) {
      if (each instanceof Map<?, ?> method
          && entry instanceof String id
          && isNamed(method, name, absolute(name, id))) {
        return Optional.of(method);
      }
    }
    return Optional.empty();
  }

  private static boolean isNamed(Map<?, ?> method, DidUrl name, String wanted) {
    return method.get("id") instanceof String id && absolute(name, id).equals(wanted);
  }

  private static String absolute(DidUrl name, String id) {
    return id.startsWith("#") ? name.did() + id : id;
  }

  private static JWK key(Map<?, ?> method) {
    if (method.get("publicKeyJwk") instanceof Map<?, ?> jwk) {
      try {
        Map<String, Object> members = new LinkedHashMap<>();
        jwk.forEach((key, value) -> members.put(String.valueOf(key), value));
        return DidUrl.requirePublic(JWK.parse(members));
      } catch (ParseException | RuntimeException e) {
        throw new IllegalArgumentException("DID document: publicKeyJwk is no public key");
      }
    }
    if (method.get("publicKeyMultibase") instanceof String text) {
      return MultibaseKey.parse(text);
    }
    throw new IllegalArgumentException("DID document: expected publicKeyJwk or publicKeyMultibase");
  }

  private static List<?> list(@Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }
}
