// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Credential;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.Verification;
import io.github.x402j.extension.NamedPayment;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferReceipts;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.mpp.ChallengeSecrets;
import io.github.x402j.mpp.PaymentCredential;
import io.github.x402j.mpp.PaymentProblem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether a request is paid, moves the money, and answers for both protocol versions. It
 * does not depend on servlets, so any transport can use it.
 *
 * <pre>{@code
 * PaymentGate gate = PaymentGate.builder().facilitator(facilitator).build();
 * gate.start(offered);
 * gate.sell(gate.challenge(descriptor), purchase, headers, transport);
 * }</pre>
 *
 * <p>Safe for use by several threads.
 */
public final class PaymentGate {
  /** How long a signed offer is valid by default. */
  public static final Duration DEFAULT_OFFER_VALIDITY = Duration.ofMinutes(10);

  private static final String UNAVAILABLE = "unavailable";
  private static final String ERROR = "error";

  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  /**
   * What the admissions of a gate share.
   *
   * @param identifiers null if payment identifiers are off
   */
  record Shared(
      Facilitators facilitators,
      PaymentEngine engine,
      FailureBudget failures,
      Listeners listeners,
      TransactionClaims transactions,
      SignIns signIns,
      @Nullable PaymentIdentifiers identifiers) {}

  private final Shared shared;
  private final PaymentEngine engine;
  private final SettleableOffers offers;
  private final SalesBook salesBook;
  private final SalesRecorder sales;
  private final SalesReconciler reconciler;
  private final Listeners listeners;
  private final @Nullable ReceiptAcceptor acceptor;
  private final @Nullable OfferReceipts statements;
  private final PaidHeaders paidHeaders;
  private final SalesInProgress inProgress = new SalesInProgress();

  /** What was priced before the start. */
  private final Queue<PaymentRequired> announced = new ConcurrentLinkedQueue<>();

  private final boolean olderHeader;
  private final @Nullable PaymentIdentifiers identifiers;
  private final AccessControl access;
  private final @Nullable PaymentCharges charges;
  private volatile boolean started;

