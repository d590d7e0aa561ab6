// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Hashes;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import io.github.x402j.Token;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.Offer;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.client.wallet.RequestToPay;
import io.github.x402j.client.wallet.SpendingPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pays out of a wallet over a transport that the caller owns: an HTTP client of any make ({@link
 * #buy}), or something else than HTTP 402, such as MCP ({@link #pay}). The adapters for Spring and
 * OkHttp are built on the first.
 *
 * <p>With {@code pay}, the caller takes the descriptor from a server's answer, sends the payment,
 * and reports the outcome here.
 *
 * <pre>{@code
 * Payer payer = Payer.of(wallet, Usdc.BASE);
 * Payment payment = payer.pay(server, "mcp://tool/forecast", descriptor); // or throws
 * // send payment.secretJson() and payment.resumptionSecret(), and then call exactly one of
 * payer.delivered(payment, settlement);
 * payer.refused(payment, settlement);
 * payer.unknown(payment, "timeout"); // another may follow when the same payment is sent again
 * payer.neverSent(payment, "cancelled before it was sent");
 * }</pre>
 *
 * <p>The wallet keeps its promises: its rules decide, the amount is reserved in the journal before
 * anything is signed, and it is free again only when the payment can no longer be settled. A
 * payment whose outcome is not reported stays reserved until {@link AgentWallet#reconcile} reads it
 * from the chain. A payment whose outcome is unknown is sent again as it is; {@link #pay} would
 * make another.
 *
 * <p>Rules about hosts see the host of the server that the caller talks to, whatever the descriptor
 * says; rules about methods see {@value #METHOD}. What is signed, and for how long, is as in {@link
 * PayingHttpClient}.
 *
 * <p>Immutable, and safe for use by several threads. The methods wait for the journal, and {@code
 * pay} also for the signer and for people who are asked.
 */
public final class Payer {
  /** The method that rules and the journal see. */
  public static final String METHOD = "POST";

  /** The longest body that can be a descriptor: 64 KiB. */
  public static final int MAX_DESCRIPTOR_BYTES = PeekedBody.MAX_BYTES;

  private final AgentWallet wallet;
  private final List<Token> tokens;
  private final List<SpendingPolicy> policies;
  private final RetryPolicy retries;
  private final boolean clientRepeats;
  private final @Nullable String task;
  private final @Nullable PendingPayments pending;
  private final Payment.Identifiers identifiers;
  private final WalletPayments payments;
  private final OfferSelection selection;

  private Payer(
      AgentWallet wallet,
      List<Token> tokens,
      List<SpendingPolicy> policies,
      RetryPolicy retries,
      boolean clientRepeats,
      @Nullable String task,
      @Nullable PendingPayments pending,
      Payment.Identifiers identifiers) {
    this.wallet = wallet;
    this.tokens = List.copyOf(tokens);
    this.policies = List.copyOf(policies);
    this.retries = retries;
    this.clientRepeats = clientRepeats;
    this.task = task;
    this.pending = pending;
    this.identifiers = identifiers;
    WalletPayments untagged =
        new WalletPayments(PaymentSigner.of(wallet, policies), pending, identifiers);
    this.payments = task == null ? untagged : untagged.forTask(task);
    this.selection = new OfferSelection(tokens, false);
  }

  /**
   * Returns a payer for the wallet.
   *
   * @param tokens the tokens to pay with, at least one; the first that a seller takes is used
   * @throws IllegalArgumentException if there is none, or a contract is given twice
   */
  public static Payer of(AgentWallet wallet, Token... tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException(
          "token: missing; name the token to pay with, such as Usdc.BASE");
    }
    List<Token> all = List.of();
    for (Token token : tokens) {
      all = OfferSelection.withToken(all, token);
    }
    return new Payer(
        wallet,
        all,
        List.of(),
        RetryPolicy.of(PayingHttpClient.RESEND_TIMES, PayingHttpClient.RESEND_WITHIN),
        false,
        null,
        null,
        Payment.Identifiers.ALL);
  }

  /**
   * Returns this payer for the requests of a task, as {@link PayingHttpClient#forTask} does.
   *
   * @throws IllegalArgumentException if the task is not 1 to 200 characters without control
   *     characters
   */
  public Payer forTask(String task) {
    return new Payer(wallet, tokens, policies, retries, clientRepeats, task, pending, identifiers);
  }

  /** Returns this payer with more rules, which apply together with the wallet's own. */
  public Payer with(SpendingPolicy policy) {
    List<SpendingPolicy> more = new ArrayList<>(policies);
    more.add(policy);
    return new Payer(wallet, tokens, more, retries, clientRepeats, task, pending, identifiers);
  }

  /**
   * Returns this payer with another limit for a {@link Purchase}: how often and how long its
   * payment is sent again while the outcome is unknown. Default: as for {@link PayingHttpClient}.
   *
   * @param times at least 0, not counting the first sending
   * @param within how long after the first sending the last may begin, at least zero
   * @throws IllegalArgumentException if one is negative
   */
  public Payer resend(int times, Duration within) {
    return retries(RetryPolicy.of(times, within));
  }

  Payer retries(RetryPolicy policy) {
    return new Payer(wallet, tokens, policies, policy, clientRepeats, task, pending, identifiers);
  }

  /**
   * Returns this payer for an HTTP client that repeats a request by itself when a connection
   * breaks, without telling. A 402 that answers a payment is then no refusal: it may be the echo of
   * a settlement. The purchase ends with {@link PaymentPendingException}.
   */
  public Payer overClientThatRepeats() {
    return new Payer(wallet, tokens, policies, retries, true, task, pending, identifiers);
  }

  /**
   * Returns this payer with a place where the payments of {@link #buy} are kept from before they
   * are sent until their outcome is known, as {@link PayingHttpClient.Builder#pending} does, if the
   * client tells {@linkplain Answer402#toRequest all of a request}. Default: none is kept.
   */
  public Payer pending(PendingPayments store) {
    return new Payer(wallet, tokens, policies, retries, clientRepeats, task, store, identifiers);
  }

  /**
   * Returns this payer with an identifier in a payment only where the seller requires one, as
   * {@link PayingHttpClient.Builder#onlyRequiredIdentifiers} does.
   */
  public Payer onlyRequiredIdentifiers() {
    return new Payer(
        wallet,
        tokens,
        policies,
        retries,
        clientRepeats,
        task,
        pending,
        Payment.Identifiers.REQUIRED);
  }

  /**
   * Returns the purchase that an HTTP answer with status 402 asks for, its payment signed and its
   * amount reserved. Empty if the answer has no descriptor: it is then the caller's, like any
   * other. The rules are those of {@link PayingHttpClient}.
   *
   * @throws PaymentDeclinedException if the payment is not allowed; nothing was signed
   * @throws IOException if the body, or the journal, cannot be read or written; nothing is to be
   *     sent
   * @throws IllegalArgumentException if the URL is not an HTTP URL with a host
   */
  public Optional<Purchase> buy(Answer402 answer) throws IOException {
    HttpRequest unpaid = answer.request();
    URI requested = unpaid.uri();
    String requestId = payments.newRequestId();
    List<Offer> offers;
    try {
      Optional<PaymentDemand> demand = answer.demand();
      if (demand.isEmpty()) {
        return Optional.empty();
      }
      answer.requireSafe();
      offers = selection.inOrder(requested, demand.get());
    } catch (PaymentDeclinedException e) {
      throw payments.declined(requestId, unpaid.method(), requested, e);
    } catch (MalformedPaymentException e) {
      throw payments.declined(
          requestId, unpaid.method(), requested, PaymentDeclinedException.unreadable(requested, e));
    }
    Payment payment =
        payments.pay(
            new RequestToPay(requestId, unpaid.method(), requested, answer.fingerprint()),
            offers,
            () -> false);
    if (answer.isWhole()) {
      payments.keep(unpaid, payment, Instant.now());
    }
    return Optional.of(purchase(unpaid, payment, false));
  }

  /**
   * Returns the headers that sign in, in place of a payment, for a request that the wallet's
   * journal has as paid and settled. Empty if it has not, or the answer offers no sign-in that is
   * for the server alone. If the request with these headers gets a 402 again, {@link #buy} that.
   * Secret: not for logs.
   *
   * @throws IOException if the journal cannot be read
   */
  public Map<String, String> signIn(Answer402 answer) throws IOException {
    HttpRequest unpaid = answer.request();
    try {
      Optional<PaymentDemand> demand = answer.demandInHeader().filter(SignInOffer::isIn);
      String fingerprint = answer.fingerprint();
      if (demand.isEmpty() || fingerprint == null) {
        return Map.of();
      }
      answer.requireSafe();
      return payments
          .signIn(
              new RequestToPay(payments.newRequestId(), unpaid.method(), unpaid.uri(), fingerprint),
              demand.get(),
              selection.networks())
          .map(header -> Map.of(PaymentHeader.SIGN_IN_WITH_X, header))
          .orElse(Map.of());
    } catch (PaymentDeclinedException | MalformedPaymentException e) { // so says buy
      return Map.of();
    }
  }

  /**
   * Returns the purchase of a payment whose outcome is not known, to be sent again with the same
   * request. No other payment is made.
   *
   * @throws IllegalArgumentException if the exception was serialised and has lost its payment
   */
  public Purchase resume(PaymentPendingException pending) {
    if (pending.request() == null || pending.payment() == null) {
      throw new IllegalArgumentException("pending: its payment was lost when it was serialised");
    }
    return purchase(pending.request(), pending.payment(), true);
  }

  private Purchase purchase(HttpRequest unpaid, Payment payment, boolean sentBefore) {
    return new Purchase(
        payments, retries, Clock.systemUTC(), unpaid, payment, sentBefore, clientRepeats);
  }

  /**
   * Returns a new payment for what a server asks, its amount reserved. The payment must be sent to
   * that server only.
   *
   * @param server the HTTP URL that the caller talks to; its host is what rules see
   * @param resource the name of what the caller asked for, as the transport forms it; a descriptor
   *     of something else is declined
   * @param descriptor the {@code PaymentRequired} that the server answered with, as JSON text, of
   *     version 1 or 2. Nothing in it is trusted
   * @throws PaymentDeclinedException if a rule does not allow the payment, the descriptor cannot be
   *     read or is for something else, or the connection to the server is neither HTTPS nor
   *     loopback; nothing was signed
   * @throws IOException if the journal cannot be read or written; nothing is to be sent
   * @throws IllegalArgumentException if the server's URL is not an HTTP URL with a host
   */
  public Payment pay(URI server, String resource, String descriptor) throws IOException {
    return pay(server, resource, null, descriptor);
  }

  /**
   * Returns a new payment for what a server asks, its amount reserved, and declines a second one
   * for a request whose first has no known outcome; see {@link SpendingPolicy#unresolvedFor}.
   *
   * @param request what tells this request from others for the resource, such as its arguments as
   *     text; the journal has only its hash. Null if the caller cannot tell
   * @throws PaymentDeclinedException as the other method does
   * @throws IOException if the journal cannot be read or written; nothing is to be sent
   * @throws IllegalArgumentException if the server's URL is not an HTTP URL with a host
   */
  public Payment pay(URI server, String resource, @Nullable String request, String descriptor)
      throws IOException {
    if (Origin.of(server).isEmpty()) {
      throw new IllegalArgumentException("server: expected an HTTP URL with a host");
    }
    String requestId = payments.newRequestId();
    List<Offer> offers;
    try {
      Origin.requireConfidential(server);
      offers = selection.inOrderFor(server, resource, demand(server, resource, descriptor));
    } catch (PaymentDeclinedException e) {
      throw payments.declined(requestId, METHOD, server, e);
    }
    String fingerprint =
        request == null
            ? null
            : HexFormat.of()
                .formatHex(Hashes.sha256(METHOD + " " + server + " " + resource + " " + request));
    return payments.pay(
        new RequestToPay(requestId, METHOD, server, fingerprint), offers, () -> false);
  }

  /**
   * Requires that the payment may leave now. Call it right before each sending, also before one
   * that repeats another: when {@link AgentWallet#revoke()} has returned, nothing may leave any
   * more.
   *
   * @param server as in {@link #pay}
   * @throws PaymentDeclinedException if the wallet was revoked; nothing is to be sent
   */
  public void requireNotRevoked(URI server, Payment payment) throws PaymentDeclinedException {
    if (wallet.isRevoked()) {
      throw PaymentDeclinedException.revoked(server, payment);
    }
  }

  /**
   * Records that what was paid for has come. Returns the payment with the seller's settlement.
   *
   * @param settlement the {@code SettlementResponse} that came with it, as JSON text; null if none
   *     did. One that cannot be read counts as none
   */
  public Payment delivered(Payment payment, @Nullable String settlement) {
    Payment answered = payment.answered(settlement);
    payments.answered(answered, true, "a result", Map.of());
    return answered;
  }

  /**
   * Records that the seller answered, but not with what was paid for. After a sending whose answer
   * was lost, call {@link #unknown} instead: the refusal may be the echo of a settlement. Returns
   * the payment with the seller's settlement. The amount stays reserved, because the seller has the
   * signature, unless the wallet {@linkplain AgentWallet.Builder#trustRefusals() trusts refusals}.
   *
   * @param settlement as in {@link #delivered}
   */
  public Payment refused(Payment payment, @Nullable String settlement) {
    Payment answered = payment.answered(settlement);
    payments.answered(answered, false, "an error", Map.of());
    return answered;
  }

  /**
   * Returns whether the text says that this payment was settled. Records nothing.
   *
   * @param settlement as in {@link #delivered}
   */
  public boolean saysSettled(Payment payment, @Nullable String settlement) {
    return payment.answered(settlement).settled();
  }

  /**
   * Records that no final answer came. The amount stays reserved. The same payment may be sent
   * again until {@link Payment#validBefore()}, and the outcome of that recorded.
   *
   * @param why text for the journal, in the caller's own words
   */
  public void unknown(Payment payment, String why) {
    payments.pending(payment, why);
  }

  /**
   * Records that the payment never left this process, and frees its amount. If it did leave, the
   * wallet can be overdrawn by it: when in doubt, call {@link #unknown}. A {@code ConnectException}
   * of the JDK's client is no proof: it may come after the payment was sent over a connection that
   * broke.
   *
   * @param why as in {@link #unknown}
   */
  public void neverSent(Payment payment, String why) {
    payments.neverSent(payment, why);
  }

  private static PaymentDemand demand(URI server, String resource, String descriptor)
      throws PaymentDeclinedException {
    try {
      Optional<PaymentDemand> demand =
          descriptor.length() > PeekedBody.MAX_BYTES
              ? Optional.empty()
              : PaymentDemand.inBody(descriptor.getBytes(UTF_8), resource);
      return demand.orElseThrow(
          () ->
              new MalformedPaymentException(
                  "no descriptor of at most " + PeekedBody.MAX_BYTES + " characters"));
    } catch (MalformedPaymentException e) {
      throw PaymentDeclinedException.unreadable(server, e);
    }
  }

  @Override
  public String toString() {
    return "Payer[" + wallet + "]";
  }
}
