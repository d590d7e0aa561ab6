// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Token;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pays out of a wallet for what is asked over another transport than HTTP 402, for a tool of an MCP
 * server, say. The transport is the caller's: it takes the descriptor from a server's answer, sends
 * the payment, and says here what became of it.
 *
 * <pre>{@code
 * Payer payer = Payer.of(wallet, Usdc.BASE);
 * Payment payment = payer.pay(server, "mcp://tool/forecast", descriptor); // or throws
 * // send payment.secretJson(), and then exactly one of
 * payer.delivered(payment, settlement);
 * payer.refused(payment, settlement);
 * payer.unknown(payment, "timeout"); // may be followed by another, when the same payment is resent
 * payer.neverSent(payment, "no connection");
 * }</pre>
 *
 * <p>The wallet keeps all that it promises: its rules decide, the amount is reserved in the journal
 * before anything is signed, and it is free again only when nobody can take it. A payment that
 * nothing is said of stays reserved, until {@link AgentWallet#reconcile} reads from the chain what
 * became of it. One whose outcome is unknown is sent again as it is; {@link #pay} would make
 * another.
 *
 * <p>Rules about hosts see the host of the server that the caller talks to, whatever the descriptor
 * says; rules about methods see {@value #METHOD}. What is signed, and for how long, is as {@link
 * PayingHttpClient} has it.
 *
 * <p>Immutable, and safe for use by several threads. The methods wait for the journal, and {@code
 * pay} for the signer and for people who are asked.
 */
public final class Payer {
  /** The method that rules and the journal see. */
  public static final String METHOD = "POST";

  private final AgentWallet wallet;
  private final List<Token> tokens;
  private final List<SpendingPolicy> policies;
  private final Cashier cashier;
  private final OfferSelection selection;

  private Payer(AgentWallet wallet, List<Token> tokens, List<SpendingPolicy> policies) {
    this.wallet = wallet;
    this.tokens = List.copyOf(tokens);
    this.policies = List.copyOf(policies);
    this.cashier = new Cashier(wallet, policies, wallet.clock(), new SecureRandom());
    this.selection = new OfferSelection(tokens, false);
  }

  /**
   * Returns a payer for the wallet.
   *
   * @param tokens what to pay with, at least one; the first that a seller takes is used
   * @throws IllegalArgumentException if there is none, or a contract is there twice
   */
  public static Payer of(AgentWallet wallet, Token... tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("token: missing; say what to pay with, such as Usdc.BASE");
    }
    long contracts =
        List.of(tokens).stream()
            .map(token -> Map.entry(token.network(), token.contract()))
            .distinct()
            .count();
    if (contracts < tokens.length) {
      throw new IllegalArgumentException("token: the same contract is there twice");
    }
    return new Payer(wallet, List.of(tokens), List.of());
  }

  /** Returns this payer with rules beside the wallet's own. */
  public Payer with(SpendingPolicy policy) {
    List<SpendingPolicy> more = new ArrayList<>(policies);
    more.add(policy);
    return new Payer(wallet, tokens, more);
  }

  /**
   * Returns a new payment for what a server asks, its amount reserved. The payment must be sent to
   * nobody but that server.
   *
   * @param server the HTTP URL that the caller talks to; its host is what rules see
   * @param resource the name of what the caller asked for, as the transport forms it; a descriptor
   *     of something else is not paid
   * @param descriptor the {@code PaymentRequired} that the server answered with, as JSON text, of
   *     version 1 or 2. Nothing in it is trusted
   * @throws PaymentDeclinedException if a rule forbids it, the descriptor cannot be read or is for
   *     something else, or others could read the payment on its way to the server; nothing was
   *     signed
   * @throws IOException if the journal cannot be read or written; nothing is to be sent
   * @throws IllegalArgumentException if the server's URL is no HTTP URL with a host
   */
  public Payment pay(URI server, String resource, String descriptor) throws IOException {
    Origin origin =
        Origin.of(server)
            .orElseThrow(
                () -> new IllegalArgumentException("server: expected an HTTP URL with a host"));
    String requestId = cashier.newRequestId();
    List<Offer> offers;
    try {
      requireConfidential(server, origin);
      offers = selection.inOrderFor(server, resource, asked(server, descriptor));
    } catch (PaymentDeclinedException e) {
      throw written(requestId, server, e);
    }
    return cashier.pay(requestId, METHOD, server, offers, () -> false);
  }

  /**
   * Notes that what was paid for has come.
   *
   * @param settlement the {@code SettlementResponse} that came with it, as JSON text; null if none
   *     did. One that cannot be read counts as none
   * @return the payment, with what the seller says of it
   */
  public Payment delivered(Payment payment, @Nullable String settlement) {
    Payment answered = payment.answered(settlement);
    cashier.outcomes().answered(answered, true, "a result", Map.of());
    return answered;
  }

  /**
   * Notes that the seller answered, and not with what was paid for. The amount stays reserved, as
   * the seller has the signature, unless the wallet {@linkplain AgentWalletBuilder#trustRefusals()
   * trusts refusals}.
   *
   * @param settlement as in {@link #delivered}
   * @return the payment, with what the seller says of it
   */
  public Payment refused(Payment payment, @Nullable String settlement) {
    Payment answered = payment.answered(settlement);
    cashier.outcomes().answered(answered, false, "an error", Map.of());
    return answered;
  }

  /**
   * Notes that no answer came that decides. The amount stays reserved; the same payment may be sent
   * again until {@link Payment#validBefore()}, and what comes of that noted, too.
   *
   * @param why for people, in the caller's own words; it goes into the journal
   */
  public void unknown(Payment payment, String why) {
    cashier.outcomes().pending(payment, why);
  }

  /**
   * Notes that the payment never left this process, and frees its amount. If it did leave, the
   * wallet can be overdrawn by it: when in doubt, say {@link #unknown}.
   *
   * @param why as in {@link #unknown}
   */
  public void neverSent(Payment payment, String why) {
    cashier.outcomes().neverSent(payment, why);
  }

  private static void requireConfidential(URI server, Origin origin)
      throws PaymentDeclinedException {
    if (!origin.isConfidential()) {
      throw PaymentDeclinedException.of(
          server, "confidential", "HTTPS, or a loopback address", "payment over plain HTTP");
    }
  }

  private static Asked asked(URI server, String descriptor) throws PaymentDeclinedException {
    try {
      Optional<Asked> asked =
          descriptor.length() > BoundedBody.MAX_BYTES
              ? Optional.empty()
              : Asked.inBody(descriptor.getBytes(UTF_8));
      return asked.orElseThrow(
          () ->
              new MalformedPaymentException(
                  "no descriptor of at most " + BoundedBody.MAX_BYTES + " characters"));
    } catch (MalformedPaymentException e) {
      throw PaymentDeclinedException.of(
          server, "descriptor", "one that can be read", String.valueOf(e.getMessage()));
    }
  }

  private PaymentDeclinedException written(
      String requestId, URI server, PaymentDeclinedException declined) {
    try {
      cashier.till().declined(requestId, METHOD, server, declined);
    } catch (IOException e) {
      declined.addSuppressed(e);
    }
    return declined;
  }

  @Override
  public String toString() {
    return "Payer[" + wallet + "]";
  }
}
