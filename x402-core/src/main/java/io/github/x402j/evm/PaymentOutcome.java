// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads from the chain what became of an authorization, whoever sent it: transaction receipts, the
 * contract's own record, and the events of exactly this transfer. Sends nothing.
 */
final class PaymentOutcome {
  private static final String SETTLED_BY_OTHER = "another server of this gas account settled it";

  private final Chain chain;
  private final BlockReads reads;
  private final EvmPayment.Proof proof;
  private final Set<Address> gasAccounts;
  private final int confirmations;
  private final EventSearchWindow lookBack;

  /**
   * @param reads of the same chain
   */
  PaymentOutcome(
      Chain chain,
      BlockReads reads,
      EvmPayment.Proof proof,
      Set<Address> gasAccounts,
      int confirmations,
      EventSearchWindow lookBack) {
    this.chain = chain;
    this.reads = reads;
    this.proof = proof;
    this.gasAccounts = gasAccounts;
    this.confirmations = confirmations;
    this.lookBack = lookBack;
  }

  /**
   * Returns the outcome now, by whatever transaction.
   *
   * @param own all transactions of ours that may have moved the money, oldest first
   */
  Settlement now(List<String> own) throws FacilitatorException {
    Settlement failed = null;
    int mined = 0;
    for (String transaction : own) {
      Optional<Chain.Receipt> receipt = chain.receipt(transaction);
      if (receipt.isPresent()) {
        Settlement outcome = of(receipt.get(), own);
        if (!(outcome instanceof Settlement.Failed)) {
          return outcome;
        }
        failed = outcome;
        mined++;
      }
    }
    if (failed != null && mined == own.size()) {
      return failed; // none of them is on its way any more
    }
    return isUsed() ? ofUser(own) : unused(own);
  }

  /** Returns what the receipt of a transaction of ours means. */
  Settlement of(Chain.Receipt receipt) throws FacilitatorException {
    return of(receipt, List.of(receipt.transaction()));
  }

  /** Returns what the receipt of one of these transactions of ours means. */
  Settlement of(Chain.Receipt receipt, List<String> own) throws FacilitatorException {
    if (receipt.succeeded() && proof.use(receipt, chain) instanceof EvmPayment.Use.Moved moved) {
      return confirmed(receipt, moved.amount());
    }
    // Reverted, or mined without the transfer. Someone else may have sent the authorization first.
    if (isUsed()) {
      return ofUser(own);
    }
    if (!isConfirmed(receipt) || !isUnusedSince(receipt.block())) {
      return new Settlement.Pending(receipt.transaction());
    }
    return new Settlement.Failed(
        ErrorReason.INVALID_TRANSACTION_STATE,
        receipt.succeeded()
            ? "the transaction was mined without the transfer"
            : "the transaction was reverted");
  }

  private Settlement confirmed(Chain.Receipt receipt, TokenAmount moved)
      throws FacilitatorException {
    return isConfirmed(receipt)
        ? new Settlement.Settled(receipt.transaction(), proof.payer(), moved)
        : new Settlement.Pending(receipt.transaction());
  }

  private boolean isConfirmed(Chain.Receipt receipt) throws FacilitatorException {
    if (confirmations == 1) {
      return true; // being in a block is the first
    }
    BigInteger newest = chain.head().number();
    if (newest.subtract(receipt.block()).compareTo(BigInteger.valueOf(confirmations - 1L)) < 0) {
      return false;
    }
    // The newest block may be on another branch than the receipt, which is older than it.
    return chain.receipt(receipt.transaction()).filter(receipt::equals).isPresent();
  }

  /** The authorization is used: find by which transaction, and whether it paid or cancelled. */
  private Settlement ofUser(List<String> own) throws FacilitatorException {
    BigInteger newest = chain.head().number();
    for (EventLogs.Range range : lookBack.ranges(newest)) {
      Optional<Settlement> found = ofUserIn(range, own);
      if (found.isPresent()) {
        return found.get();
      }
    }
    return pending(own); // used, and the node does not show the transaction yet
  }

