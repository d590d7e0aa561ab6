// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settings;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import io.github.x402j.http.BoundedHttp;
import io.github.x402j.http.Ticker;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A remote facilitator, spoken to over HTTP (specification 7): it looks at the chain and moves the
 * money.
 *
 * <pre>{@code
 * Facilitator facilitator =
 *     HttpFacilitator.builder(
 *             URI.create("https://facilitator.example"), EvmLocalChecks.withoutChain())
 *         .authentication((method, endpoint) -> Map.of("Authorization", "Bearer " + token))
 *         .build();
 * }</pre>
 *
 * <p>Terms, window and signature are always checked here first, and a payment is held in the ledger
 * of this seller, so that a facilitator that lies or is broken cannot open the gate with a bad
 * signature. What is left to trust it with is whether the money has moved; with a chain to read
 * ({@code EvmLocalChecks.readingFrom}) not even that.
 *
 * <p>An answer to a settlement that is late, lost, broken or contradicts the payment is {@link
 * Settlement.Pending}: bytes were sent, and the outcome is not known. So is a refusal, unless its
 * reason can come only before a transaction is sent, or the chain shows that it has failed.
 *
 * <p>Servers that sell for one {@code payTo} share a ledger. If they share none, a facilitator may
 * give both the same good answer for one payment. {@code FacilitatorService} tells them apart by
 * the {@code Idempotency-Key} that is sent here; what it answers to the second counts as used.
 *
 * <p>Safe for use by several threads. Messages, logs and {@code toString} hold the facilitator's
 * origin, and no path, header or answer text.
 */
public final class HttpFacilitator implements Facilitator {
  /** How long a connection may take unless said otherwise. */
  public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(3);

  /** How long one look may take, from the first byte to the last, unless said otherwise. */
  public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(5);

  /** How long a verification may take with its retries unless said otherwise. */
  public static final Duration DEFAULT_VERIFY_TIMEOUT = Duration.ofSeconds(10);

  /** How long a settlement may take with all that belongs to it unless said otherwise. */
  public static final Duration DEFAULT_SETTLE_TIMEOUT = Duration.ofSeconds(40);

  /** How old the list of what the facilitator supports gets before it is asked again. */
  public static final Duration DEFAULT_REFRESH_INTERVAL = Duration.ofMinutes(10);

  private final FacilitatorHttp http;
  private final LocalChecks local;
  private final KindsCache kinds;
  private final RemoteVerification verification;
  private final RemoteSettlement settlement;

  private HttpFacilitator(Builder builder) {
    BoundedHttp calls =
        builder.client == null
            ? new BoundedHttp(builder.connectTimeout, FacilitatorHttp.MAX_ANSWER_BYTES)
            : new BoundedHttp(builder.client, FacilitatorHttp.MAX_ANSWER_BYTES);
    http = new FacilitatorHttp(builder.url, builder.authentication, calls, builder.ticker);
    local = builder.local;
    kinds = new KindsCache(http, builder.clock, builder.requestTimeout, builder.refreshInterval);
    verification =
        new RemoteVerification(
            http, builder.requestTimeout, builder.verifyTimeout, builder.resource);
    settlement =
        new RemoteSettlement(
            http,
            local,
            kinds,
            builder.settleTimeout,
            builder.verifyTimeout,
            builder.idempotent,
            builder.resource);
  }

  /**
   * Returns a builder.
   *
   * @param url of the facilitator, without {@code /verify}; {@code https}, or {@code http} for this
   *     machine itself
   * @param local what is checked here before the facilitator is asked
   * @throws IllegalArgumentException if the URL is another one
   */
  public static Builder builder(URI url, LocalChecks local) {
    return new Builder(url, local);
  }

  /**
   * Returns a builder; see {@link #builder(URI, LocalChecks)}.
   *
   * @throws IllegalArgumentException if the URL is another one, or null or blank, as an environment
   *     variable is that is not set
   */
  public static Builder builder(@Nullable String url, LocalChecks local) {
    return builder(Settings.requireUrl("facilitator URL", url), local);
  }

  /**
   * Makes the credentials of a request. {@link CdpAuthentication} and {@link PayAiAuthentication}
   * are ready. Safe for use by several threads.
   */
  @FunctionalInterface
  public interface Authentication {
    /**
     * Returns the headers that authenticate a request; they are sent to the facilitator's own
     * origin and nowhere else. Called for each request, a repeated one included, on a thread of its
     * own, within the timeout of the request. Whatever it throws is an outage of the facilitator;
     * no message repeats its text.
     *
     * @param method GET or POST
     * @param endpoint the whole URL of the request
     * @throws FacilitatorException if there are no credentials to be had now
     */
    Map<String, String> headers(String method, URI endpoint) throws FacilitatorException;
  }

  /**
   * Asks the facilitator what it supports, and compares what is offered with that.
   *
   * @throws IllegalStateException if it does not answer, or does not support what is offered; the
   *     message says what it supports
   */
  @Override
  public void start(List<PaymentRequirements> offered) {
    kinds.requireAll(offered);
    local.start(offered);
  }

  /** As the facilitator said at the start, which is when it is asked if it was not yet. */
  @Override
  public boolean supports(String scheme, Network network) {
    return kinds.first().covers(scheme, network);
  }

