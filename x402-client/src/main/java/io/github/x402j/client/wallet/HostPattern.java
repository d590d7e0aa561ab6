// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Settings;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A host such as {@code api.example.com}, or {@code *.example.com} for each host below that one, at
 * any depth. Immutable.
 *
 * @param text in lower case
 */
record HostPattern(String text) {
  private static final Pattern HOST =
      Pattern.compile(
          "\\*(\\.[a-z0-9_-]+){2,}|[a-z0-9_-]+(\\.[a-z0-9_-]+)*|\\[[0-9a-f:.]+]",
          Pattern.CASE_INSENSITIVE);

  /** The longest name of a host (RFC 1035), with {@code *.} before it. */
  private static final int MAX_LENGTH = 255;

  /**
   * Returns the patterns that the texts spell.
   *
   * @param setting names them in messages
   * @throws IllegalArgumentException if there is none, or one is not a host
   */
  static List<HostPattern> parse(String setting, @Nullable String... texts) {
    if (texts.length == 0) {
      throw new IllegalArgumentException(setting + ": expected at least one");
    }
    return Stream.of(texts)
        .map(text -> one(setting, Settings.require(setting, "a host", text)))
        .toList();
  }

  private static HostPattern one(String setting, String text) {
    if (text.length() > MAX_LENGTH || !HOST.matcher(text).matches()) {
      throw new IllegalArgumentException(
          String.format(
              "%s: expected a host such as api.example.com or *.example.com, without scheme, port"
                  + " and path; found \"%s\"",
              setting, text));
    }
    return new HostPattern(text.toLowerCase(Locale.ROOT));
  }

  /** Returns whether the host, in lower case, is one of these. */
  boolean matches(String host) {
    return text.startsWith("*.")
        ? host.endsWith(text.substring(1)) && host.length() > text.length() - 1
        : host.equals(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
