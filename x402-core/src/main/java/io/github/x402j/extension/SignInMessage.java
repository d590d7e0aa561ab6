// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.x402j.Address;
import io.github.x402j.Hashes;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a wallet signs to sign in: the message of <a
 * href="https://eips.ethereum.org/EIPS/eip-4361">EIP-4361</a>. Immutable.
 *
 * <p>All members are printable ASCII of a bounded length, so that each stands on its own line of
 * the text and none can pass for another.
 *
 * @param domain the host that asks, with its port unless that is the scheme's
 * @param address the wallet
 * @param statement what people are told, or null
 * @param uri what is asked for
 * @param chainId the chain of the wallet in CAIP-2
 * @param nonce the server's, 8 or more letters and digits
 * @param issuedAt when it was issued
 * @param expirationTime when it ends, or null
 * @param notBefore when it begins, or null
 * @param requestId the server's name for the request, or null
 * @param resources more of what is asked for, or null
 */
public record SignInMessage(
    String domain,
    Address address,
    @Nullable String statement,
    String uri,
    String chainId,
    String nonce,
    String issuedAt,
    @Nullable String expirationTime,
    @Nullable String notBefore,
    @Nullable String requestId,
    @Nullable List<String> resources) {
  private static final String VERSION = "1";

  /** The kind of signature that is made and read: {@code personal_sign}. */
  public static final String TYPE = "eip191";

  private static final Pattern DOMAIN = Pattern.compile("[A-Za-z0-9._~%:\\[\\]-]{1,260}");
  private static final Pattern STATEMENT = Pattern.compile("[ -~]{1,500}");
  private static final Pattern WORD = Pattern.compile("[!-~]{1,2560}");
  private static final Pattern NONCE = Pattern.compile("[A-Za-z0-9]{8,128}");
  private static final int MAX_RESOURCES = 10;
  private static final String EIP_155 = "eip155:";

  /** Copies the resources. */
  public SignInMessage {
    resources = resources == null ? null : List.copyOf(resources);
  }

  /** Returns whether this can be the statement of a message: 1 to 500 printable ASCII. */
  static boolean isStatement(String text) {
    return STATEMENT.matcher(text).matches();
  }

  /**
   * Returns the message that a wallet is asked to sign.
   *
   * @param info what the server announces, JSON as JDK types
   * @throws MalformedPaymentException if a member is missing, or not of its form
   */
  public static SignInMessage asked(Map<String, Object> info, Address wallet, Network network)
      throws MalformedPaymentException {
    Map<String, Object> members = new LinkedHashMap<>(info);
    members.put("address", wallet.text());
    members.put("chainId", network.caip2());
    members.put("type", TYPE);
    return of(members);
  }

  private static SignInMessage of(Map<String, Object> members) throws MalformedPaymentException {
    if (!VERSION.equals(members.get("version"))) {
      throw new MalformedPaymentException("version: expected 1");
    }
    return new SignInMessage(
        required(members, "domain", DOMAIN),
        address(required(members, "address", WORD)),
        optional(members, "statement", STATEMENT),
        required(members, "uri", WORD),
        required(members, "chainId", WORD),
        required(members, "nonce", NONCE),
        required(members, "issuedAt", WORD),
        optional(members, "expirationTime", WORD),
        optional(members, "notBefore", WORD),
        optional(members, "requestId", WORD),
        resources(members.get("resources")));
  }

  private static Address address(String text) throws MalformedPaymentException {
    try {
      return Address.parse(text);
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("address: " + e.getMessage());
    }
  }

  private static String required(Map<String, Object> members, String name, Pattern form)
      throws MalformedPaymentException {
    String text = optional(members, name, form);
    if (text == null) {
      throw new MalformedPaymentException(name + ": missing");
    }
    return text;
  }

  private static @Nullable String optional(Map<String, Object> members, String name, Pattern form)
      throws MalformedPaymentException {
    Object value = members.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof String text && form.matcher(text).matches()) {
      return text;
    }
    throw new MalformedPaymentException(name + ": not of its form");
  }

  private static @Nullable List<String> resources(@Nullable Object value)
      throws MalformedPaymentException {
    if (value == null) {
      return null;
    }
    List<String> resources = new ArrayList<>();
    if (value instanceof List<?> list && list.size() <= MAX_RESOURCES) {
      for (Object each : list) {
        resources.add(each instanceof String text ? text : "");
      }
      if (resources.stream().allMatch(text -> WORD.matcher(text).matches())) {
        return resources;
      }
    }
    throw new MalformedPaymentException("resources: expected at most " + MAX_RESOURCES + " URIs");
  }

  /** Returns the chain of the wallet, empty if it is not an EVM chain. */
  public Optional<Network> network() {
    try {
      return Optional.of(Network.parse(chainId));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  // ---- whom it is for

  /** Returns the {@code domain} that a URL of this host has. */
  public static String domainOf(URI url) {
    return hostAndPort(url).orElse("");
  }

  /**
   * Returns whether the message is for the server at this URL, and so is each of its resources: a
   * signature of it is of no use elsewhere.
   *
   * @param url an HTTP URL with a host
   */
  public boolean isFor(URI url) {
    return domain.equals(domainOf(url))
        && hasOriginOf(url)
        && (resources == null || resources.stream().allMatch(each -> isSameOrigin(each, url)));
  }

  /** Returns whether {@link #uri} has the scheme, the host and the port of this URL. */
  boolean hasOriginOf(URI url) {
    return isSameOrigin(uri, url);
  }

  private static boolean isSameOrigin(String text, URI url) {
    try {
      Optional<String> origin = origin(new URI(text));
      return origin.isPresent() && origin.equals(origin(url));
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static Optional<String> origin(URI url) {
    return hostAndPort(url).map(host -> scheme(url) + "://" + host);
  }

  private static Optional<String> hostAndPort(URI url) {
    if (url.getHost() == null || !scheme(url).matches("https?") || url.getRawUserInfo() != null) {
      return Optional.empty();
    }
    int standard = scheme(url).equals("https") ? 443 : 80;
    String port = url.getPort() == -1 || url.getPort() == standard ? "" : ":" + url.getPort();
    return Optional.of(url.getHost().toLowerCase(Locale.ROOT) + port);
  }

  private static String scheme(URI url) {
    return url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
  }

  // ---- what is signed

  /** Returns the text. */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add(domain + " wants you to sign in with your Ethereum account:");
    lines.add(address.text());
    lines.add("");
    if (statement != null) {
      lines.add(statement);
    }
    lines.add("");
    lines.add("URI: " + uri);
    lines.add("Version: " + VERSION);
    lines.add("Chain ID: " + chainId.substring(chainId.startsWith(EIP_155) ? EIP_155.length() : 0));
    lines.add("Nonce: " + nonce);
    lines.add("Issued At: " + issuedAt);
    add(lines, "Expiration Time: ", expirationTime);
    add(lines, "Not Before: ", notBefore);
    add(lines, "Request ID: ", requestId);
    if (resources != null) {
      lines.add("Resources:");
      resources.forEach(resource -> lines.add("- " + resource));
    }
    return String.join("\n", lines);
  }

  private static void add(List<String> lines, String title, @Nullable String value) {
    if (value != null) {
      lines.add(title + value);
    }
  }

  /** Returns the 32 bytes that {@code personal_sign} signs for the text (EIP-191, version 0x45). */
  public byte[] digest() {
    String text = text();
    String prefix = "\u0019Ethereum Signed Message:\n" + text.length();
    return Hashes.keccak256((prefix + text).getBytes(US_ASCII));
  }

  // ---- the header

  /**
   * A message and the signature of it, not checked.
   *
   * @param signature {@code 0x} and hex digits, or anything else
   */
  public record Signed(SignInMessage message, String signature) {
    /**
     * Returns what the header says.
     *
     * @param maxLength the longest header that is read
     * @throws MalformedPaymentException if it cannot be read
     */
    static Signed read(String header, int maxLength) throws MalformedPaymentException {
      Map<String, Object> members = JsonText.decode(header, maxLength);
      if (!(members.get("type") instanceof String) || members.get("signature") == null) {
        throw new MalformedPaymentException("type, signature: missing");
      }
      return new Signed(SignInMessage.of(members), String.valueOf(members.get("signature")));
    }

    /** Does not show the signature. */
    @Override
    public String toString() {
      return "Signed[" + message + "]";
    }
  }

  /**
   * Returns the value of the header that carries the message.
   *
   * @param signature {@code 0x} and hex digits
   */
  public String toHeader(String signature) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("domain", domain);
    members.put("address", address.text());
    put(members, "statement", statement);
    members.put("uri", uri);
    members.put("version", VERSION);
    members.put("chainId", chainId);
    members.put("type", TYPE);
    members.put("nonce", nonce);
    members.put("issuedAt", issuedAt);
    put(members, "expirationTime", expirationTime);
    put(members, "notBefore", notBefore);
    put(members, "requestId", requestId);
    put(members, "resources", resources);
    members.put("signature", signature);
    return JsonText.header(members);
  }

  private static void put(Map<String, Object> members, String name, @Nullable Object value) {
    if (value != null) {
      members.put(name, value);
    }
  }
}
