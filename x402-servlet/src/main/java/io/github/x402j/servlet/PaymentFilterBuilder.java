// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.LoggingPaymentListener;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.TrustedIssuer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link PaymentFilter}. Not safe for use by several threads. */
public final class PaymentFilterBuilder {
  private @Nullable String publicUrl;
  private final List<AcceptedToken> accepted = new ArrayList<>();
  private @Nullable PaymentLedger ledger;
  private Routes routes = Routes.of();
  private PathRules pathRules = PathRules.strict();
  private Duration maxTimeout = PaymentFilter.DEFAULT_MAX_TIMEOUT;
  private long bufferLimit = CaptureLimits.DEFAULT_MAX_BYTES;
  private @Nullable Integer spillAbove;
  private @Nullable ReceiptIssuer issuer;
  private @Nullable ReceiptVerifier verifier;
  private final List<Consumer<PaymentGate.Builder>> gateSettings = new ArrayList<>();

  PaymentFilterBuilder() {}

  /**
   * Sets the URL under which clients see this webapp, its context path included: {@code
   * https://api.example.com} or {@code https://example.com/shop}. Needed: the descriptor names
   * resources by it, and what a request says of its own host is not to be trusted.
   */
  public PaymentFilterBuilder publicUrl(String url) {
    publicUrl = requirePublicUrl(url);
    return this;
  }

  /**
   * Accepts a token on every route that names none of its own; called again, a further one. The
   * order is the order of preference in the descriptor.
   *
   * @param payTo who is paid, as {@link io.github.x402j.Address#parse} takes it
   * @throws IllegalArgumentException if {@code payTo} is no address, or its checksum is wrong
   */
  public PaymentFilterBuilder accept(Token token, String payTo) {
    accepted.add(AcceptedToken.of(token, payTo));
    return this;
  }

  /** Adds who verifies and settles; the first that supports a network handles it. Needed. */
  public PaymentFilterBuilder facilitator(Facilitator facilitator) {
    gateSettings.add(gate -> gate.facilitator(facilitator));
    return this;
  }

  /** Sets where used authorizations are remembered; in memory unless this is called. */
  public PaymentFilterBuilder ledger(PaymentLedger newLedger) {
    ledger = newLedger;
    return this;
  }

  /** Adds an observer; the log is one already. */
  public PaymentFilterBuilder listener(PaymentListener listener) {
    gateSettings.add(gate -> gate.listener(listener));
    return this;
  }

  /**
   * Sets the rules by path; called again, others in their place. Their order does not matter.
   *
   * @throws IllegalArgumentException if one is neither priced nor free, or two are for the same
   *     paths and methods
   */
  public PaymentFilterBuilder routes(Route... rules) {
    return routes(Routes.of(rules));
  }

  /** Sets the rules by path. */
  public PaymentFilterBuilder routes(Routes newRoutes) {
    routes = newRoutes;
    return this;
  }

  /** Relaxes what is refused as not canonical; {@link PathRules#strict()} unless this is called. */
  public PaymentFilterBuilder pathRules(PathRules rules) {
    pathRules = rules;
    return this;
  }

  /**
   * Sets how long a payment may be valid; {@link PaymentFilter#DEFAULT_MAX_TIMEOUT} unless this is
   * called. It is {@code maxTimeoutSeconds} of the descriptor.
   *
   * @param timeout whole seconds, 10 to 3600, both included
   * @throws IllegalArgumentException if it is not
   */
  public PaymentFilterBuilder maxTimeout(Duration timeout) {
    maxTimeout = AcceptedToken.requireTimeout(timeout);
    return this;
  }

  /**
   * Sets how many bytes of a response are held; a longer one fails before it is paid. 8 MiB unless
   * this is called; at least 1. A response of exactly so many bytes goes out.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public PaymentFilterBuilder bufferLimit(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bufferLimit: expected at least 1 byte, found " + bytes);
    }
    bufferLimit = bytes;
    return this;
  }

  /**
   * Holds what is longer than so many bytes, at least 0, in a temporary file instead of memory.
   * Unless this is called everything is in memory, up to {@link #bufferLimit}.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public PaymentFilterBuilder spillAbove(int bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("spillAbove: expected 0 or more bytes, found " + bytes);
    }
    spillAbove = bytes;
    return this;
  }

  /**
   * Hands out a receipt with each paid response, in the header {@code X-Payment-Receipt}. Needed
   * where a rule sells a pass. Without {@link #acceptReceipts} the filter accepts the passes that
   * this issuer signs, and no other receipts.
   *
   * @param newIssuer its audience must be the origin of {@link #publicUrl}
   */
  public PaymentFilterBuilder receipts(ReceiptIssuer newIssuer) {
    issuer = newIssuer;
    return this;
  }

  /**
   * Accepts receipts in place of payments, in {@code X-Payment-Receipt} and {@code X-Payment}. Who
   * sells passes names the own issuer here, too: {@code TrustedIssuer.self(issuer)}. {@link #build}
   * checks that the passes that are sold would be accepted.
   *
   * @param newVerifier each of its issuers is trusted for the origin of {@link #publicUrl}
   */
  public PaymentFilterBuilder acceptReceipts(ReceiptVerifier newVerifier) {
    verifier = newVerifier;
    return this;
  }

