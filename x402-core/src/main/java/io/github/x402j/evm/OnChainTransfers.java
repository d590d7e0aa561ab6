// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.Bytes32;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TransferConfirmation;
import io.github.x402j.TransferConfirmation.Answer;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Confirms receipts on one chain: the transaction succeeded, is deep enough, is not too old, and
 * its {@code Transfer} events moved at least the price from payer to payee.
 *
 * <p>What was confirmed is remembered, for a bounded number of transactions, so that a pass asks
 * the node once. Safe for use by several threads.
 */
public final class OnChainTransfers implements TransferConfirmation {
  /** How old a transaction may be by default. */
  public static final Duration DEFAULT_MAX_AGE = Duration.ofDays(1);

  private static final int MAX_REMEMBERED = 10_000;

  private final Chain chain;
  private final int confirmations;
  private final Duration maxAge;
  private final Clock clock;
  private final Cache<Question, Instant> confirmed =
      Caffeine.newBuilder().maximumSize(MAX_REMEMBERED).executor(Runnable::run).build();

  private final CallLimit lookups =
      new CallLimit("too many receipts are being looked up; try again");

  private record Question(String transaction, Address payer, PaymentRequirements paid) {}

  private OnChainTransfers(Chain chain, int confirmations, Duration maxAge, Clock clock) {
    this.chain = chain;
    this.confirmations = confirmations;
    this.maxAge = maxAge;
    this.clock = clock;
  }

  /**
   * Returns the confirmation on this chain, with {@link #DEFAULT_MAX_AGE}.
   *
   * @param confirmations how deep the transaction must be, at least 1; 1 is being in the newest
   *     block
   */
  public static OnChainTransfers of(Chain chain, int confirmations) {
    return of(chain, confirmations, DEFAULT_MAX_AGE, Clock.systemUTC());
  }

  /** Returns the confirmation on this chain. */
  public static OnChainTransfers of(Chain chain, int confirmations, Duration maxAge, Clock clock) {
    if (confirmations < 1 || maxAge.toSeconds() < 1) {
      throw new IllegalArgumentException(
          "confirmOnChain: expected at least one confirmation and an age of at least a second");
    }
    return new OnChainTransfers(chain, confirmations, maxAge, clock);
  }

  @Override
  public Duration maxAge() {
    return maxAge;
  }

  @Override
  public Answer confirm(AcceptedReceipt receipt) throws FacilitatorException {
    Question question =
        new Question(receipt.transaction(), receipt.payer(), receipt.requirements());
    Instant tooOldFrom = confirmed.getIfPresent(question);
    if (tooOldFrom == null) {
      Answer confirmation = lookups.call(question, () -> lookUp(question));
      if (!(confirmation instanceof Answer.Confirmed found)) {
        return confirmation;
      }
      tooOldFrom = found.tooOldFrom();
      confirmed.put(question, tooOldFrom);
    }
    return clock.instant().isBefore(tooOldFrom)
        ? new Answer.Confirmed(tooOldFrom)
        : new Answer.Refuted("tx: the transaction is too old");
  }

  private Answer lookUp(Question question) throws FacilitatorException {
    if (chain.chainId() != question.paid.network().chainId()) {
      throw new FacilitatorException("receipts of " + question.paid.network() + " have no chain");
    }
    Optional<Chain.Receipt> found = chain.receipt(question.transaction);
    if (found.isEmpty()) {
      throw new FacilitatorException("the receipt's transaction is not in the chain yet");
    }
    Chain.Receipt receipt = found.get();
    if (!receipt.succeeded()) {
      return new Answer.Refuted("tx: the transaction was reverted");
    }
    if (moved(receipt.events(), question).compareTo(question.paid.amount().atomicUnits()) < 0) {
      return new Answer.Refuted("tx: the transaction does not move the price to the payee");
    }
    Chain.Head head = chain.head();
    BigInteger depth = head.number().subtract(receipt.block()).add(BigInteger.ONE);
    if (depth.compareTo(BigInteger.valueOf(confirmations)) < 0) {
      throw new FacilitatorException("the receipt's transaction has too few confirmations yet");
    }
    // The head may be of another branch than the receipt; it must still be where it was.
    if (confirmations > 1
        && chain.receipt(question.transaction).filter(receipt::equals).isEmpty()) {
      throw new FacilitatorException("the chain is being reorganised");
    }
    Chain.Head block =
        chain
            .block(receipt.block())
            .orElseThrow(() -> new FacilitatorException("the chain does not show a block it has"));
    return new Answer.Confirmed(block.time().plus(maxAge));
  }

  private static BigInteger moved(List<Chain.Event> events, Question question) {
    return events.stream()
        .filter(event -> event.contract().equals(question.paid.asset()))
        .filter(
            event ->
                event
                    .topics()
                    .equals(Eip3009.transferTopics(question.payer, question.paid.payTo())))
        .filter(event -> Bytes32.isCanonical(event.data()))
        .map(event -> new BigInteger(event.data().substring(2), 16))
        .max(BigInteger::compareTo)
        .orElse(BigInteger.ZERO);
  }
}
