// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.github.x402j.Settings;
import java.net.URI;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A DID URL that names a key, as {@code kid} of a signed statement does. Immutable.
 *
 * <ul>
 *   <li>{@code did:jwk} and {@code did:key} hold the key itself. They say nothing of its owner.
 *   <li>{@code did:web} names a host, which publishes the key in a {@linkplain #document()
 *       document}.
 * </ul>
 */
public final class DidUrl {
  private static final int MAX_LENGTH = 2048;
  private static final int MAX_PORT = 65_535;
  private static final Pattern FORM =
      Pattern.compile("(did:(jwk|key|web):([A-Za-z0-9._:%~-]+))(?:#([A-Za-z0-9._~:-]+))?");
  private static final Pattern HOST = Pattern.compile("([A-Za-z0-9.-]+)(?:%3[Aa]([0-9]{1,5}))?");
  private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9._~-]+");
  private static final String DOCUMENT = "/did.json";
  private static final String WELL_KNOWN = "/.well-known" + DOCUMENT;

  private final String did;
  private final @Nullable String fragment;
  private final @Nullable JWK key;
  private final @Nullable URI base;

  private DidUrl(String did, @Nullable String fragment, @Nullable JWK key, @Nullable URI base) {
    this.did = did;
    this.fragment = fragment;
    this.key = key;
    this.base = base;
  }

  /**
   * Returns the DID URL that the text spells.
   *
   * @throws IllegalArgumentException if it is none, is of another method than {@code did:jwk},
   *     {@code did:key} and {@code did:web}, or holds a key that cannot be used. The message does
   *     not repeat it
   */
  public static DidUrl parse(String text) {
    Matcher form = FORM.matcher(text);
    if (text.length() > MAX_LENGTH || !form.matches()) {
      throw new IllegalArgumentException(
          "DID URL: expected did:jwk, did:key or did:web, and a fragment or none");
    }
    String id = form.group(3);
    String fragment = form.group(4);
    return switch (form.group(2)) {
      case "jwk" -> new DidUrl(form.group(1), requireFragment("0", fragment), jwk(id), null);
      case "key" ->
          new DidUrl(form.group(1), requireFragment(id, fragment), MultibaseKey.parse(id), null);
      default -> new DidUrl(form.group(1), fragment, null, base(id));
    };
  }

  /** A DID that holds one key has one name for it. */
  private static @Nullable String requireFragment(String expected, @Nullable String fragment) {
    if (fragment != null && !fragment.equals(expected)) {
      throw new IllegalArgumentException("DID URL: the fragment names no key of the DID");
    }
    return fragment;
  }

  private static JWK jwk(String id) {
    try {
      return requirePublic(JWK.parse(new Base64URL(id).decodeToString()));
    } catch (ParseException | RuntimeException e) { // as for a JWK set
      throw new IllegalArgumentException("DID URL: did:jwk holds no public key");
    }
  }

  /** A private key that was published signs for everyone. */
  static JWK requirePublic(JWK key) {
    if (key.isPrivate() || ReceiptAlgorithm.of(key).isEmpty()) {
      throw new IllegalArgumentException("DID URL: expected a public key that signs");
    }
    return key;
  }

  private static URI base(String id) {
    String[] parts = id.split(":", -1);
    Matcher host = HOST.matcher(parts[0]);
    if (!host.matches() || !isPort(host.group(2))) {
      throw new IllegalArgumentException("DID URL: expected did:web and a host");
    }
    StringBuilder url = new StringBuilder("://").append(host.group(1));
    if (host.group(2) != null) {
      url.append(':').append(host.group(2));
    }
    for (String part : List.of(parts).subList(1, parts.length)) {
      if (!SEGMENT.matcher(part).matches() || part.equals(".") || part.equals("..")) {
        throw new IllegalArgumentException("DID URL: expected names in the path of did:web");
      }
      url.append('/').append(part);
    }
    try {
      URI read = URI.create((isThisMachine(host.group(1)) ? "http" : "https") + url);
      if (read.getHost() == null) {
        throw new IllegalArgumentException("DID URL: expected did:web and a host");
      }
      return read;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("DID URL: expected did:web and a host");
    }
  }

  private static boolean isPort(@Nullable String port) {
    return port == null || (Integer.parseInt(port) > 0 && Integer.parseInt(port) <= MAX_PORT);
  }

  /** Returns whether a document there is fetched by plain HTTP. */
  private static boolean isThisMachine(String host) {
    return host.equalsIgnoreCase("localhost") || host.equals("127.0.0.1");
  }

  // ---- our own

  /** Returns the DID URL that holds this key. */
  static DidUrl ofKey(JWK key) {
    JWK named = key.toPublicJWK();
    String id = Base64URL.encode(JSONObjectUtils.toJSONString(members(named))).toString();
    return parse("did:jwk:" + id + "#0");
  }

  /** The members that make the key, and no other: one key has one DID. */
  static Map<String, Object> members(JWK key) {
    List<String> names =
        key instanceof RSAKey
            ? List.of("kty", "n", "e")
            : key instanceof ECKey ? List.of("kty", "crv", "x", "y") : List.of("kty", "crv", "x");
    Map<String, Object> all = key.toJSONObject();
    Map<String, Object> members = new LinkedHashMap<>();
    names.forEach(name -> members.put(name, all.get(name)));
    return members;
  }

  /**
   * Returns the DID URL of a key that the host of a URL publishes.
   *
   * @throws IllegalArgumentException if clients could not fetch the document from there
   */
  static DidUrl ofHost(@Nullable String publicUrl, String kid) {
    URI url = Settings.requireUrl("publicUrl", publicUrl);
    String host = String.valueOf(url.getHost()).toLowerCase(Locale.ROOT);
    String path = url.getRawPath() == null ? "" : url.getRawPath().replaceAll("/+$", "");
    String scheme = isThisMachine(host) ? "http" : "https";
    if (url.getHost() == null || url.getRawUserInfo() != null || !scheme.equals(url.getScheme())) {
      throw new IllegalArgumentException(
          "publicUrl: expected https:// and a host, or http:// and localhost or 127.0.0.1, for"
              + " did:web");
    }
    String port = url.getPort() < 0 ? "" : "%3A" + url.getPort();
    String text = "did:web:" + host + port + path.replace('/', ':') + "#" + kid;
    try {
      return parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "did:web: expected a publicUrl and a kid of A-Z, a-z, 0-9, '.', '_', '~' and '-'", e);
    }
  }

  // ---- what it says

  /** Returns the DID without the fragment. */
  public String did() {
    return did;
  }

  /** Returns the name of the key in its document, empty if it names none. */
  public Optional<String> fragment() {
    return Optional.ofNullable(fragment);
  }

  /** Returns the key that the DID holds, empty for {@code did:web}. */
  Optional<JWK> key() {
    return Optional.ofNullable(key);
  }

  /**
   * Returns the URL that a {@code did:web} speaks for: what is under its host, port and path. Empty
   * for the others, which speak for the holder of the key only.
   */
  public Optional<URI> base() {
    return Optional.ofNullable(base);
  }

  /**
   * Returns where the document of a {@code did:web} is, over HTTPS, or HTTP for {@code localhost}
   * and 127.0.0.1. Empty for the others. Somebody else chose the URL: a server that fetches it must
   * make sure that it leads to no address of its own network.
   */
  public Optional<URI> document() {
    return base().map(url -> URI.create(url + documentPath(url)));
  }

  private static String documentPath(URI base) {
    return base.getRawPath().isEmpty() ? WELL_KNOWN : DOCUMENT;
  }

  /**
   * Returns whether a {@code did:web} speaks for this URL: scheme, host and port are the same, and
   * the path is under its own. Of the others it is not known, so false.
   */
  public boolean speaksFor(URI url) {
    URI own = base;
    if (own == null || url.getHost() == null) {
      return false;
    }
    String path = String.valueOf(url.getRawPath()) + "/";
    return own.getScheme().equalsIgnoreCase(url.getScheme())
        && own.getHost().equalsIgnoreCase(url.getHost())
        && port(own) == port(url)
        && path.startsWith(own.getRawPath() + "/");
  }

  private static int port(URI url) {
    return url.getPort() >= 0
        ? url.getPort()
        : "https".equalsIgnoreCase(url.getScheme()) ? 443 : 80;
  }

  /** Returns its text. */
  @Override
  public String toString() {
    return fragment == null ? did : did + "#" + fragment;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DidUrl url && toString().equals(url.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }
}
