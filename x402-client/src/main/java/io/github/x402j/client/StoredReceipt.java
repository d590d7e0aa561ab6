// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.RequestMethod;
import java.net.URI;
import java.net.URLDecoder;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A receipt from a seller, or from a payment network for a seller, and the requests that it may be
 * shown with. Immutable.
 *
 * @param origin the only origin that it is shown to: scheme, host and port, such as {@code
 *     https://api.example.com:443}
 * @param covers the paths that it opens there, as the seller's rules write them ({@code /exact},
 *     {@code /prefix/*}, {@code /with/{name}}), each optionally after a method and a space. {@code
 *     GET} includes HEAD. 1 to {@link #MAX_COVERED}
 * @param uses how often it may still be shown; 0 if it only proves a payment; null for no limit
 * @param expires the time from which on it is not valid
 * @param token the receipt itself, a compact JWT: anyone who has it can use it
 */
public record StoredReceipt(
    String origin, List<String> covers, @Nullable Long uses, Instant expires, String token) {
  /** The longest receipt that is kept: 4,096 characters. */
  public static final int MAX_TOKEN_LENGTH = 4096;

  /** The most paths that one receipt covers: 32. */
  public static final int MAX_COVERED = 32;

  private static final int MAX_PATTERN_LENGTH = 1024;
  private static final Pattern COMPACT_JWT =
      Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");
  private static final Pattern COVERED = Pattern.compile("([A-Z-]{1,32} )?/[\\x21-\\x7e]*");

  /**
   * Checks each part. The token is only checked for its form, and never shown in messages.
   *
   * @throws IllegalArgumentException if a part is out of its range
   */
  public StoredReceipt {
    if (!origin.equals(originOf(URI.create(origin)))) {
      throw new IllegalArgumentException("origin: expected scheme, host and port");
    }
    covers = List.copyOf(covers);
    if (covers.isEmpty() || covers.size() > MAX_COVERED) {
      throw new IllegalArgumentException(
          "covers: expected 1 to " + MAX_COVERED + " paths, found " + covers.size());
    }
    for (String covered : covers) {
      if (covered.length() > MAX_PATTERN_LENGTH || !COVERED.matcher(covered).matches()) {
        throw new IllegalArgumentException("covers: expected a path, optionally after a method");
      }
    }
    if (uses != null && uses < 0) {
      throw new IllegalArgumentException("uses: expected at least 0, found " + uses);
    }
    if (token.length() > MAX_TOKEN_LENGTH || !COMPACT_JWT.matcher(token).matches()) {
      throw new IllegalArgumentException(
          "token: expected a compact JWT of at most " + MAX_TOKEN_LENGTH + " characters");
    }
  }

  /**
   * Returns a receipt for one request, such as a payment network hands out for a payment that was
   * made outside this client.
   *
   * @throws IllegalArgumentException if the URL is not an absolute HTTP URL, or the token is not a
   *     compact JWT
   */
  public static StoredReceipt forOneRequest(String method, URI url, Instant expires, String token) {
    return new StoredReceipt(originOf(url), List.of(covered(method, url)), 1L, expires, token);
  }

  /** Returns how often it may still be shown, empty if there is no limit. */
  public OptionalLong remainingUses() {
    return uses == null ? OptionalLong.empty() : OptionalLong.of(uses);
  }

  /** Returns whether it has uses left and has not expired; at the instant of expiry it has. */
  public boolean isUsable(Instant now) {
    return (uses == null || uses > 0) && now.isBefore(expires);
  }

  /** Returns whether origin, method and path of the request are among those that it covers. */
  public boolean covers(String method, URI url) {
    if (Origin.of(url).filter(of -> of.toString().equals(origin)).isEmpty()) {
      return false;
    }
    String name = nameOf(method);
    String path = pathOf(url);
    return covers.stream().anyMatch(covered -> CoveredPath.of(covered).matches(name, path));
  }

  StoredReceipt withUses(@Nullable Long left) {
    return new StoredReceipt(origin, covers, left, expires, token);
  }

  static String originOf(URI url) {
    return Origin.of(url)
        .map(Origin::toString)
        .orElseThrow(() -> new IllegalArgumentException("url: expected an absolute HTTP URL"));
  }

  static String covered(String method, URI url) {
    return nameOf(method) + " " + pathOf(url);
  }

  private static String nameOf(String method) {
    String upper = method.toUpperCase(Locale.ROOT);
    return RequestMethod.priced(upper);
  }

  private static String pathOf(URI url) {
    return url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
  }

  /** Does not show the token. */
  @Override
  public String toString() {
    return String.format(
        "StoredReceipt[%s %s, uses %s, expires %s]",
        origin, covers, uses == null ? "unlimited" : uses, expires);
  }

  /** One parsed entry of {@link #covers}. */
  private record CoveredPath(@Nullable String method, List<String> segments, boolean below) {

    static CoveredPath of(String text) {
      int space = text.indexOf(' ');
      String path = text.substring(space + 1);
      boolean below = path.endsWith("/*");
      return new CoveredPath(
          space < 0 ? null : nameOf(text.substring(0, space)),
          segments(below ? path.substring(0, path.length() - 2) : path),
          below);
    }

    boolean matches(String name, String path) {
      List<String> asked = segments(path);
      boolean fits = below ? asked.size() >= segments.size() : asked.size() == segments.size();
      return fits
          && (method == null || method.equals(name))
          && IntStream.range(0, segments.size())
              .allMatch(i -> segmentMatches(segments.get(i), asked.get(i)));
    }

    private static boolean segmentMatches(String pattern, String segment) {
      int open = pattern.indexOf('{');
      int close = pattern.lastIndexOf('}');
      if (open < 0 || close < open) {
        return pattern.equals(segment);
      }
      String before = pattern.substring(0, open);
      String after = pattern.substring(close + 1);
      return segment.length() > before.length() + after.length()
          && segment.startsWith(before)
          && segment.endsWith(after);
    }

    /** Sellers and callers escape differently. A malformed escape stands for itself. */
    private static String decoded(String segment) {
      try {
        return URLDecoder.decode(segment.replace("+", "%2B"), UTF_8);
      } catch (IllegalArgumentException e) {
        return segment;
      }
    }

    /** One slash at the end makes no difference, as in a seller's rules. */
    private static List<String> segments(String path) {
      List<String> found = Stream.of(path.split("/", -1)).map(CoveredPath::decoded).toList();
      int last = found.size() - 1;
      return found.get(last).isEmpty() ? found.subList(0, last) : found;
    }
  }
}