  private PaymentGate(Builder builder) {
    acceptor = builder.acceptor;
    identifiers = builder.identifiers;
    listeners = builder.listeners();
    olderHeader = builder.olderHeader;
    access = new AccessControl(builder.hooks, builder.accessTimeout, builder.clock());
    // A hook may favour a payer, whose signature anyone can copy from the chain.
    Facilitators facilitators = new Facilitators(builder.guarded(), !access.isEmpty());
    offers = new SettleableOffers(facilitators);
    PaymentLedger ledger = builder.ledger();
    FailureBudget failures = builder.failureBudget();
    Duration memory = acceptor == null ? Duration.ZERO : acceptor.transactionMemory();
    TransactionClaims transactions = new TransactionClaims(ledger, memory, builder.clock());
    engine = new PaymentEngine(facilitators, ledger, failures, transactions, inProgress);
    salesBook = builder.salesBook();
    sales = new SalesRecorder(salesBook, builder.clock());
    reconciler =
        new SalesReconciler(
            salesBook, sales, facilitators, engine::transactionsOf, builder.clock());
    SignIns signIns =
        new SignIns(
            builder.signInStore(),
            builder.signInStatement,
            facilitators,
            listeners,
            builder.clock());
    shared =
        new Shared(facilitators, engine, failures, listeners, transactions, signIns, identifiers);
    statements =
        builder.statements == null
            ? null
            : new OfferReceipts(builder.statements, builder.offerValidity, builder.clock());
    paidHeaders = new PaidHeaders(builder.receipts, statements, builder.clock());
    charges = builder.secrets == null ? null : new PaymentCharges(builder.secrets, builder.clock());
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Checks that offers can be verified and settled. Call it once, before the first request, and
   * after a {@link #stop} to sell again. If a facilitator has learned from elsewhere what it
   * supports, as {@code HttpFacilitator} has, offers that none of them settles are left out of
   * every 402, and so is a version of the protocol that none of them speaks; the log says which.
   *
   * @param offered every way to pay that is to be offered
   * @throws IllegalStateException if there is one that could not be verified or settled and is not
   *     left out, or a resource is left with none
   */
  public void start(List<PaymentRequirements> offered) {
    offers.start(offered);
    shared.signIns().requireWallets(offered);
    sales.start(offered);
    announced.forEach(offers::requireSome);
    announced.clear();
    inProgress.start();
    if (!started) {
      reconciler.start();
    }
    started = true;
  }

  /** For tests: what asks for sales that were left open. */
  SalesReconciler reconciler() {
    return reconciler;
  }

  /** For tests: the sales that are not over. */
  SalesInProgress salesInProgress() {
    return inProgress;
  }

  /** Returns the record of what was sold. */
  public SalesBook salesBook() {
    return salesBook;
  }

  /**
   * Returns why payments get a 503 at present, one text for each facilitator: it has not started,
   * or its gas accounts are empty. Empty if there is no such reason. For a health check; it makes
   * no call, but during an outage asks again, now and then.
   */
  public List<String> outages() {
    return shared.facilitators().outages();
  }

  /**
   * Encodes the descriptor for both protocol versions. For a fixed resource, call this once: the
   * challenge renews its signed offers. Before {@link #start} its offers are signed now, and what
   * the signer throws is thrown on; after it they are signed when a 402 goes out, at a bounded rate
   * and within a bounded time, and go out unsigned beyond these bounds.
   *
   * @throws IllegalArgumentException if the header would be longer than 8 KiB, which clients
   *     refuse, or the URL has no host that the {@code Payment} HTTP scheme could name
   */
  public Challenge challenge(PaymentRequired required) {
    return challenge(required, List.of());
  }

  /**
   * Does the same for a descriptor with extensions whose entries are made for each 402, such as
   * {@link #signInExtension()}.
   *
   * @throws IllegalArgumentException if the header would be longer than 8 KiB, which clients refuse
   */
  public Challenge challenge(PaymentRequired required, List<ExtensionPerRequest> extensions) {
    if (charges != null) {
      PaymentCharges.realm(required);
    }
    Challenge challenge =
        Challenge.of(
                identifiers == null ? required : identifiers.announce(required),
                statements,
                olderHeader,
                offers)
            .with(extensions);
    if (started) {
      return challenge;
    }
    announced.add(required);
    return challenge.begun();
  }

  /**
   * Returns the extension {@code sign-in-with-x}, for the challenges of what is sold with {@link
   * Purchase#withSignIn}.
   */
  public ExtensionPerRequest signInExtension() {
    return shared.signIns().inUse();
  }

  /**
   * Sells one answer. Runs the steps in the order that keeps the money safe: admit, run, release on
   * failure, settle, record, deliver. What an {@link AccessHook} grants just runs.
   *
   * @param challenge what the request costs, and in which order its sale settles and runs its
   *     handler
   * @param purchase what the request buys; receipts are compared with it, and issued for it
   * @param headers returns the values of a request header by its name, whatever its case; empty if
   *     there is none
   * @param transport what runs, and how answers are sent
   * @throws X what the transport throws
   */
  public <X extends Exception> void sell(
      Challenge challenge,
      Purchase purchase,
      Function<String, List<String>> headers,
      SaleTransport<X> transport)
      throws X {
    Admission admission;
    Challenge asked;
    AccessRequest.Details details =
        access.isEmpty() ? AccessRequest.Details.NONE : transport.details();
    try (AccessCheck check = check(challenge, purchase, headers, details)) {
      admission = admit(check, purchase, headers);
      asked = check.challenge();
    }
    if (admission instanceof Admission.Refused refused) {
      transport.refuse(refused.refusal());
    } else if (admission instanceof Admission.Answered answered) {
      transport.repeat(answered.answer());
    } else if (admission instanceof Admission.Granted granted) {
      transport.runGranted(granted);
    } else {
      VerifiedPayment payment = ((Admission.Admitted) admission).payment();
      SaleInProgress<X> sale = new SaleInProgress<>(this, asked, payment, transport);
      if (inProgress.add(sale)) {
        sale.begin();
      } else { // the gate was stopped in between
        release(payment);
        transport.refuse(refuse(asked, payment, new Settlement.Pending(null)));
      }
    }
  }

  /**
   * Stops selling: what is asked for from now on gets a 503, and costs nothing. Then waits for the
   * sales that have begun. What is not certain to have gone out after that stays fetchable: the
   * payer may send the same payment again, {@value PaymentLedger#MAX_DELIVERIES} times in all. A
   * handler that has not ended by then costs nothing. {@link #start} lets the gate sell again.
   *
   * @param longestWait how long it waits at most; zero not to wait
   */
  public void stop(Duration longestWait) {
    List<SaleInProgress<?>> left = inProgress.stop(longestWait);
    if (!left.isEmpty()) {
      log.warn("stopped with {} sales in progress; their payments can be sent again", left.size());
    }
    left.forEach(SaleInProgress::abandon);
  }

  /** Notes that a sale is over. */
  void isOver(SaleInProgress<?> sale) {
    inProgress.remove(sale);
  }

  /** Tells the listeners that the ledger did not answer. */
  void reportUnavailable(VerifiedPayment payment, LedgerException e) {
    listeners.unavailable(payment.required(), message(e));
  }

  /** Sends what was held, with the headers for the payer. */
  <X extends Exception> void send(VerifiedPayment payment, SaleTransport<X> transport) throws X {
    transport.addHeaders(payment, receipt(payment));
    Optional<NamedPayment> named = payment.named();
    if (identifiers != null && named.isPresent()) {
      Optional<StoredAnswer> answer = transport.copy(PaymentIdentifiers.MAX_ANSWER_BYTES);
      if (answer.isPresent()) {
        identifiers.store(named.get(), answer.get());
      } else {
        identifiers.notKept(named.get());
      }
    }
    transport.deliver(payment);
  }

  /**
   * Decides on a request; the first step of {@link #sell}. Access hooks see no {@link
   * SaleTransport#details} of it.
   *
   * @param challenge what the request costs
   * @param purchase what the request buys; receipts are compared with it, and issued for it
   * @param headers returns the values of a request header by its name, whatever its case; empty if
   *     there is none
   */
  public Admission admit(
      Challenge challenge, Purchase purchase, Function<String, List<String>> headers) {
    try (AccessCheck check = check(challenge, purchase, headers, AccessRequest.Details.NONE)) {
      return admit(check, purchase, headers);
    }
  }

  private AccessCheck check(
      Challenge challenge,
      Purchase purchase,
      Function<String, List<String>> headers,
      AccessRequest.Details details) {
    return new AccessCheck(access, listeners, challenge, purchase, headers, details);
  }

  private Admission admit(
      AccessCheck check, Purchase purchase, Function<String, List<String>> headers) {
    PaymentListener.Step step = listeners.admitting(purchase);
    String outcome = ERROR;
    try {
      Admission admission = decide(check, purchase, headers);
      if (admission instanceof Admission.Refused refused && PaymentCharges.areTaken(headers)) {
        Refusal refusal = challenged(refused.refusal(), check.challenge(), purchase);
        admission = new Admission.Refused(refusal);
      }
      outcome = outcome(admission);
      return admission;
    } finally {
      step.ended(outcome);
    }
  }

  private static String outcome(Admission admission) {
    if (admission instanceof Admission.Refused refused) {
      return switch (refused.refusal().status()) {
        case 402 -> "payment-required";
        case 503 -> UNAVAILABLE;
        default -> "refused";
      };
    }
    return admission instanceof Admission.Granted
        ? "granted"
        : admission instanceof Admission.Answered ? "repeated" : "admitted";
  }

  private Admission decide(
      AccessCheck check, Purchase purchase, Function<String, List<String>> headers) {
    try {
      Optional<Credential> credential =
          charges == null
              ? PaymentHeader.read(headers)
              : PaymentHeader.readWithAuthorization(headers);
      return credential.isPresent() && credential.get() instanceof Credential.Authorization given
          ? decideCharge(check, purchase, headers, given.token())
          : decide(check, purchase, headers, credential, null);
    } catch (MalformedPaymentException e) {
      listeners.failed(check.challenge().unsigned(), e.reason(), message(e));
      return new Admission.Refused(Refusals.malformed(e));
    } catch (RefusedChargeException e) {
      listeners.failed(check.challenge().unsigned(), e.reason(), e.detail());
      return new Admission.Refused(Refusals.problem(check.challenge(), e.problem(), e.detail()));
    }
  }

  /** A payment by the {@code Payment} HTTP scheme is the same payment, and is refused its way. */
  private Admission decideCharge(
      AccessCheck check,
      Purchase purchase,
      Function<String, List<String>> headers,
      String credential)
      throws RefusedChargeException {
    try {
      ChargePayment charge =
          ChargePayment.of(PaymentCredential.decode(credential), check.challenge().unsigned());
      Credential payment = new Credential.Payment(charge.payload());
      return decide(check, purchase, headers, Optional.of(payment), charge);
    } catch (MalformedPaymentException e) {
      throw new RefusedChargeException(PaymentProblem.MALFORMED_CREDENTIAL, e.reason(), message(e));
    }
  }

  private Admission decide(
      AccessCheck check,
      Purchase purchase,
      Function<String, List<String>> headers,
      Optional<Credential> credential,
      @Nullable ChargePayment charge)
      throws MalformedPaymentException, RefusedChargeException {
    if (inProgress.isStopping()) {
      return new Admission.Refused(whileStopping(check.challenge(), credential));
    }
    Optional<Admission> decided = check.onRequest(credential);
    if (decided.isPresent()) {
      return decided.get();
    }
    if (credential.isEmpty()) {
      return shared
          .signIns()
          .admit(check, purchase, headers)
          .orElseGet(() -> asked(check.challenge()));
    }
    if (credential.get() instanceof Credential.Payment payment) {
      Optional<Verification.Invalid> notBegun =
          charge == null || charges == null
              ? Optional.empty()
              : charges.check(charge, check.challenge().unsigned(), purchase);
      Optional<String> secret = PaymentHeader.secret(headers);
      return new PaymentAdmission(
              shared, check, purchase, payment.payload(), secret, charge, notBegun)
          .admit();
    }
    return new ReceiptAdmission(shared, acceptor, check, purchase)
        .admit(((Credential.ReceiptToken) credential.get()).token());
  }

  /** A request that brings nothing. */
  private Admission asked(Challenge challenge) {
    if (shared.facilitators().outage(challenge.unsigned().accepts()).isPresent()) {
      // No payer is asked to sign what could not be settled. The facilitator has logged why, once.
      return new Admission.Refused(Refusals.outage());
    }
    if (challenge.required().accepts().isEmpty()) { // the facilitators settle nothing of it now
      listeners.unavailable(challenge.unsigned(), "no facilitator settles what is offered");
      return new Admission.Refused(Refusals.outage());
    }
    listeners.offered(challenge.unsigned());
    return new Admission.Refused(challenge.refusal());
  }

  /** A payer that has paid already must make no other payment. */
  private Refusal whileStopping(Challenge challenge, Optional<Credential> credential) {
    listeners.unavailable(challenge.unsigned(), "the server is stopping");
    if (credential.isPresent() && credential.get() instanceof Credential.Payment payment) {
      PaymentPayload payload = payment.payload();
      return Refusals.unavailable(payload.x402Version(), payload.network(), null, Optional.empty());
    }
    return Refusals.outage();
  }

  /**
   * Moves the money of an admitted payment; does nothing if it has moved already. The payment stays
   * held only if the result is {@code Settled}.
   *
   * @return how it ended; {@code Pending} without a transaction if the chain, the facilitator or
   *     the ledger could not be reached
   */
  public Settlement settle(VerifiedPayment payment) {
    try {
      return settle(payment, false).conclude();
    } catch (FacilitatorException e) {
      throw new AssertionError("counts as pending", e);
    }
  }

  /**
   * Begins to move the money. The end is as with {@link #settle(VerifiedPayment)}.
   *
   * @param later whether the caller can wait for the outcome without this thread
   */
  SettlementInProgress settle(VerifiedPayment payment, boolean later) {
    Optional<Settlement.Settled> earlier = payment.settlement();
    if (earlier.isPresent()) {
      return SettlementInProgress.known(earlier.get());
    }
    PaymentListener.Step step = listeners.settling(payment);
    try {
      SettlementInProgress begun = engine.settle(payment, sales, later);
      return begun.then(() -> conclude(payment, begun, step));
    } catch (LedgerException e) {
      step.ended(UNAVAILABLE);
      reportUnavailable(payment, e);
      return SettlementInProgress.known(new Settlement.Pending(null));
    } catch (RuntimeException e) {
      step.ended(ERROR);
      throw e;
    }
  }

  private Settlement conclude(
      VerifiedPayment payment, SettlementInProgress begun, PaymentListener.Step step) {
    String outcome = ERROR;
    try {
      Settlement settlement = begun.conclude();
      outcome =
          settlement instanceof Settlement.Settled
              ? "settled"
              : settlement instanceof Settlement.Failed ? "failed" : "pending";
      return concluded(payment, settlement);
    } catch (FacilitatorException | LedgerException e) {
      outcome = UNAVAILABLE;
      listeners.unavailable(payment.required(), message(e));
      return new Settlement.Pending(null);
    } finally {
      step.ended(outcome);
    }
  }

  private void tellExtensionResponses(VerifiedPayment payment, Map<String, Object> responses) {
    if (!responses.isEmpty()) {
      listeners.extensionResponses(payment, responses);
    }
  }

  private Settlement concluded(VerifiedPayment payment, Settlement settlement) {
    if (settlement instanceof Settlement.Settled settled) {
      payment.markSettled(settled);
      shared.signIns().record(payment);
      listeners.settled(payment, settled);
      tellExtensionResponses(payment, settled.extensionResponses());
    } else if (settlement instanceof Settlement.Failed failed) {
      freeName(payment);
      listeners.failed(payment, failed.reason(), failed.detail());
    } else if (settlement instanceof Settlement.Pending pending) {
      listeners.pending(payment, pending);
    }
    return settlement;
  }

  /**
   * Records that the settled payment has bought its delivery. Call it before the first byte goes
   * out.
   *
   * @throws LedgerException if it is not certain that this was recorded, or another process has
   *     taken the payment over. Nothing may be delivered then; the payer may send the same payment
   *     again
   */
  public void delivered(VerifiedPayment payment) {
    recordDelivery(payment);
    Optional<NamedPayment> named = payment.named();
    if (identifiers != null && named.isPresent()) {
      identifiers.notKept(named.get());
    }
  }

  /** The same for an answer that {@link #send} will keep. */
  void recordDelivery(VerifiedPayment payment) {
    engine.delivered(payment, sales);
  }

  /**
   * Takes the recorded delivery of a payment back that did not reach the client in full: the
   * connection broke, or the response could not be sent. The payer may send the same payment again
   * for the same request then, {@value PaymentLedger#MAX_DELIVERIES} times in all; later calls for
   * this admission do nothing. A ledger that does not answer is reported to the listeners. {@link
   * #sell} calls this itself.
   *
   * @return whether it can be fetched again; false also if this admission has recorded no delivery
   */
  public boolean takeBack(VerifiedPayment payment) {
    try {
      boolean takenBack = engine.takeBack(payment);
      Optional<Settlement.Settled> settled = payment.settlement();
      if (takenBack && settled.isPresent() && payment.receipt().isEmpty()) {
        sales.undelivered(payment);
        listeners.undelivered(payment, settled.get());
      }
      return takenBack;
    } catch (LedgerException e) { // that the delivery broke off is what the caller reports
      listeners.unavailable(payment.required(), message(e));
      return false;
    }
  }

  /**
   * Releases a payment whose handler failed. If the money has not moved, the payer has paid
   * nothing. Otherwise the payer may send the same payment again for the same request, and gets its
   * delivery then. A use of a receipt is given back. Each authorization counts once against its
   * payer's failure budget, unless the money has moved.
   */
  public void release(VerifiedPayment payment) {
    shared.failures().undelivered(payment);
    Optional<Settlement.Settled> settled = payment.settlement();
    if (settled.isEmpty()) {
      freeName(payment);
    }
    try {
      engine.release(payment);
      if (settled.isPresent() && payment.receipt().isEmpty()) {
        sales.undelivered(payment);
        listeners.undelivered(payment, settled.get());
      }
    } catch (LedgerException e) { // the handler's failure is what the client is to hear of
      listeners.unavailable(payment.required(), message(e));
    }
  }

  private void freeName(VerifiedPayment payment) {
    Optional<NamedPayment> named = payment.named();
    if (identifiers != null && named.isPresent()) {
      identifiers.free(named.get());
    }
  }

  /**
   * Returns the headers for the payer of a settled payment: the settlement and, if receipts are
   * issued, the receipt.
   *
   * @throws IllegalStateException if it has not been settled
   */
  public Map<String, String> receipt(VerifiedPayment payment) {
    Settlement.Settled settled =
        payment
            .settlement()
            .orElseThrow(() -> new IllegalStateException("the payment has not been settled"));
    return paidHeaders.of(payment, settled);
  }

  /** Returns the answer for a payment that was admitted and then not settled. */
  public Refusal refuse(Challenge challenge, VerifiedPayment payment, Settlement settlement) {
    Network network = payment.requirements().network();
    if (settlement instanceof Settlement.Failed failed) {
      Refusal refusal =
          payment.challengeId().isPresent()
              ? Refusals.problem(challenge, failed.reason())
              : Refusals.refused(
                  challenge, payment.x402Version(), network, payment.payer(), failed.reason());
      return challenged(refusal, challenge, payment.purchase());
    }
    if (settlement instanceof Settlement.Pending pending) {
      return Refusals.unavailable(
          payment.x402Version(), network, payment.payer(), pending.transaction());
    }
    throw new IllegalArgumentException("a settled payment is not refused");
  }

  /** Returns the 402 for a request that brings no payment, and would buy this with one. */
  public Refusal refusal(Challenge challenge, Purchase purchase) {
    return challenged(challenge.refusal(), challenge, purchase);
  }

  /** Adds what the {@code Payment} HTTP scheme asks for, where it is switched on. */
  private Refusal challenged(Refusal refusal, Challenge challenge, Purchase purchase) {
    return charges == null
        ? refusal
        : charges.challenged(refusal, challenge.settleable(), purchase);
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }

  /** Collects what a gate needs. Not safe for use by several threads. */
  public static final class Builder extends EngineBuilder<Builder> {
    private @Nullable ReceiptAcceptor acceptor;
    private @Nullable ReceiptSource receipts;
    private @Nullable OfferReceiptSigner statements;
    private Duration offerValidity = DEFAULT_OFFER_VALIDITY;
    private boolean olderHeader;
    private @Nullable ChallengeSecrets secrets;
    private @Nullable PaymentIdentifiers identifiers;
    private @Nullable SalesBook salesBook;
    private @Nullable SignInStore signInStore;
    private @Nullable String signInStatement;
    private final List<AccessHook> hooks = new ArrayList<>();
    private Duration accessTimeout = AccessHook.DEFAULT_TIMEOUT;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets where sales are recorded. Default: in memory, the last {@value
     * InMemorySalesBook#DEFAULT_CAPACITY}.
     */
    public Builder salesBook(SalesBook newBook) {
      salesBook = newBook;
      return this;
    }

    private SalesBook salesBook() {
      return salesBook == null ? InMemorySalesBook.create() : salesBook;
    }

    /**
     * Sets where purchases are remembered for which payers may sign in, and the sign-ins that were
     * used. Default: in memory, the last {@value InMemorySignInStore#DEFAULT_CAPACITY} purchases.
     */
    public Builder signInStore(SignInStore newStore) {
      signInStore = newStore;
      return this;
    }

    private SignInStore signInStore() {
      return signInStore == null ? InMemorySignInStore.create() : signInStore;
    }

    /**
     * Sets what a wallet shows to people before they sign in. Default: nothing.
     *
     * @param statement 1 to 500 printable ASCII characters; {@link #build} checks it
     */
    public Builder signInStatement(String statement) {
      signInStatement = statement;
      return this;
    }

    /**
     * Adds a hook that grants, refuses or chooses the recipient. Hooks are asked in this order.
     * Default: everybody pays.
     */
    public Builder access(AccessHook hook) {
      hooks.add(hook);
      return this;
    }

    /**
     * Sets how long all hooks together may take for a decision: 1 ms to 30 s. Default: 2 s. After
     * that the request gets a 503.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder accessTimeout(Duration timeout) {
      if (timeout.compareTo(Duration.ofMillis(1)) < 0
          || timeout.compareTo(Duration.ofSeconds(30)) > 0) {
        throw new IllegalArgumentException(
            "accessTimeout: expected 1 ms to 30 s, found " + timeout);
      }
      accessTimeout = timeout;
      return this;
    }

    /**
     * Accepts receipts in {@code X-PAYMENT} and {@code X-Payment-Receipt}. Default: none are
     * accepted.
     */
    public Builder acceptReceipts(ReceiptAcceptor newAcceptor) {
      acceptor = newAcceptor;
      return this;
    }

    /** Issues a receipt with every settled payment. Default: none. */
    public Builder issueReceipts(ReceiptSource source) {
      receipts = source;
      return this;
    }

    /**
     * Signs offer and receipt statements of the {@code offer-receipt} extension. Default: off.
     * Offers are valid for {@link PaymentGate#DEFAULT_OFFER_VALIDITY}.
     */
    public Builder signOffers(OfferReceiptSigner signer) {
      return signOffers(signer, DEFAULT_OFFER_VALIDITY);
    }

    /**
     * Signs offer and receipt statements.
     *
     * @param validity from the signature to {@code validUntil}: whole seconds, 10 s to 30 days.
     *     Offers are signed again after half of it, so a client has at least the other half
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder signOffers(OfferReceiptSigner signer, Duration validity) {
      offerValidity = OfferReceipts.requireValidity(validity);
      statements = signer;
      return this;
    }

    /**
     * Lets payers give their payments an identifier. Default: off. {@link SaleTransport#copy}
     * returns the answer to keep, {@link SaleTransport#repeat} sends it again.
     */
    public Builder paymentIdentifiers(PaymentIdentifiers newIdentifiers) {
      identifiers = newIdentifiers;
      return this;
    }

    /**
     * Sells for the {@code Payment} HTTP scheme (MPP), too: a 402 asks for an {@code evm} charge in
     * {@code WWW-Authenticate} for each EIP-3009 transfer that it offers, and {@code Authorization:
     * Payment} brings a payment. Default: off, and that header is none of the gate's.
     *
     * @param newSecrets shared by all servers of the webapp
     */
    public Builder mpp(ChallengeSecrets newSecrets) {
      secrets = newSecrets;
      return this;
    }

    /**
     * Repeats the descriptor in the {@code X-Payment-Required} header of a 402, for agents that
     * know the older name. Default: off.
     */
    public Builder olderRequiredHeader() {
      olderHeader = true;
      return this;
    }

    /**
     * Returns the gate.
     *
     * @throws IllegalStateException if there is no facilitator
     */
    public PaymentGate build() {
      return new PaymentGate(this);
    }
  }
}
