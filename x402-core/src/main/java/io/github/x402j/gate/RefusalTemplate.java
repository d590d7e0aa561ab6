// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.PaymentHeader;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The 402 of one rule for the URLs of many requests: written once, with a mark where the URL
 * stands. It gives what {@link Refusals#challenge} gives, for less work.
 */
final class RefusalTemplate {
  /** Stands for the URL. No other text of a descriptor holds it, as it is random. */
  private static final String MARK = UUID.randomUUID().toString();

  private final SettleableOffers.Descriptors offered;
  private final Refusal marked;

  /** Empty if clients of version 2 are offered nothing. */
  private final List<String> header;

  private final List<String> body;

  private RefusalTemplate(SettleableOffers.Descriptors offered, Refusal marked) {
    this.offered = offered;
    this.marked = marked;
    String encoded = marked.headers().get(PaymentHeader.PAYMENT_REQUIRED);
    header =
        encoded == null
            ? List.of()
            : aroundMark(new String(Base64.getDecoder().decode(encoded), UTF_8));
    body = aroundMark(marked.body());
  }

  /** Returns the template for all descriptors that differ from this one in their URL only. */
  static RefusalTemplate of(SettleableOffers.Descriptors offered, boolean olderHeader) {
    return new RefusalTemplate(offered, Refusals.paymentRequired(offered.at(MARK), olderHeader));
  }

  /** Returns whether it offers the same as this descriptor. */
  boolean offersSameAs(SettleableOffers.Descriptors descriptors) {
    return offered.offersSameAs(descriptors);
  }

  private static List<String> aroundMark(String text) {
    return List.of(text.split(Pattern.quote(MARK), -1));
  }

  /** Returns whether JSON writes a URL as it is. */
  static boolean takes(String url) {
    return url.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != '\\');
  }

  /** Returns the 402 for a URL that it takes. */
  Refusal at(String url) {
    String required = Base64.getEncoder().encodeToString(String.join(url, header).getBytes(UTF_8));
    Map<String, String> headers = new LinkedHashMap<>(marked.headers());
    headers.computeIfPresent(PaymentHeader.PAYMENT_REQUIRED, (name, before) -> required);
    headers.computeIfPresent(PaymentHeader.X_PAYMENT_REQUIRED, (name, before) -> required);
    return new Refusal(marked.status(), headers, String.join(url, body));
  }
}
