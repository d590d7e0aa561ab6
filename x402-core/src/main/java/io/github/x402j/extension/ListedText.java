// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What others say of a resource, as far as it may stand in a public list. */
public final class ListedText {
  private static final int LONGEST_URL = 2048;
  private static final int LONGEST_DESCRIPTION = 500;
  private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]+");
  private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\u2028\\u2029]");
  private static final Pattern MIME_TYPE =
      Pattern.compile("[\\w!#$&^.+-]{1,64}/[\\w!#$&^.+-]{1,64}(;[\\x20-\\x7e]{0,64})?");
  private static final Pattern NUMERIC_HOST =
      Pattern.compile("[0-9.]+|0x[0-9a-f.x]*", Pattern.CASE_INSENSITIVE);
  private static final Set<String> LOOPBACK =
      Set.of("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback");

  private ListedText() {}

  /**
   * Returns the URL under which a resource is listed: its origin with the template of its paths, or
   * with its path. A query is left out.
   *
   * @param routeTemplate a valid one, or null
   * @throws IllegalArgumentException if it is no URL of the web
   */
  public static String canonicalUrl(String url, @Nullable String routeTemplate) {
    URI uri = web(url);
    if (uri == null) {
      throw new IllegalArgumentException(
          "resource.url: expected an http or https URL of printable ASCII, without user info, of at"
              + " most 2048 characters");
    }
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    int usual = scheme.equals("https") ? 443 : 80;
    String port = uri.getPort() < 0 || uri.getPort() == usual ? "" : ":" + uri.getPort();
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return scheme
        + "://"
        + uri.getHost().toLowerCase(Locale.ROOT)
        + port
        + (routeTemplate == null ? path : routeTemplate);
  }

  private static @Nullable URI web(String url) {
    if (url.length() > LONGEST_URL || !PRINTABLE.matcher(url).matches()) {
      return null;
    }
    try {
      URI uri = new URI(url);
      boolean isWeb =
          "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      return isWeb && uri.getHost() != null && uri.getRawUserInfo() == null ? uri : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  /**
   * Returns whether the URL of an icon may be shown: on the web, at a host with a name that is not
   * this machine's. Whoever opens the list fetches it.
   */
  public static boolean isIcon(String url) {
    URI uri = web(url);
    if (uri == null) {
      return false;
    }
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    return !name.startsWith("[")
        && !NUMERIC_HOST.matcher(name).matches()
        && !LOOPBACK.contains(name)
        && !name.endsWith(".localhost");
  }

  /** Returns a description without what moves a cursor or hides, cut to size; null for null. */
  public static @Nullable String description(@Nullable String text) {
    if (text == null) {
      return null;
    }
    String shown = INVISIBLE.matcher(text).replaceAll(" ").strip();
    if (shown.length() <= LONGEST_DESCRIPTION) {
      return shown.isEmpty() ? null : shown;
    }
    int end = Character.isHighSurrogate(shown.charAt(LONGEST_DESCRIPTION - 1)) ? 1 : 0;
    return shown.substring(0, LONGEST_DESCRIPTION - end);
  }

  /** Returns a media type, null if it is none. */
  public static @Nullable String mimeType(@Nullable String text) {
    return text != null && MIME_TYPE.matcher(text).matches() ? text : null;
  }

  /** Returns the tags, each once whatever its letter case. */
  public static List<String> tags(List<String> tags) {
    Set<String> seen = new HashSet<>();
    List<String> kept = new ArrayList<>();
    for (String tag : tags) {
      if (seen.add(tag.toLowerCase(Locale.ROOT))) {
        kept.add(tag);
      }
    }
    return kept;
  }
}
