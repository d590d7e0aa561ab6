// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.Price;
import java.net.URI;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the values of options. An error has the message of the value's own type. */
final class OptionTypes {
  private OptionTypes() {}

  static void registerWith(CommandLine command) {
    command
        .registerConverter(Price.class, reading(Price::parse))
        .registerConverter(Address.class, reading(Address::parse))
        .registerConverter(URI.class, reading(OptionTypes::httpUrl));
  }

  private static <T> ITypeConverter<T> reading(Function<String, T> parse) {
    return text -> {
      try {
        return parse.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  /** Does not repeat the text: the URL of a node can hold a key. */
  private static URI httpUrl(String text) {
    URI url;
    try {
      url = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not a URL", e);
    }
    String scheme = String.valueOf(url.getScheme());
    if (url.getHost() == null
        || !(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))) {
      throw new IllegalArgumentException("expected http:// or https:// and a host");
    }
    return url;
  }
}
