// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Hashes;
import io.github.x402j.Network;
import io.github.x402j.PaymentHeader;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.Offer;
import io.github.x402j.client.wallet.PaymentDecision;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.client.wallet.RequestToPay;
import io.github.x402j.extension.SignInMessage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes payments out of a wallet and records what becomes of them. If an outcome cannot be written,
 * the amount stays reserved, and the caller still gets what was paid for.
 */
final class WalletPayments {
  private static final Logger log = LoggerFactory.getLogger(PayingHttpClient.class);

  private final PaymentSigner signer;
  private final @Nullable PendingPayments pending;
  private final Payment.Identifiers identifiers;

  /** The nonces of kept payments that this client is sending. */
  private final Set<String> sending = ConcurrentHashMap.newKeySet();

  WalletPayments(PaymentSigner signer) {
    this(signer, null, Payment.Identifiers.ALL);
  }

  /**
   * @param pending keeps payments while their outcome is not known, null to keep none
   * @param identifiers which payments get one
   */
  WalletPayments(
      PaymentSigner signer, @Nullable PendingPayments pending, Payment.Identifiers identifiers) {
    this.signer = signer;
    this.pending = pending;
    this.identifiers = identifiers;
  }

  /** Returns the same for requests of a task. */
  WalletPayments forTask(String task) {
    return new WalletPayments(signer.forTask(task), pending, identifiers);
  }

  String agent() {
    return signer.agent();
  }

  String newRequestId() {
    return signer.newRequestId();
  }

  /**
   * Returns a new payment for the first of the offers that all rules allow.
   *
   * @throws PaymentDeclinedException if none is allowed
   */
  Payment pay(RequestToPay request, List<Offer> offers, BooleanSupplier cancelled)
      throws IOException {
    Optional<PendingPayment> first = unresolved(request);
    if (first.isPresent()) {
      String nonce = first.get().payment().nonce();
      throw declined(
          request.id(),
          request.method(),
          request.url(),
          new PaymentDeclinedException(request.url(), signer.unresolved(nonce)));
    }
    PaymentDecision decision = signer.pay(request, offers, cancelled);
    if (decision instanceof PaymentDecision.Signed signed) {
      return Payment.of(signed, identifiers);
    }
    throw new PaymentDeclinedException(request.url(), (PaymentDecision.Declined) decision);
  }

  /**
   * Returns the header that signs in for a request that was paid for before; empty if it was not,
   * or the 402 offers no sign-in that can be signed.
   *
   * @param networks the chains of the wallet, the preferred one first
   */
  Optional<String> signIn(RequestToPay request, PaymentDemand demand, List<Network> networks)
      throws IOException {
    Optional<SignInMessage> message =
        SignInOffer.message(request.url(), demand, signer.address(), networks);
    if (message.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> signature = signer.signIn(request, message.get());
    if (signature.isPresent()) {
      log.debug(
          "signs in to {} rather than paying again; it states: {}",
          message.get().domain(),
          message.get().statement());
    }
    return signature.map(message.get()::toHeader);
  }

  /**
   * Returns the payment for the same request whose outcome is not known. A client without a wallet
   * has no journal that outlasts it, but the payments that it kept do.
   */
  private Optional<PendingPayment> unresolved(RequestToPay request) throws IOException {
    String fingerprint = request.fingerprint();
    if (pending == null || fingerprint == null || !agent().equals(AgentWallet.CLIENT)) {
      return Optional.empty();
    }
    Instant since = signer.unresolvedSince();
    return pending.all().stream()
        .filter(each -> each.agent().equals(AgentWallet.CLIENT) && each.keptAt().isAfter(since))
        .filter(each -> !sending.contains(each.payment().nonce()))
        .filter(each -> RepeatableBody.fingerprint(each.request()).equals(fingerprint))
        .findFirst();
  }

  /** Records that the client does not pay this, whatever the wallet's rules say; returns why. */
  PaymentDeclinedException declined(
      String requestId, String method, URI url, PaymentDeclinedException declined) {
    try {
      signer.recordDeclined(requestId, method, url, declined.reason());
    } catch (IOException e) {
      declined.addSuppressed(e);
    }
    return declined;
  }

  /**
   * Keeps a payment, so that it can be sent again even if this process ends.
   *
   * @throws IOException if it cannot be kept; its amount is free again, and it must not be sent
   */
  void keep(HttpRequest unpaid, Payment payment, Instant now) throws IOException {
    if (pending == null) {
      return;
    }
    try {
      sending.add(payment.nonce());
      pending.keep(new PendingPayment(signer.agent(), now, unpaid, payment));
    } catch (IOException e) {
      neverSent(payment, "it could not be kept for sending it again");
      throw e;
    }
  }

  /** Removes a payment whose outcome is known. */
  private void forget(Payment payment) {
    sending.remove(payment.nonce());
    try {
      if (pending != null) {
        pending.forget(payment.nonce());
      }
    } catch (IOException e) {
      log.warn("payment {} is over, but could not be removed from {}", payment.nonce(), pending);
    }
  }

  /**
   * Begins a sending, unless the wallet was revoked; then it returns empty.
   *
   * @throws IOException if the journal cannot be read; nothing was sent
   */
  <T> Optional<T> sendUnlessRevoked(Supplier<T> begin) throws IOException {
    return signer.sendUnlessRevoked(begin);
  }

  /** Records a final HTTP answer to the payment. */
  void answered(Payment payment, int status, HttpHeaders headers) {
    Map<String, String> details = new TreeMap<>();
    headers
        .firstValue(Receipts.RECEIPT)
        .ifPresent(receipt -> details.put("receipt", fingerprint(receipt)));
    answered(payment, status < 400, "status " + status, details);
    forget(payment);
  }

  /**
   * Records a final answer to the payment, over any transport.
   *
   * @param delivered whether the answer is what was paid for
   * @param answer text for the journal
   */
  void answered(Payment payment, boolean delivered, String answer, Map<String, String> details) {
    Map<String, String> all = new TreeMap<>(details);
    all.put("delivered", delivered ? "yes" : "no");
    if (payment.settled()) {
      record(payment, JournalEntry.Event.SETTLED, all);
    } else if (delivered) {
      all.put("reason", answer + " without a settlement of this payment");
      record(payment, JournalEntry.Event.UNCONFIRMED, all);
    } else {
      all.put("reason", answer);
      record(payment, JournalEntry.Event.REJECTED, all);
    }
  }

  /** Records that no final answer came. */
  void pending(Payment payment, String why) {
    record(payment, JournalEntry.Event.PENDING, Map.of("reason", why));
    sending.remove(payment.nonce());
  }

  /** Records that the payment never left this process. It must not be sent after that. */
  void neverSent(Payment payment, String why) {
    record(payment, JournalEntry.Event.RETURNED, Map.of("reason", why));
    forget(payment);
  }

  private void record(Payment payment, JournalEntry.Event outcome, Map<String, String> details) {
    Map<String, String> all = new TreeMap<>(details);
    if (outcome != JournalEntry.Event.RETURNED) {
      payment.transaction().ifPresent(transaction -> all.put("transaction", transaction));
    }
    try {
      signer.record(payment.signed(), outcome, all);
    } catch (IOException e) {
      log.warn(
          "the outcome {} of payment {} could not be written; its amount stays reserved",
          outcome,
          payment.nonce());
    }
  }

  /** A receipt can be used by anyone who has it, so the journal has only its hash. */
  private static String fingerprint(String receipt) {
    return "sha256:" + HexFormat.of().formatHex(Hashes.sha256(PaymentHeader.trim(receipt)));
  }
}
