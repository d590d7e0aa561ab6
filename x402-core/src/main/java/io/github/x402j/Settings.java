// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Settings that are texts. They often come from environment variables, which are null where no one
 * has set them: the message then names the setting.
 */
public final class Settings {
  private Settings() {}

  /**
   * Returns the text.
   *
   * @param setting what the setting is called
   * @param expected what it should be, for the message
   * @throws IllegalArgumentException if the text is null or blank
   */
  public static String require(String setting, String expected, @Nullable String text) {
    if (text == null || text.isBlank()) {
      throw new IllegalArgumentException(
          setting + ": expected " + expected + ", found nothing; is the environment variable set?");
    }
    return text;
  }

  /**
   * Returns the URL that the text spells. No message repeats it: a URL may have a key in it.
   *
   * @param setting what the setting is called
   * @throws IllegalArgumentException if the text is null, blank or no URL
   */
  public static URI requireUrl(String setting, @Nullable String text) {
    String expected = "http:// or https:// and a host";
    try {
      return new URI(require(setting, expected, text).strip());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(setting + ": expected " + expected);
    }
  }
}
