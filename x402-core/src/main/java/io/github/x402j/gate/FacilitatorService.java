// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SettlementResponse;
import io.github.x402j.SignedPayment;
import io.github.x402j.SupportedKinds;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A facilitator for others: verifies and settles what sellers bring, by the HTTP interface of the
 * specification (section 7). Knows no servlet, so that any server can stand in front of it.
 *
 * <pre>{@code
 * FacilitatorService service =
 *     FacilitatorService.builder()
 *         .facilitator(facilitator)
 *         .token(Usdc.BASE)
 *         .build();
 * }</pre>
 *
 * <p>Every request is checked from its beginning, a settlement, too. The same authorization is
 * settled once, and everybody who brings it gets the same answer; who asked first can be told from
 * the others. Another authorization with the same nonce is refused. Requests are answered in the
 * version of the protocol that they are written in.
 *
 * <p>Safe for use by several threads.
 */
public final class FacilitatorService {
  /** The longest request that is read, in bytes. */
  public static final int MAX_REQUEST_BYTES = 64 * 1024;

  /** The longest window of a payment by default. */
  public static final Duration DEFAULT_LONGEST_WINDOW = Duration.ofDays(1);

  private static final int MAX_KEY_LENGTH = 256;

  private static final Answer NO_LIST =
      new Answer(404, PaymentCodec.errorBody("not_found", "no list is kept here"));

  /** For listeners: a facilitator does not know what is sold. */
  private static final Purchase PURCHASE = Purchase.of("settle", "POST");

  private final List<Token> tokens;
  private final Duration longestWindow;
  private final ExtensionResponses extensions;
  private final @Nullable SettledListing listing;
  private final List<GuardedFacilitator> guarded;
  private final Facilitators facilitators;
  private final FailureBudget failures;
  private final Listeners listeners;
  private final SharedSettlements settlements;
  private volatile boolean started;

