// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.Objects.requireNonNull;

import io.github.x402j.Token;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * An {@link HttpClient} that pays when a server answers {@code 402 Payment Required}: once per
 * request, up to a limit, in the tokens that it was given.
 *
 * <pre>{@code
 * HttpClient client =
 *     PayingHttpClient.over(HttpClient.newHttpClient())
 *         .signer(EvmSigner.fromEnvironment("AGENT_KEY"))
 *         .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
 *         .token(Usdc.BASE)
 *         .build();
 * HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
 * Optional<Payment> paid = Payment.of(response);
 * }</pre>
 *
 * <p><b>What is paid.</b> A 402 with a descriptor of version 2 (header) or 1 (body). Of the offers
 * in the caller's tokens that all rules allow, the client takes the cheapest in the first token
 * that has one. The authorization begins {@link PaymentSigner#BACKDATING} ago and lasts as long as
 * the seller asks for, at most {@link PaymentSigner#MAX_WINDOW}. The request is sent again with the
 * payment. The caller gets the answer to that, even if it is a second 402.
 *
 * <p><b>What is declined</b> with {@link PaymentDeclinedException}, before anything is signed:
 *
 * <ul>
 *   <li>what a rule of the caller does not allow;
 *   <li>a 402 after a redirect to another origin;
 *   <li>plain HTTP, except to a loopback address;
 *   <li>a descriptor for a resource of another origin (see {@link
 *       Builder#allowResourceOfSameHost});
 *   <li>a descriptor with another EIP-712 domain than the caller's token has;
 *   <li>a descriptor that cannot be read.
 * </ul>
 *
 * <p>A 402 without a descriptor is an ordinary response.
 *
 * <p><b>What was paid for before</b> is not paid for again where the server offers a sign-in: see
 * {@link Builder#withoutSignIn}.
 *
 * <p><b>Unknown outcomes.</b> If the answer to a payment is lost (timeout, connection, 502, 504) or
 * is a 503, the same request is sent again with the same payment. The pauses grow, and respect
 * {@code Retry-After} up to a minute. A second payment is never made. If the outcome stays unknown,
 * {@link PaymentPendingException} carries the payment, to be {@link #resend resent} later. A
 * request that is cancelled or interrupted after its payment was sent may have been paid; {@code
 * send} adds the {@code PaymentPendingException} to the {@link InterruptedException} as suppressed.
 *
 * <p><b>Timeout.</b> The timeout of a request is for all that is done for it until the headers of
 * the final answer are there: the 402, approvals, the signature, all sendings of the payment. When
 * it is over before a payment has left, {@link java.net.http.HttpTimeoutException} is thrown and
 * nothing is paid; after that, {@code PaymentPendingException}.
 *
 * <p><b>Exceptions.</b> {@link PaymentException} is no {@code IOException}, so nothing that repeats
 * a request after one pays again. Failures of the connection and of body handlers arrive as they do
 * from the wrapped client. If one comes after a payment has left, the {@code
 * PaymentPendingException} is added as suppressed.
 *
 * <p><b>Bodies.</b> A body publisher must give the same body each time, because a request that is
 * paid for is sent at least twice. Before paying, the client takes the body again and compares it.
 * A body that differs, such as that of a stream which can be read once, is declined.
 *
 * <p><b>Redirects.</b> Requests without a payment follow redirects as the wrapped client does.
 * Requests with a payment follow none, because the JDK's client would send the payment to any host;
 * the redirect is the caller's response. If the wrapped client follows redirects, requests with a
 * payment are sent over a {@linkplain Builder#paidRequestsOver second client}. All else goes over
 * the wrapped client.
 *
 * <p>Safe for use by several threads. {@code sendAsync} blocks no thread, unless the signer does.
 * Many clients can share a wrapped one: building one starts no thread, and closing one, which works
 * on each version of Java, leaves the wrapped one open.
 */
public final class PayingHttpClient extends ForwardingHttpClient {
  /** How often a payment with an unknown outcome is sent again by default: 12 times. */
  public static final int RESEND_TIMES = 12;

  /**
   * How long a payment with an unknown outcome is sent again by default: 90 s. A seller that was
   * killed delivers once its lease has run out, by default after 30 s.
   */
  public static final Duration RESEND_WITHIN = Duration.ofSeconds(90);

  private final Transport transport;
  private final OfferSelection selection;
  private final WalletPayments payments;

  private PayingHttpClient(
      Transport transport,
      OfferSelection selection,
      WalletPayments payments,
      RunningCalls running) {
    super(transport.wrapped(), running);
    this.transport = transport;
    this.selection = selection;
    this.payments = payments;
  }

  /**
   * Returns this client for the requests of a task. The journal names the task with each payment,
   * so that {@code x402 spend --task} finds them. The two clients share everything: connections,
   * wallet, receipts. Closing the one for the task leaves this one open; closing this one closes
   * both.
   *
   * @param task 1 to 200 characters, none of them a control character: the name of what the agent
   *     is at, or tags in a form of the caller's
   * @throws IllegalArgumentException if it is anything else
   */
  public PayingHttpClient forTask(String task) {
    return new PayingHttpClient(transport, selection, payments.forTask(task), running.ofTask());
  }

  /**
   * Begins a client that sends its requests over another.
   *
   * @throws IllegalArgumentException if the other one pays, too
   */
  public static Builder over(HttpClient wrapped) {
    if (requireNonNull(wrapped) instanceof PayingHttpClient) {
      throw new IllegalArgumentException(
          "wrapped: found a client that pays; two of them would pay twice for one request");
    }
    return new Builder(wrapped);
  }

  /**
   * Sends the request, pays for it if the server asks for that, and returns the answer.
   *
   * @throws PaymentDeclinedException if the server asks for a payment that is not allowed
   * @throws PaymentPendingException if a payment was sent and its outcome is not known
   * @throws IllegalArgumentException if the request already carries a payment
   */
  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> bodyHandler)
      throws IOException, InterruptedException {
    PayingCall<T> call = call(request, bodyHandler, null);
    return await(call, running.run(call, call::start));
  }

  /**
   * Does what {@link #send} does, without waiting. The future fails with the exceptions that {@code
   * send} throws, or with what the JDK's client wraps in them.
   *
   * <p>{@code cancel(true)} of the future, or of one that is derived from it, cancels the exchange
   * under way, and nothing is signed or sent after that. A payment that has left stays pending in
   * the journal.
   */
  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> bodyHandler) {
    return sendAsync(request, bodyHandler, null);
  }

  /** Does what {@link #sendAsync(HttpRequest, BodyHandler)} does. Pushes are not paid for. */
  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request,
      BodyHandler<T> bodyHandler,
      @Nullable PushPromiseHandler<T> pushPromiseHandler) {
    PayingCall<T> call = call(request, bodyHandler, pushPromiseHandler);
    return running.run(call, call::start);
  }

  /**
   * Sends a request again with the payment that was made for it, and returns the answer. Never
   * makes another payment.
   *
   * @throws PaymentPendingException if the outcome is still not known
   * @throws IllegalArgumentException if the exception was serialised and has lost its payment
   * @throws InterruptedException if the thread is interrupted; the outcome is then not known
   */
  public <T> HttpResponse<T> resend(PaymentPendingException pending, BodyHandler<T> bodyHandler)
      throws IOException, InterruptedException {
    PayingCall<T> call = callOf(pending, bodyHandler);
    return await(call, running.run(call, () -> call.resume(pending.payment())));
  }

  /**
   * Sends a request again with a payment that was {@linkplain Builder#pending kept}, by this
   * process or another, and returns the answer. Never makes another payment. The wallet must be the
   * one that paid; it needs no key for this.
   *
   * @throws PaymentPendingException if the outcome is still not known
   * @throws IllegalArgumentException if another agent's wallet paid
   * @throws InterruptedException if the thread is interrupted; the outcome is then not known
   */
  public <T> HttpResponse<T> resend(PendingPayment pending, BodyHandler<T> bodyHandler)
      throws IOException, InterruptedException {
    if (!pending.agent().equals(payments.agent())) {
      throw new IllegalArgumentException(
          "pending: expected a payment of " + payments.agent() + ", found " + pending.agent());
    }
    PayingCall<T> call = call(pending.request(), bodyHandler, null);
    return await(call, running.run(call, () -> call.resume(pending.payment())));
  }

  /** Does what {@link #resend} does, without waiting. */
  public <T> CompletableFuture<HttpResponse<T>> resendAsync(
      PaymentPendingException pending, BodyHandler<T> bodyHandler) {
    PayingCall<T> call = callOf(pending, bodyHandler);
    return running.run(call, () -> call.resume(pending.payment()));
  }

  /**
   * Sends the request without a payment and signs the payment that the server asks for, under the
   * same rules and checks as {@link #send}, but does not send it. {@link Payment#of} the returned
   * answer is the payment, for a program that sends it itself; empty if the server asks for none.
   * The journal has it as pending: whoever holds it can have it settled.
   *
   * @throws PaymentDeclinedException if the server asks for a payment that is not allowed
   * @throws IllegalArgumentException if the request already carries a payment
   */
  public HttpResponse<Void> sign(HttpRequest request) throws IOException, InterruptedException {
    PayingCall<Void> call = call(request, HttpResponse.BodyHandlers.discarding(), null);
    return await(call, running.run(call, call::sign));
  }

  private <T> PayingCall<T> callOf(PaymentPendingException pending, BodyHandler<T> bodyHandler) {
    if (pending.request() == null || pending.payment() == null) {
      throw new IllegalArgumentException("pending: its payment was lost when it was serialised");
    }
    return call(pending.request(), bodyHandler, null);
  }

  private <T> PayingCall<T> call(
      HttpRequest request,
      BodyHandler<T> bodyHandler,
      @Nullable PushPromiseHandler<T> pushPromiseHandler) {
    return new PayingCall<>(
        transport, selection, payments, request, requireNonNull(bodyHandler), pushPromiseHandler);
  }

  private static <T> HttpResponse<T> await(
      PayingCall<T> call, CompletableFuture<HttpResponse<T>> future)
      throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      call.stop("interrupted", null).ifPresent(e::addSuppressed);
      future.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      Throwable cause = CancellableCall.unwrapped(e);
      if (call.isSendingFailure(cause)) {
        throw JdkFailures.ofSend(cause);
      }
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error failure) {
        throw failure;
      }
      throw new IOException(cause);
    }
  }

  @Override
  public String toString() {
    return "PayingHttpClient[" + transport.wrapped() + "]";
  }

  /**
   * Makes a {@link PayingHttpClient}. What may be spent, in which tokens and with which key has no
   * default. Not safe for use by several threads.
   */
  public static final class Builder {
    private final HttpClient wrapped;
    private List<Token> tokens = List.of();
    private @Nullable EvmSigner signer;
    private @Nullable SpendingPolicy policy;
    private @Nullable AgentWallet wallet;
    private @Nullable HttpClient paidRequests;
    private boolean sameHostSuffices;
    private Duration descriptorWithin = PeekedBody.MAX_TIME;
    private Clock clock = Clock.systemUTC();
    private SecureRandom random = new SecureRandom();
    private @Nullable ReceiptStore receipts;
    private @Nullable PendingPayments pending;
    private Payment.Identifiers identifiers = Payment.Identifiers.ALL;
    private boolean signsIn = true;
    private RetryPolicy retries =
        RetryPolicy.of(PayingHttpClient.RESEND_TIMES, PayingHttpClient.RESEND_WITHIN);

    Builder(HttpClient wrapped) {
      this.wrapped = wrapped;
    }

    /**
     * Sets the account whose money is spent, within the policy. Mandatory unless a wallet is set.
     */
    public Builder signer(EvmSigner signer) {
      this.signer = signer;
      return this;
    }

    /**
     * Sets what may be paid. Mandatory with a signer. With a wallet it applies together with the
     * wallet's rules. Default: none.
     */
    public Builder policy(SpendingPolicy policy) {
      this.policy = policy;
      return this;
    }

    /** Sets the wallet that pays, instead of a signer. Several clients may share one. */
    public Builder wallet(AgentWallet wallet) {
      this.wallet = wallet;
      return this;
    }

    /**
     * Sets the client for requests with a payment. It must follow no redirects. Several clients may
     * share one. Needed only if the wrapped client follows redirects and is not the JDK's own but
     * one around it, which adds headers or traces. Default: the wrapped client if it follows no
     * redirects, else one with the same settings.
     */
    public Builder paidRequestsOver(HttpClient client) {
      this.paidRequests = requireNonNull(client);
      return this;
    }

    /**
     * Also pays for a resource whose URL has another scheme, or no port, if its host is the one
     * that was asked. Some sellers behind a proxy that ends TLS know neither. Default: the resource
     * must have the origin that was asked.
     */
    public Builder allowResourceOfSameHost() {
      this.sameHostSuffices = true;
      return this;
    }

    /**
     * Adds a token to pay with. At least one is mandatory. The first that a seller takes is used.
     *
     * <p>A seller's option is in this token if it names the same chain and contract. The seller's
     * name for the token does not count, but an option with another EIP-712 name or version is
     * declined.
     *
     * @throws IllegalArgumentException if the contract was added before
     */
    public Builder token(Token token) {
      tokens = OfferSelection.withToken(tokens, token);
      return this;
    }

    /**
     * Sets how often and how long a payment is sent again while its outcome is unknown. Default:
     * {@value PayingHttpClient#RESEND_TIMES} times within 90 s.
     *
     * @param times at least 0, not counting the first attempt
     * @param within how long after the first attempt the last may begin, at least zero
     * @throws IllegalArgumentException if one is negative
     */
    public Builder resend(int times, Duration within) {
      return retries(RetryPolicy.of(times, within));
    }

    Builder retries(RetryPolicy policy) {
      this.retries = policy;
      return this;
    }

    Builder descriptorWithin(Duration time) {
      this.descriptorWithin = time;
      return this;
    }

    /**
     * Sets the store for the receipts that sellers hand out. The client shows them instead of
     * paying if they cover a request. Default: no receipts are kept.
     */
    public Builder receipts(ReceiptStore store) {
      this.receipts = store;
      return this;
    }

    /**
     * Sets where payments are kept from before they are sent until their outcome is known, so that
     * they can be sent again after this process has ended. Default: they are kept in {@link
     * PaymentPendingException} only.
     */
    public Builder pending(PendingPayments store) {
      this.pending = store;
      return this;
    }

    /**
     * Gives a payment an identifier ({@code payment-identifier} extension) only where the seller
     * requires one. Default: wherever the seller takes one, so that it keeps the answer for when
     * the payment is sent again.
     */
    public Builder onlyRequiredIdentifiers() {
      this.identifiers = Payment.Identifiers.REQUIRED;
      return this;
    }

    /**
     * Pays again, always. Default: if a server offers a sign-in (extension {@code sign-in-with-x})
     * for a request that the wallet's journal has as paid and settled, the client signs in first,
     * and pays if the server refuses that. It signs nothing that is good for another server.
     */
    public Builder withoutSignIn() {
      this.signsIn = false;
      return this;
    }

    /** Sets the clock. Default: the system's. */
    public Builder clock(Clock clock) {
      this.clock = clock;
      return this;
    }

    /**
     * Sets the source of nonces. Two payments with one nonce are one payment. Default: a new {@link
     * SecureRandom}.
     */
    public Builder random(SecureRandom random) {
      this.random = random;
      return this;
    }

    /**
     * Returns the client.
     *
     * @throws IllegalStateException if a token is missing, or the wallet, or the signer or its
     *     policy, or there are both a signer and a wallet, or a client that is not the JDK's
     *     follows redirects; the message says which
     * @throws IllegalArgumentException if the client for requests with a payment follows redirects
     */
    public PayingHttpClient build() {
      if (tokens.isEmpty()) {
        throw new IllegalStateException(
            "token: missing; name the token to pay with, such as Usdc.BASE");
      }
      AgentWallet payer = payer();
      boolean own = wallet == null;
      List<SpendingPolicy> more = own || policy == null ? List.of() : List.of(policy);
      UnredirectedClient unredirected = UnredirectedClient.beside(wrapped, paidRequests);
      Receipts kept = new Receipts(receipts, clock);
      return new PayingHttpClient(
          Transport.over(wrapped, unredirected, retries, descriptorWithin, clock, kept, signsIn),
          new OfferSelection(tokens, sameHostSuffices),
          new WalletPayments(PaymentSigner.of(payer, more, clock, random), pending, identifiers),
          new RunningCalls(unredirected::close));
    }

    private AgentWallet payer() {
      if (wallet != null && signer != null) {
        throw new IllegalStateException("signer: found a wallet, too, which has its own signer");
      }
      if (wallet != null) {
        return wallet;
      }
      if (signer == null) {
        throw new IllegalStateException(
            "signer or wallet: missing; set the account whose money is spent");
      }
      if (policy == null) {
        throw new IllegalStateException(
            "policy: missing; set what may be paid, such as"
                + " SpendingPolicy.empty().maxPerPayment(\"$0.05\")");
      }
      return AgentWallet.ofPolicy(signer, policy, clock);
    }
  }
}