  /**
   * Adds the signed offers and receipts of the {@code offer-receipt} extension. Offers are good for
   * {@link PaymentGate#DEFAULT_OFFER_VALIDITY}.
   */
  public PaymentFilterBuilder signOffers(OfferReceiptSigner signer) {
    return signOffers(signer, PaymentGate.DEFAULT_OFFER_VALIDITY);
  }

  /** See {@link PaymentGate.Builder#signOffers(OfferReceiptSigner, Duration)}. */
  public PaymentFilterBuilder signOffers(OfferReceiptSigner signer, Duration validity) {
    gateSettings.add(gate -> gate.signOffers(signer, validity));
    return this;
  }

  /**
   * Lets a payer name its payment (extension {@code payment-identifier}): the same payment under
   * the same name gets the answer that it bought, another payment under it a 409. Kept in this
   * process; not for routes that settle first.
   */
  public PaymentFilterBuilder paymentIdentifiers(PaymentIdentifiers identifiers) {
    gateSettings.add(gate -> gate.paymentIdentifiers(identifiers));
    return this;
  }

  /** Adds the descriptor to a 402 under its older name, too: {@code X-Payment-Required}. */
  public PaymentFilterBuilder olderRequiredHeader() {
    gateSettings.add(PaymentGate.Builder::olderRequiredHeader);
    return this;
  }

  /** See {@link PaymentGate.Builder#maxConcurrentVerifications}. */
  public PaymentFilterBuilder maxConcurrentVerifications(int payments) {
    gateSettings.add(gate -> gate.maxConcurrentVerifications(payments));
    return this;
  }

  /** See {@link PaymentGate.Builder#failuresPerMinute}. */
  public PaymentFilterBuilder failuresPerMinute(int failures) {
    gateSettings.add(gate -> gate.failuresPerMinute(failures));
    return this;
  }

  /**
   * Returns the filter. The chain is asked when the container initialises it.
   *
   * @throws IllegalStateException if something needed was not set
   * @throws IllegalArgumentException if a price does not fit a token, or a descriptor is too long
   */
  public PaymentFilter build() {
    if (publicUrl == null) {
      throw new IllegalStateException(
          "publicUrl: expected the URL under which clients see this webapp, found nothing");
    }
    PaymentGate.Builder gate =
        PaymentGate.builder().ledger(ledger == null ? InMemoryPaymentLedger.create() : ledger);
    gate.listener(new LoggingPaymentListener());
    gateSettings.forEach(setting -> setting.accept(gate));
    addReceipts(gate, publicUrl);
    PaymentGate built = gate.build();
    PriceList prices = new PriceList(built, List.copyOf(accepted), maxTimeout, publicUrl);
    routes.all().stream().filter(route -> !route.isFree()).forEach(prices::add);
    return new PaymentFilter(built, routes, pathRules, prices, limits());
  }

  private void addReceipts(PaymentGate.Builder gate, String url) {
    Optional<Route> pass =
        routes.all().stream().filter(route -> route.settings().pass != null).findFirst();
    if (pass.isPresent() && issuer == null) {
      throw new IllegalStateException(
          "route " + pass.get() + " sells a pass: expected receipts(issuer), found nothing");
    }
    if (issuer != null) {
      requireOwnAudience(issuer.audience(), url);
      gate.issueReceipts(issuer);
    }
    if (verifier != null) {
      verifier.requireAudience(originOf(url));
      if (issuer != null) {
        requireOpens(verifier, issuer);
      }
      gate.acceptReceipts(verifier);
    } else if (issuer != null) {
      gate.acceptReceipts(ReceiptVerifier.of(TrustedIssuer.self(issuer)));
    }
  }

  /** A receipt for somebody else would be refused here, and might be accepted there. */
  private static void requireOwnAudience(String audience, String url) {
    String origin = originOf(url);
    if (!audience.equals(origin)) {
      throw new IllegalStateException(
          "receipts: the issuer's audience is "
              + audience
              + ", expected the origin of publicUrl, "
              + origin);
    }
  }

  private static String originOf(String url) {
    URI uri = URI.create(url);
    return (uri.getScheme() + "://" + uri.getRawAuthority()).toLowerCase(Locale.ROOT);
  }

  /** Nobody may pay for a pass that opens nothing. */
  private void requireOpens(ReceiptVerifier accepts, ReceiptIssuer sells) {
    routes.all().stream()
        .map(route -> route.settings().pass)
        .flatMap(Stream::ofNullable)
        .map(PassTerms::lifetime)
        .max(Duration::compareTo)
        .ifPresent(longest -> accepts.requireOpens(sells, longest));
  }

  private CaptureLimits limits() {
    int memory = (int) Math.min(Integer.MAX_VALUE, bufferLimit);
    return new CaptureLimits(
        bufferLimit,
        spillAbove == null ? memory : spillAbove,
        issuer == null
            ? CaptureLimits.DEFAULT_MAX_HEADER_BYTES
            : CaptureLimits.MAX_HEADER_BYTES_WITH_RECEIPTS);
  }

  private static String requirePublicUrl(String url) {
    URI uri;
    try {
      uri = URI.create(url);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("publicUrl: not a URL", e);
    }
    boolean isWeb = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
    if (!isWeb
        || uri.getHost() == null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null
        || uri.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "publicUrl: expected http:// or https://, a host and perhaps a path, such as"
              + " https://api.example.com");
    }
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }
}
