// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentHeader;
import io.github.x402j.gate.Refusal;
import io.github.x402j.servlet.hold.HeldResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The headers of a paid response: those that tell the payer of the payment, those that keep it out
 * of shared caches ({@code Cache-Control} and its kin, {@code Vary}), and those that let a browser
 * read them.
 *
 * @param receipt the headers for the payer, by name
 */
record PaidResponseHeaders(Map<String, String> receipt) {
  private static final String CACHE_CONTROL = "Cache-Control";
  private static final String ACCEL_EXPIRES = "x-accel-expires";
  private static final String EXPOSE_HEADERS = "Access-Control-Expose-Headers";
  private static final String EXPOSED =
      String.join(
          ", ",
          PaymentHeader.PAYMENT_REQUIRED,
          PaymentHeader.PAYMENT_RESPONSE,
          PaymentHeader.X_PAYMENT_RESPONSE,
          PaymentHeader.X_PAYMENT_REQUIRED,
          PaymentHeader.X_PAYMENT_RECEIPT,
          PaymentHeader.X_PAYMENT_RECEIPT_REMAINING,
          PassTerms.COVERS);
  private static final String VARY =
      String.join(
          ", ",
          PaymentHeader.PAYMENT_SIGNATURE,
          PaymentHeader.X_PAYMENT,
          PaymentHeader.X_PAYMENT_RECEIPT);

  /** How many characters those of them take that are not for the payer. */
  static final int SHARED_LENGTH =
      EXPOSE_HEADERS.length() + EXPOSED.length() + "Vary".length() + VARY.length() + 64;

  /** How many more those take that a 402 with a challenge of the {@code Payment} scheme has. */
  static final int CHALLENGED_LENGTH =
      PaymentHeader.WWW_AUTHENTICATE.length() + PaymentHeader.AUTHORIZATION.length() + 4;

  /** The headers of a response that no payment was made for. */
  static final PaidResponseHeaders NONE = new PaidResponseHeaders(Map.of());

  /** Returns the gate's headers for the payer, and more. */
  static PaidResponseHeaders of(Map<String, String> receipt, Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(receipt);
    all.putAll(more);
    return new PaidResponseHeaders(all);
  }

  /** Adds to the headers that the filter shares with others, for refusals. */
  static void addShared(HttpServletResponse response, Refusal refusal) {
    boolean isChallenged = refusal.headers().containsKey(PaymentHeader.WWW_AUTHENTICATE);
    response.addHeader(
        EXPOSE_HEADERS, isChallenged ? EXPOSED + ", " + PaymentHeader.WWW_AUTHENTICATE : EXPOSED);
    response.addHeader("Vary", isChallenged ? VARY + ", " + PaymentHeader.AUTHORIZATION : VARY);
  }

  private String exposed() {
    return isOfPaymentScheme() ? EXPOSED + ", " + PaymentHeader.PAYMENT_RECEIPT : EXPOSED;
  }

  private String vary() {
    return isOfPaymentScheme() ? VARY + ", " + PaymentHeader.AUTHORIZATION : VARY;
  }

  private boolean isOfPaymentScheme() {
    return receipt.containsKey(PaymentHeader.PAYMENT_RECEIPT);
  }

  /** Adds ours to a shared header after a handler has set it. */
  void keepShared(String name, BiConsumer<String, String> add) {
    if (name.equalsIgnoreCase("Vary")) {
      add.accept(name, vary());
    } else if (name.equalsIgnoreCase(EXPOSE_HEADERS)) {
      add.accept(name, exposed());
    }
  }

  /** Returns whether a header says which requests are allowed, and depends on nothing else. */
  static boolean tellsWhatIsAllowed(String name) {
    return name.equalsIgnoreCase("Allow")
        || name.equalsIgnoreCase("Vary")
        || name.regionMatches(true, 0, "Access-Control-", 0, "Access-Control-".length());
  }

  /** Returns whether a header tells caches what to keep. */
  static boolean isCacheControl(String name) {
    return name.equalsIgnoreCase(CACHE_CONTROL) || isTargeted(name);
  }