  @Override
  public boolean supports(int x402Version, String scheme, Network network) {
    return kinds.covers(x402Version, scheme, network);
  }

  /** Names the origin and the kinds that the facilitator told of. */
  @Override
  public Optional<String> supported() {
    return Optional.of("facilitator " + http.origin() + " supports " + kinds.current());
  }

  @Override
  public Map<String, Object> extra(String scheme, Network network) {
    return kinds.current().extra(scheme, network);
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    kinds.current(); // where it is not known it is asked for now, and not while a payment is held
    return local.check(payload, requirements);
  }

  /** Who has signed is checked here, and not asked for. */
  @Override
  public WalletSignatures wallets() {
    return local.wallets();
  }

  /** Asks again, after a pause, if there is no answer; what is valid here was checked here, too. */
  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    kinds.refreshIfOld();
    PaymentRequirements requirements = payment.requirements();
    if (!kinds.current().covers(requirements.scheme(), requirements.network())) {
      throw new FacilitatorException(
          "the facilitator no longer supports "
              + requirements.scheme()
              + " on "
              + requirements.network());
    }
    return verification.of(payment);
  }

  /** A facilitator verifies what it is to settle (specification 7.2). */
  @Override
  public boolean settleVerifies() {
    return true;
  }

  /**
   * Lets the facilitator move the money.
   *
   * @param beforeBroadcast is handed a hash that the facilitator names, which is after the
   *     broadcast
   */
  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    kinds.refreshIfOld(); // nothing is verified where all of it is settled first
    return settlement.settle(payment, beforeBroadcast);
  }

  /**
   * Reads the outcome from the chain where it can be read here, and asks the facilitator to settle
   * again otherwise: an authorization moves money once however often it is sent.
   */
  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions)
      throws FacilitatorException {
    return settlement.outcome(payment, transactions);
  }

  /** Names the origin alone. */
  @Override
  public String toString() {
    return "HttpFacilitator[" + http.origin() + "]";
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private final URI url;
    private final LocalChecks local;
    private Authentication authentication = BoundedAuthentication.NONE;
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;
    private Duration verifyTimeout = DEFAULT_VERIFY_TIMEOUT;
    private Duration settleTimeout = DEFAULT_SETTLE_TIMEOUT;
    private Duration refreshInterval = DEFAULT_REFRESH_INTERVAL;
    private ResourceInfo resource = ResourceInfo.of("urn:x402:resource");
    private Clock clock = Clock.systemUTC();
    private boolean idempotent;
    private @Nullable HttpClient client;
    private Ticker ticker = Ticker.SYSTEM;

    private Builder(URI url, LocalChecks local) {
      this.url = url;
      this.local = local;
    }

    /** Sends these credentials with each request; none unless this is called. */
    public Builder authentication(Authentication newAuthentication) {
      authentication = newAuthentication;
      return this;
    }

    /** Waits so long for a connection; more than zero. */
    public Builder connectTimeout(Duration timeout) {
      connectTimeout = positive("connectTimeout", timeout);
      return this;
    }

    /** Waits so long for one whole answer of {@code /verify} and {@code /supported}. */
    public Builder requestTimeout(Duration timeout) {
      requestTimeout = positive("requestTimeout", timeout);
      return this;
    }

    /**
     * Ends a verification after so long, retries and pauses included, and a question for the
     * outcome of an earlier settlement, too; more than zero.
     */
    public Builder verifyTimeout(Duration timeout) {
      verifyTimeout = positive("verifyTimeout", timeout);
      return this;
    }

    /**
     * Ends a settlement after so long: what is not known then is pending. More than the facilitator
     * itself waits for a receipt.
     */
    public Builder settleTimeout(Duration timeout) {
      settleTimeout = positive("settleTimeout", timeout);
      return this;
    }

    /** Asks the facilitator again what it supports when its answer is so old; more than zero. */
    public Builder refreshInterval(Duration interval) {
      refreshInterval = positive("refreshInterval", interval);
      return this;
    }

    /**
     * States that the facilitator answers a payment that it has settled with that settlement, and
     * that what it answers of a payment it has seen before is that payment's outcome. A settlement
     * whose answer is lost is asked for again then, and a refusal in the codes of the specification
     * is believed. {@code FacilitatorServlet} does so, with a ledger that outlives it.
     */
    public Builder settleIsIdempotent() {
      idempotent = true;
      return this;
    }

    /**
     * Names this in messages of version 1, which must name a resource; {@code url} is the shop's.
     */
    public Builder resource(ResourceInfo newResource) {
      resource = newResource;
      return this;
    }

    /** Reads the time from this clock instead of the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Asks by this client, which follows no redirect, and pauses in this time; for a simulation.
     */
    Builder simulated(HttpClient newClient, Ticker newTicker) {
      client = newClient;
      ticker = newTicker;
      return this;
    }

    /**
     * Returns the facilitator; nothing is sent yet.
     *
     * @throws IllegalArgumentException if the URL cannot be used
     */
    public HttpFacilitator build() {
      return new HttpFacilitator(this);
    }

    private static Duration positive(String setting, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(setting + ": expected more than zero");
      }
      return value;
    }
  }
}