  private FacilitatorService(Builder builder) {
    guarded = builder.guarded();
    if (builder.tokens.isEmpty()) {
      throw new IllegalStateException("token: none was given; what is settled here?");
    }
    tokens = List.copyOf(builder.tokens);
    longestWindow = builder.longestWindow;
    extensions = new ExtensionResponses(builder.extensions);
    listing = builder.listing;
    facilitators = new Facilitators(guarded);
    failures = builder.failureBudget();
    listeners = builder.listeners();
    PaymentLedger ledger = builder.ledger();
    PaymentEngine engine =
        new PaymentEngine(
            facilitators,
            ledger,
            failures,
            TransactionClaims.none(ledger, builder.clock()),
            new SalesInProgress()); // it delivers nothing
    settlements = new SharedSettlements(engine);
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * An answer.
   *
   * @param status the HTTP status
   * @param json the body
   * @param headers more headers, by their names
   */
  public record Answer(int status, String json, Map<String, String> headers) {
    /** Copies the headers. */
    public Answer {
      headers = Map.copyOf(headers);
    }

    /** Makes an answer without more headers. */
    public Answer(int status, String json) {
      this(status, json, Map.of());
    }
  }

  /**
   * Checks the configuration against reality; call it once, before the first request.
   *
   * @throws IllegalStateException if a token could not be settled; the message names the setting
   */
  public void start() {
    facilitators.start(
        tokens.stream()
            .map(
                token ->
                    PaymentRequirements.exact(
                            token, TokenAmount.of(1), token.contract(), Duration.ofMinutes(1))
                        .withDecimals(token.decimals()))
            .toList());
    started = true;
  }

  /** Answers {@code GET /supported}. */
  public Answer supported() {
    List<SupportedKinds.Kind> kinds =
        tokens.stream().map(Token::network).distinct().flatMap(this::kinds).toList();
    Set<Address> signers = new LinkedHashSet<>();
    guarded.forEach(facilitator -> signers.addAll(facilitator.signers()));
    return new Answer(
        200, FacilitatorMessages.supported(new SupportedKinds(kinds, extensions.names(), signers)));
  }

  private Stream<SupportedKinds.Kind> kinds(Network network) {
    String scheme = PaymentRequirements.EXACT;
    Map<String, Object> extra = domain(network);
    extra.putAll(facilitators.extra(scheme, network));
    return Stream.of(
            Optional.of(new SupportedKinds.Kind(2, scheme, network.caip2(), extra)),
            network.v1Name().map(name -> new SupportedKinds.Kind(1, scheme, name, extra)))
        .flatMap(Optional::stream)
        .filter(kind -> facilitators.supports((int) kind.x402Version(), scheme, network));
  }

  /**
   * Answers {@code GET /discovery/resources} (specification 8): a part of the list, with what was
   * sold last first. 404 without a {@linkplain Builder#catalog catalog}.
   *
   * @param parameters of the query string, decoded
   */
  public Answer resources(Map<String, String> parameters) {
    return listing == null ? NO_LIST : listing.resources(parameters);
  }

  /**
   * Answers {@code GET /discovery/search} (specification 8): those of the list in which all words
   * of {@code query} occur. 404 without a {@linkplain Builder#catalog catalog}.
   *
   * @param parameters of the query string, decoded
   */
  public Answer search(Map<String, String> parameters) {
    return listing == null ? NO_LIST : listing.search(parameters);
  }

  /** Returns how the token is signed, if it is the only one of the network. */
  private Map<String, Object> domain(Network network) {
    Map<String, Object> domain = new LinkedHashMap<>();
    List<Token> settled = tokens.stream().filter(token -> token.network().equals(network)).toList();
    if (settled.size() == 1) {
      Token token = settled.get(0);
      domain.putAll(token.extra());
      domain.put("decimals", token.decimals());
    }
    return domain;
  }

  /**
   * Answers {@code GET /health}: 200 if payments can be verified and settled, 503 otherwise, with
   * the reason if a facilitator tells one.
   */
  public Answer health() {
    List<String> outages = facilitators.outages();
    if (!outages.isEmpty()) {
      return new Answer(503, FacilitatorMessages.health("down", String.join("; ", outages)));
    }
    boolean isUp = started && guarded.stream().allMatch(GuardedFacilitator::isAnswering);
    return new Answer(isUp ? 200 : 503, FacilitatorMessages.health(isUp ? "up" : "down"));
  }

  /** Answers {@code POST /verify} with this body. */
  public Answer verify(String body) {
    try {
      return verify(read(body));
    } catch (MalformedPaymentException e) {
      return new Answer(400, FacilitatorMessages.invalid(e.reason(), message(e), null));
    }
  }

  private FacilitatorRequest read(String body) throws MalformedPaymentException {
    return FacilitatorRequest.of(FacilitatorMessages.readRequest(body), tokens, longestWindow);
  }

  private static FacilitatorExtension.Payment payment(
      FacilitatorRequest request, SignedPayment payment) {
    return new FacilitatorExtension.Payment(
        request.payload(), request.requirements(), payment.payer());
  }

  private Answer verify(FacilitatorRequest request) throws MalformedPaymentException {
    Verification verification;
    try {
      Optional<Verification> refusal = request.refusal();
      verification = refusal.isPresent() ? refusal.get() : checkAndVerify(request);
    } catch (FacilitatorException e) {
      listeners.unavailable(request.required(), message(e));
      return new Answer(
          503, FacilitatorMessages.invalid(ErrorReason.UNEXPECTED_VERIFY_ERROR, message(e), null));
    }
    if (verification instanceof Verification.Valid valid) {
      listeners.verified(VerifiedPayment.of(valid.payment(), request.required(), PURCHASE));
      FacilitatorExtension.Payment payment = payment(request, valid.payment());
      return new Answer(
          200,
          FacilitatorMessages.valid(valid.payment().payer()),
          extensions.headers(extension -> extension.verified(payment)));
    }
    Verification.Invalid invalid = FacilitatorRequest.invalid(verification);
    listeners.failed(request.required(), invalid.reason(), invalid.detail());
    return new Answer(
        200,
        FacilitatorMessages.invalid(invalid.reason(), invalid.detail(), invalid.claimedPayer()));
  }

  private Verification checkAndVerify(FacilitatorRequest request)
      throws MalformedPaymentException, FacilitatorException {
    Verification checked = facilitators.check(request.payload(), request.requirements());
    if (!(checked instanceof Verification.Valid valid)) {
      return checked;
    }
    SignedPayment payment = valid.payment();
    Optional<Verification.Invalid> objection = facilitators.objection(payment);
    if (objection.isPresent()) {
      return objection.get();
    }
    if (isSpent(payment)) {
      return spent(payment);
    }
    Verification verification = facilitators.verify(payment);
    if (verification instanceof Verification.Invalid invalid) {
      failures.refused(payment, invalid.reason());
    }
    return verification;
  }

  private boolean isSpent(SignedPayment payment) {
    return failures.isSpent(payment.payer()) || failures.isSpent(payment);
  }

  /** A verdict on this payer and no trouble of ours: a seller must not take it for an outage. */
  private static Verification.Invalid spent(SignedPayment payment) {
    return new Verification.Invalid(
        ErrorReason.UNEXPECTED_VERIFY_ERROR,
        "too many payments of this payer failed; wait a minute",
        payment.payer());
  }

  /** Answers {@code POST /settle} with this body, for a seller that does not say who it is. */
  public Answer settle(String body) {
    return settle(body, null);
  }

  /**
   * Answers {@code POST /settle} with this body. Whoever asked first gets the same answer again; in
   * the answer to another, and to one that does not say who it is, a settlement or a refusal that
   * was told before has the member {@code "repeated": true}, and no transaction is told of one that
   * was not settled.
   *
   * @param idempotencyKey the value of the request header {@code Idempotency-Key}, which names who
   *     asks; null if there is none
   */
  public Answer settle(String body, @Nullable String idempotencyKey) {
    try {
      if (idempotencyKey != null && idempotencyKey.length() > MAX_KEY_LENGTH) {
        throw new MalformedPaymentException(
            "Idempotency-Key: expected at most " + MAX_KEY_LENGTH + " characters");
      }
      return settle(read(body), idempotencyKey == null ? "" : idempotencyKey.trim());
    } catch (MalformedPaymentException e) {
      return new Answer(400, FacilitatorMessages.malformedSettlement(e.reason(), message(e)));
    }
  }

  private Answer settle(FacilitatorRequest request, String claimant)
      throws MalformedPaymentException {
    try {
      Optional<Verification> refusal = request.refusal();
      return settle(
          request,
          claimant,
          refusal.isPresent()
              ? refusal.get()
              : facilitators.check(request.payload(), request.requirements()));
    } catch (FacilitatorException | LedgerException e) {
      listeners.unavailable(request.required(), message(e));
      return settlement(
          503,
          request,
          SettlementResponse.unsettled(
              request.requirements().network(), null, ErrorReason.UNEXPECTED_SETTLE_ERROR, null),
          message(e),
          false);
    }
  }

  private Answer settle(FacilitatorRequest request, String claimant, Verification checked)
      throws FacilitatorException {
    Optional<SignedPayment> payment = FacilitatorRequest.signed(checked);
    if (payment.isEmpty()) {
      return refused(request, FacilitatorRequest.invalid(checked));
    }
    // What was begun gets its answer: after its window, and though its payer has failed since.
    if (!settlements.knows(payment.get())) {
      if (!(checked instanceof Verification.Valid)) {
        return refused(request, FacilitatorRequest.invalid(checked));
      }
      Optional<Verification.Invalid> objection = facilitators.objection(payment.get());
      if (objection.isPresent()) {
        return refused(request, objection.get());
      }
      if (isSpent(payment.get())) {
        return refused(request, spent(payment.get()));
      }
    }
    return answer(request, payment.get(), settlements.settle(payment.get(), claimant));
  }

  private Answer answer(
      FacilitatorRequest request, SignedPayment payment, SharedSettlements.Answer answer) {
    Settlement settlement = answer.settlement();
    Network network = request.requirements().network();
    VerifiedPayment verified = VerifiedPayment.of(payment, request.required(), PURCHASE);
    if (settlement instanceof Settlement.Settled settled) {
      verified.markSettled(settled);
      listeners.settled(verified, settled);
      return new Answer(
          200,
          FacilitatorMessages.settled(
              SettlementResponse.settled(network, settled), payment, answer.repeated()),
          answer.repeated() ? Map.of() : responses(request, payment, settled));
    }
    if (settlement instanceof Settlement.Pending pending) {
      listeners.pending(verified, pending);
      // Whoever is told a transaction takes it for its own: not that of another's settlement.
      @Nullable String own = answer.repeated() ? null : pending.transaction().orElse(null);
      return settlement(
          200,
          request,
          SettlementResponse.unsettled(
              network, payment.payer(), ErrorReason.SETTLEMENT_PENDING, own),
          "the outcome is not known yet; ask for the same settlement again",
          false);
    }
    Settlement.Failed failed = (Settlement.Failed) settlement;
    @Nullable String own = answer.repeated() ? null : settlements.reverted(payment).orElse(null);
    return refused(
        request,
        new Verification.Invalid(failed.reason(), failed.detail(), payment.payer()),
        own,
        answer.repeated());
  }

  private Map<String, String> responses(
      FacilitatorRequest request, SignedPayment payment, Settlement.Settled settled) {
    FacilitatorExtension.Payment known = payment(request, payment);
    return extensions.headers(extension -> extension.settled(known, settled));
  }

  private Answer refused(FacilitatorRequest request, Verification.Invalid invalid) {
    return refused(request, invalid, null, false);
  }

  private Answer refused(
      FacilitatorRequest request,
      Verification.Invalid invalid,
      @Nullable String transaction,
      boolean repeated) {
    listeners.failed(request.required(), invalid.reason(), invalid.detail());
    @Nullable Address payer = invalid.claimedPayer();
    return settlement(
        200,
        request,
        SettlementResponse.unsettled(
            request.requirements().network(), payer, invalid.reason(), transaction),
        invalid.detail(),
        repeated);
  }

  private static Answer settlement(
      int status,
      FacilitatorRequest request,
      SettlementResponse response,
      String detail,
      boolean repeated) {
    return new Answer(
        status,
        FacilitatorMessages.settlement(
            response, detail, request.payload().x402Version(), repeated));
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }

  /** Collects what a service needs. Not safe for use by several threads. */
  public static final class Builder extends EngineBuilder<Builder> {
    private final List<Token> tokens = new ArrayList<>();
    private final List<FacilitatorExtension> extensions = new ArrayList<>();
    private Duration longestWindow = DEFAULT_LONGEST_WINDOW;
    private @Nullable SettledListing listing;

    private Builder() {
      listener(new LoggingPaymentListener());
    }

    @Override
    Builder self() {
      return this;
    }

    /** Adds a token that is settled here; at least one is needed, and no other is settled. */
    public Builder token(Token token) {
      tokens.add(token);
      return this;
    }

    /**
     * Sets how long a payment may be valid, whatever its seller allows: 1 minute to 30 days. The
     * ledger keeps a payment until then. Default: 1 day.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder longestWindow(Duration window) {
      if (window.compareTo(Duration.ofMinutes(1)) < 0
          || window.compareTo(Duration.ofDays(30)) > 0
          || window.getNano() != 0) {
        throw new IllegalArgumentException(
            "longestWindow: expected whole seconds, 1 minute to 30 days, found " + window);
      }
      longestWindow = window;
      return this;
    }

    /**
     * Adds an extension, which is named in {@code /supported} and hears of payments.
     *
     * @throws IllegalArgumentException if there is one of its name
     */
    public Builder extension(FacilitatorExtension extension) {
      if (extensions.stream().anyMatch(other -> other.name().equals(extension.name()))) {
        throw new IllegalArgumentException("extension " + extension.name() + ": it is there twice");
      }
      extensions.add(extension);
      return this;
    }

    /**
     * Keeps a list of what was paid for (extension {@code bazaar}): each resource that says how it
     * is called, once a payment for it was settled. See {@link FacilitatorService#resources} and
     * {@link FacilitatorService#search}. Default: none.
     *
     * @throws IllegalArgumentException if there is one already
     */
    public Builder catalog(DiscoveryCatalog catalog) {
      SettledListing listed = new SettledListing(catalog, clock());
      extension(listed);
      listing = listed;
      return this;
    }

    /**
     * Returns the service.
     *
     * @throws IllegalStateException if there is no facilitator or no token
     */
    public FacilitatorService build() {
      return new FacilitatorService(this);
    }
  }
}
