// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.http.HttpHeaders;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes down what became of payments. Where that fails, the amount stays reserved, and the caller
 * still gets what was paid for.
 */
final class Outcomes {
  private static final System.Logger LOG = System.getLogger(Outcomes.class.getPackageName());

  private static final String RECEIPT = "X-Payment-Receipt";

  private final AgentWallet wallet;

  Outcomes(AgentWallet wallet) {
    this.wallet = wallet;
  }

  /** An answer came that decides. */
  void answered(Payment payment, int status, HttpHeaders headers) {
    Map<String, String> details = new TreeMap<>();
    headers.firstValue(RECEIPT).ifPresent(receipt -> details.put("receipt", fingerprint(receipt)));
    answered(payment, status < 400, "status " + status, details);
  }

  /**
   * An answer came that decides, over whatever transport.
   *
   * @param delivered whether it is what was paid for
   * @param what the answer, for people
   */
  void answered(Payment payment, boolean delivered, String what, Map<String, String> more) {
    Map<String, String> details = new TreeMap<>(more);
    payment.transaction().ifPresent(transaction -> details.put("transaction", transaction));
    if (payment.settled()) {
      write(JournalEntry.Event.SETTLED, payment, details);
    } else if (delivered) {
      details.put("reason", what + " without a settlement of this payment");
      write(JournalEntry.Event.UNCONFIRMED, payment, details);
    } else {
      details.put("reason", what);
      write(JournalEntry.Event.REJECTED, payment, details);
    }
  }

  /** No answer came that decides. */
  void pending(Payment payment, String why) {
    Map<String, String> details = new TreeMap<>(Map.of("reason", why));
    payment.transaction().ifPresent(transaction -> details.put("transaction", transaction));
    write(JournalEntry.Event.PENDING, payment, details);
  }

  /** The payment never left, and is thrown away. */
  void neverSent(Payment payment, String why) {
    write(JournalEntry.Event.RETURNED, payment, Map.of("reason", why));
  }

  private void write(JournalEntry.Event event, Payment payment, Map<String, String> details) {
    try {
      wallet
          .journal()
          .decide(
              (book, entries) ->
                  entries.addAll(drafts(book.need(wallet.agent()), event, payment, details)));
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "the outcome {0} of payment {1} could not be written; its amount stays reserved",
          event,
          payment.nonce());
    }
  }

  private List<JournalEntry.Draft> drafts(
      WalletBook spent, JournalEntry.Event event, Payment payment, Map<String, String> details) {
    List<JournalEntry.Draft> drafts = new ArrayList<>();
    Optional<Charge> charge = spent.openCharge(payment.nonce());
    if (charge.isEmpty()) {
      return drafts; // settled before: a payment that is sent again gets another answer
    }
    Map<String, String> all = new TreeMap<>(details);
    all.put("nonce", payment.nonce());
    drafts.add(draft(event, payment, all));
    if (event == JournalEntry.Event.REJECTED && spent.terms().trustsRefusals()) {
      drafts.add(
          draft(
              JournalEntry.Event.RETURNED,
              payment,
              Map.of("nonce", payment.nonce(), "reason", "the seller says so")));
    }
    boolean gone = event == JournalEntry.Event.SETTLED || event == JournalEntry.Event.UNCONFIRMED;
    if (gone && spent.isUsedUpBy(charge.get(), wallet.clock().instant())) {
      drafts.add(
          SpendJournal.revocation(
              wallet.agent(),
              "limit of " + spent.terms().limitText() + " hit",
              wallet.clock().instant()));
    }
    return drafts;
  }

  /** Who has a receipt can use it, so the journal has only what it is recognised by. */
  private static String fingerprint(String receipt) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(receipt.trim().getBytes(US_ASCII));
      return "sha256:" + HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each Java platform has SHA-256", e);
    }
  }

  private JournalEntry.Draft draft(
      JournalEntry.Event event, Payment payment, Map<String, String> details) {
    return new JournalEntry.Draft(
        wallet.clock().instant(), event, wallet.agent(), payment.requestId(), details);
  }
}
