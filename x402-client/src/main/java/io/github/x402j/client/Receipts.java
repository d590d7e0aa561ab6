// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.github.x402j.PaymentHeader;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides which receipt is shown with a request, and which receipts are kept. */
final class Receipts {
  /** The header that carries a receipt, in requests and responses. */
  static final String RECEIPT = "X-Payment-Receipt";

  /** The header that says how often the receipt may still be shown: a number or "unlimited". */
  static final String REMAINING = "X-Payment-Receipt-Remaining";

  /**
   * The header that says what the receipt opens: paths as in a seller's rules, each optionally
   * after a method.
   */
  static final String COVERS = "X-Payment-Receipt-Covers";

  private static final Logger log = LoggerFactory.getLogger(PayingHttpClient.class);
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
  private static final Pattern EXPIRY =
      Pattern.compile("\"exp\"\\s*:\\s*([0-9]{1,12})(?![0-9.eE])");

  private final @Nullable ReceiptStore store;
  private final Clock clock;

  Receipts(@Nullable ReceiptStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * Returns the receipt to show with the request; of several, the one that expires first. Whatever
   * the store holds, a receipt is shown only to its own origin and over a confidential connection.
   */
  Optional<StoredReceipt> covering(HttpRequest request) {
    Optional<Origin> origin = Origin.of(request.uri()).filter(Origin::isConfidential);
    if (store == null || origin.isEmpty() || request.headers().firstValue(RECEIPT).isPresent()) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    return store.of(origin.get().toString(), now).stream()
        .filter(receipt -> receipt.isUsable(now))
        .filter(receipt -> receipt.covers(request.method(), request.uri()))
        .min(Comparator.comparing(StoredReceipt::expires));
  }

  /** Returns the request with the receipt. */
  static HttpRequest with(StoredReceipt receipt, HttpRequest request) {
    return HttpRequest.newBuilder(request, (name, value) -> true)
        .setHeader(RECEIPT, receipt.token())
        .build();
  }

  /** Updates a receipt that was shown. One that was refused is forgotten. */
  void shown(StoredReceipt receipt, HttpResponse<?> response) {
    if (response.statusCode() == 402) {
      change("forget", kept -> kept.drop(receipt));
      return;
    }
    Optional<String> said = response.headers().firstValue(REMAINING);
    Long left = said.isPresent() ? remaining(said) : leftAfter(receipt, response.statusCode());
    if (!Objects.equals(left, receipt.uses())) {
      change("count a use of", kept -> kept.keep(receipt.withUses(left)));
    }
  }

  /** If the seller does not say what is left: a delivery takes a use, a failure does not. */
  private static @Nullable Long leftAfter(StoredReceipt receipt, int status) {
    Long uses = receipt.uses();
    return uses == null || status >= 400 ? uses : Long.valueOf(uses - 1);
  }

  /** Keeps the receipt that came with the response to a payment, if there is one. */
  void bought(HttpRequest request, HttpResponse<?> response) {
    if (store != null) {
      receiptIn(request, response.headers())
          .ifPresent(receipt -> change("keep", kept -> kept.keep(receipt)));
    }
  }

  private Optional<StoredReceipt> receiptIn(HttpRequest request, HttpHeaders headers) {
    List<String> tokens = headers.allValues(RECEIPT);
    Optional<Origin> origin = Origin.of(request.uri()).filter(Origin::isConfidential);
    if (tokens.size() != 1 || origin.isEmpty()) {
      return Optional.empty();
    }
    String token = PaymentHeader.trim(tokens.get(0));
    try {
      return expiry(token)
          .filter(expires -> clock.instant().isBefore(expires))
          .map(
              expires ->
                  new StoredReceipt(
                      origin.get().toString(),
                      covered(request, headers),
                      remaining(headers.firstValue(REMAINING)),
                      expires,
                      token));
    } catch (IllegalArgumentException e) { // the seller may send anything
      log.debug("a seller sent a malformed receipt");
      return Optional.empty();
    }
  }

  /** Without this header a receipt opens nothing: it only proves the payment. */
  private static @Nullable Long remaining(Optional<String> said) {
    if (said.map(String::trim).filter("unlimited"::equals).isPresent()) {
      return null;
    }
    return said.map(String::trim)
        .filter(text -> NUMBER.matcher(text).matches())
        .map(Long::valueOf)
        .orElse(0L);
  }

  private static List<String> covered(HttpRequest request, HttpHeaders headers) {
    List<String> said =
        headers.allValues(COVERS).stream()
            .flatMap(value -> Arrays.stream(value.split(",")))
            .map(String::trim)
            .filter(text -> !text.isEmpty())
            .toList();
    return said.isEmpty() ? List.of(StoredReceipt.covered(request.method(), request.uri())) : said;
  }

  /** Returns the earliest "exp" in the token, unchecked: it only limits how long it is tried. */
  private static Optional<Instant> expiry(String token) {
    String[] parts = token.split("\\.", -1);
    if (token.length() > StoredReceipt.MAX_TOKEN_LENGTH || parts.length != 3) {
      return Optional.empty();
    }
    Matcher found = EXPIRY.matcher(new String(Base64.getUrlDecoder().decode(parts[1]), ISO_8859_1));
    return found
        .results()
        .map(match -> Instant.ofEpochSecond(Long.parseLong(match.group(1))))
        .min(Comparator.naturalOrder());
  }

  private interface Change {
    void of(ReceiptStore kept) throws IOException;
  }

  /** A paid response must reach the caller even if the store fails. */
  private void change(String what, Change change) {
    if (store == null) {
      return;
    }
    try {
      change.of(store);
    } catch (IOException e) {
      log.warn("could not {} a receipt", what, e);
    }
  }
}