  /** Returns whether the money moved, by a server of this seller that delivers for it. */
  static boolean isSettledByOther(Settlement settlement) {
    return settlement instanceof Settlement.Failed failed
        && failed.detail().equals(SETTLED_BY_OTHER);
  }

  private Optional<Settlement> ofUserIn(EventLogs.Range range, List<String> own)
      throws FacilitatorException {
    BigInteger from = BigInteger.valueOf(range.from());
    BigInteger to = BigInteger.valueOf(range.to());
    for (Chain.Event event : chain.events(proof.uses(), from, to)) {
      Optional<Chain.Receipt> receipt = chain.receipt(event.transaction());
      Optional<Settlement> found =
          receipt.isPresent() ? ofUse(receipt.get(), own) : Optional.empty();
      if (found.isPresent()) {
        return found;
      }
    }
    if (chain.events(proof.cancellations(), from, to).stream().anyMatch(proof::isCancelledBy)) {
      return Optional.of(Settlement.CANCELLED_BY_PAYER);
    }
    return Optional.empty();
  }

  /** Returns the outcome if this transaction used the authorization, empty if it did not. */
  private Optional<Settlement> ofUse(Chain.Receipt receipt, List<String> own)
      throws FacilitatorException {
    EvmPayment.Use use = proof.use(receipt, chain);
    if (use instanceof EvmPayment.Use.None) {
      return Optional.empty();
    }
    if (!receipt.succeeded() || !(use instanceof EvmPayment.Use.Moved moved)) {
      return Optional.of(
          new Settlement.Failed(
              ErrorReason.INVALID_TRANSACTION_STATE, "the authorization was used, nothing moved"));
    }
    boolean isOurs = own.contains(receipt.transaction());
    if (!isOurs && gasAccounts.contains(receipt.sender())) {
      // Another server of this seller, which shares no ledger with this one, moved the money and
      // delivers for it. A stranger who sends the authorization early delivers nothing.
      return Optional.of(new Settlement.Failed(ErrorReason.NONCE_ALREADY_USED, SETTLED_BY_OTHER));
    }
    return Optional.of(confirmed(receipt, moved.amount()));
  }

  /** Not used: it can still be, until the chain's own clock has passed the window. */
  private Settlement unused(List<String> own) throws FacilitatorException {
    Chain.Head newest = chain.head();
    if (hasPassed(newest) && isUnusedAt(newest.number())) {
      return new Settlement.Failed(
          ErrorReason.AUTHORIZATION_EXPIRED, "the window closed before the transaction was mined");
    }
    return pending(own);
  }

  /** Blocks that can still be replaced do not count: others may have an earlier time. */
  private boolean hasPassed(Chain.Head newest) throws FacilitatorException {
    Optional<Chain.Head> last =
        confirmations == 1
            ? Optional.of(newest)
            : chain.block(
                newest
                    .number()
                    .subtract(BigInteger.valueOf(confirmations - 1L))
                    .max(BigInteger.ZERO));
    return last.isPresent()
        && BigInteger.valueOf(last.get().time().getEpochSecond()).compareTo(proof.validBefore())
            >= 0;
  }

  /** Returns whether the chain shows, at a block that is no older, that it is not used. */
  boolean isUnusedSince(BigInteger block) throws FacilitatorException {
    return isUnusedAt(chain.head().number().max(block));
  }

  /** Returns whether the chain shows at this block that the authorization is not used. */
  private boolean isUnusedAt(BigInteger block) {
    try {
      return !proof.isUsed(reads.call(List.of(proof.usedQuestion()), block).get(0));
    } catch (FacilitatorException e) {
      return false; // no node shows that block: nothing is known
    }
  }

  static Settlement pending(List<String> own) {
    @Nullable String newest = own.isEmpty() ? null : own.get(own.size() - 1);
    return new Settlement.Pending(newest);
  }

  /** Returns whether the authorization is used or cancelled. */
  boolean isUsed() throws FacilitatorException {
    return proof.isUsed(chain.call(List.of(proof.usedQuestion())).get(0));
  }
}