  /**
   * Returns whether a header goes before {@code Cache-Control} in the shared caches that know it:
   * {@code CDN-Cache-Control} (RFC 9213) and the vendors' forms of it, {@code Surrogate-Control},
   * Akamai's {@code Edge-Control} and nginx's {@code X-Accel-Expires}.
   */
  private static boolean isTargeted(String name) {
    return endsWith(name, "-cache-control")
        || endsWith(name, "surrogate-control")
        || name.equalsIgnoreCase("edge-control")
        || name.equalsIgnoreCase(ACCEL_EXPIRES);
  }

  private static boolean endsWith(String name, String end) {
    return name.regionMatches(true, name.length() - end.length(), end, 0, end.length());
  }

  /** Returns the value by which a shared cache keeps nothing, whatever the handler said. */
  private static String keepNothing(String targeted) {
    return targeted.equalsIgnoreCase(ACCEL_EXPIRES) ? "0" : "no-store";
  }

  /** Tells those shared caches that were told otherwise to keep nothing of an answer of ours. */
  static void keepFromSharedCaches(HttpServletResponse response) {
    targeted(response).forEach(name -> response.setHeader(name, keepNothing(name)));
  }

  private static List<String> targeted(HttpServletResponse response) {
    List<String> targeted = new ArrayList<>(0);
    for (String name : response.getHeaderNames()) {
      if (isTargeted(name) && !targeted.contains(name)) {
        targeted.add(name);
      }
    }
    return targeted;
  }

  /** Adds all of them to a held response. */
  void addTo(HeldResponse held) {
    receipt.forEach(held::replaceHeader);
    held.replaceHeader(CACHE_CONTROL, cacheControl(CACHE_CONTROL, held.getHeaders(CACHE_CONTROL)));
    targeted(held).forEach(name -> held.replaceHeader(name, keepNothing(name)));
    held.appendHeader("Vary", vary());
    held.appendHeader(EXPOSE_HEADERS, exposed());
  }

  /** Adds all of them to a response that is not held. */
  void addTo(HttpServletResponse response) {
    receipt.forEach(response::setHeader);
    keepPrivate(response);
    response.addHeader(EXPOSE_HEADERS, exposed());
    response.addHeader("Vary", vary());
  }

  /**
   * Adds the headers for the payer to an error after the settlement; the {@code Payment} scheme
   * allows its receipt on a success only.
   */
  void addReceiptTo(HttpServletResponse response) {
    receipt.forEach(
        (name, value) -> {
          if (!name.equals(PaymentHeader.PAYMENT_RECEIPT)) {
            response.setHeader(name, value);
          }
        });
    response.addHeader(EXPOSE_HEADERS, EXPOSED);
  }

  boolean isEmpty() {
    return receipt.isEmpty();
  }

  boolean areOn(HttpServletResponse response) {
    return isEmpty() || receipt.keySet().stream().allMatch(response::containsHeader);
  }

  /** Tells shared caches to keep nothing of a response that was paid for. */
  void keepPrivate(HttpServletResponse response) {
    response.setHeader(
        CACHE_CONTROL, cacheControl(CACHE_CONTROL, response.getHeaders(CACHE_CONTROL)));
    keepFromSharedCaches(response);
  }

  /**
   * Returns the value of a header that {@link #isCacheControl}, given the handler's. A receipt is
   * worth money: no cache may keep one, not even the payer's.
   */
  String cacheControl(String name, Iterable<String> said) {
    if (isTargeted(name)) {
      return keepNothing(name);
    }
    String kept = notShared(said);
    return receipt.containsKey(PaymentHeader.X_PAYMENT_RECEIPT) && !kept.contains("no-store")
        ? kept + ", no-store"
        : kept;
  }

  /** Keeps the handler's directives, except those that allow shared caches. */
  private static String notShared(Iterable<String> headers) {
    List<String> kept = new ArrayList<>();
    boolean strict = false;
    for (String header : headers) {
      for (String directive : header.split(",")) {
        String name = directive.trim().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals("public") || name.startsWith("s-maxage")) {
          continue;
        }
        strict |= name.equals("private") || name.equals("no-store");
        kept.add(directive.trim());
      }
    }
    if (!strict) {
      kept.add(0, "private");
    }
    return String.join(", ", kept);
  }
}
