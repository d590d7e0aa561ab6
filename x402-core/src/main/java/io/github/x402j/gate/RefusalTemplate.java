// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.JsonText;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The 402 of one rule for many requests: written once, with marks where the URL and the entries of
 * extensions stand that differ. It gives what {@link Refusals#challenge} gives, for less work.
 */
final class RefusalTemplate {
  /** Begins each mark. No other text of a descriptor holds it, as it is random. */
  private static final String MARK = UUID.randomUUID().toString();

  private static final String URL_MARK = MARK + "-url";
  private static final Pattern MARKS =
      Pattern.compile(MARK + "-url|\\{\"" + MARK + "\":([0-9]+)\\}");

  private final SettleableOffers.Descriptors offered;
  private final Refusal marked;
  private final List<ExtensionPerRequest> extensions;

  /** Empty if clients of version 2 are offered nothing. */
  private final Text header;

  private final Text body;

  private RefusalTemplate(
      SettleableOffers.Descriptors offered, Refusal marked, List<ExtensionPerRequest> extensions) {
    this.offered = offered;
    this.marked = marked;
    this.extensions = List.copyOf(extensions);
    String encoded = marked.headers().getOrDefault(PaymentHeader.PAYMENT_REQUIRED, "");
    header = Text.of(new String(Base64.getDecoder().decode(encoded), UTF_8));
    body = Text.of(marked.body());
  }

  /**
   * A text with marks.
   *
   * @param between what stands before, between and after them: one more than there are marks
   * @param marks what each stands for: the URL, or the extension of this number
   */
  private record Text(List<String> between, List<Integer> marks) {
    private static final int URL = -1;

    static Text of(String text) {
      List<String> between = new ArrayList<>();
      List<Integer> marks = new ArrayList<>();
      Matcher mark = MARKS.matcher(text);
      int end = 0;
      while (mark.find()) {
        between.add(text.substring(end, mark.start()));
        marks.add(mark.group(1) == null ? URL : Integer.parseInt(mark.group(1)));
        end = mark.end();
      }
      between.add(text.substring(end));
      return new Text(between, marks);
    }

    String with(String url, List<String> entries) {
      StringBuilder text = new StringBuilder(between.get(0));
      for (int i = 0; i < marks.size(); i++) {
        int mark = marks.get(i);
        text.append(mark == URL ? url : entries.get(mark)).append(between.get(i + 1));
      }
      return text.toString();
    }
  }

  /**
   * Returns the template for all descriptors that differ from this one in their URL, and in the
   * entries of these extensions.
   */
  static RefusalTemplate of(
      SettleableOffers.Descriptors offered,
      boolean olderHeader,
      List<ExtensionPerRequest> extensions) {
    SettleableOffers.Descriptors at = offered.at(URL_MARK);
    Map<String, Object> entries = new LinkedHashMap<>(at.v2().extensions());
    for (int i = 0; i < extensions.size(); i++) {
      entries.put(extensions.get(i).name(), Map.of(MARK, i));
    }
    PaymentRequired marked =
        new PaymentRequired(at.v2().resource(), at.v2().accepts(), at.v2().error(), entries);
    return new RefusalTemplate(
        offered, Refusals.paymentRequired(at.withV2(marked), olderHeader), extensions);
  }

  /** Returns whether it offers the same as this descriptor. */
  boolean offersSameAs(SettleableOffers.Descriptors descriptors) {
    return offered.offersSameAs(descriptors);
  }

  /** Returns whether JSON writes a URL as it is. */
  static boolean takes(String url) {
    return url.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != '\\');
  }

  /** Returns the 402 for descriptors whose URL it takes. */
  Refusal at(SettleableOffers.Descriptors descriptors) {
    PaymentRequired newer = descriptors.v2();
    String url = newer.resource().url();
    List<String> entries =
        extensions.stream().map(each -> JsonText.text(each.entry(newer).toMap())).toList();
    byte[] json = header.with(url, entries).getBytes(UTF_8);
    String required = Base64.getEncoder().encodeToString(json);
    Map<String, String> headers = new LinkedHashMap<>(marked.headers());
    headers.computeIfPresent(PaymentHeader.PAYMENT_REQUIRED, (name, before) -> required);
    headers.computeIfPresent(PaymentHeader.X_PAYMENT_REQUIRED, (name, before) -> required);
    return new Refusal(marked.status(), headers, body.with(url, entries));
  }
}
