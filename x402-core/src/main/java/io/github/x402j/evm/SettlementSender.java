// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.Verification;
import io.github.x402j.evm.PaymentsInFlight.Coverage;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sends the transactions of one gas account, one after the other. Looks at the chain right before
 * each, and simulates exactly the transaction that is sent. Does not wait for what it has sent.
 */
final class SettlementSender implements SettlementQueue.Sender {
  /** The most gas of a transaction that moves the money of several payments. */
  static final BigInteger MOST_GAS = BigInteger.valueOf(15_000_000);

  /** What a transaction of several payments needs besides their transfers. */
  private static final BigInteger GAS_FOR_SHARING = BigInteger.valueOf(50_000);

  /**
   * What all senders of a facilitator share.
   *
   * @param ceiling what a unit of gas may cost
   */
  record Shared(
      Chain chain,
      SettlementQueue queue,
      SettlementWatcher watcher,
      Broadcasts broadcasts,
      SettlementEnding ending,
      EvmVerification verification,
      PaymentsInFlight inFlight,
      TransferQuotes quotes,
      GasFunds funds,
      FeeCeiling ceiling,
      Clock clock,
      Ticker ticker) {}

  /**
   * A payment that goes into the transaction.
   *
   * @param gas with a reserve
   * @param ceiling wei per gas
   * @param isMeasured whether the gas is that of earlier transfers, and not estimated
   */
  private record Part(
      QueuedPayment queued,
      Chain.Call transfer,
      Chain.Quote quote,
      BigInteger gas,
      BigInteger ceiling,
      boolean isMeasured) {}

  private final GasAccount account;
  private final Shared shared;

  /** What was taken from the queue and not dealt with yet. */
  private final Set<QueuedPayment> inHand = new LinkedHashSet<>();

  /** The account cannot pay for a larger transaction. */
  private int most = Integer.MAX_VALUE;

  SettlementSender(GasAccount account, Shared shared) {
    this.account = account;
    this.shared = shared;
  }

  @Override
  public void run() {
    boolean goesOn = true;
    while (goesOn) {
      goesOn = sendNext();
    }
  }

  /** Returns whether there may be more to send. */
  private boolean sendNext() {
    Exception failure = new IllegalStateException("the settlement broke off");
    try {
      shared.queue().gather();
      List<QueuedPayment> taken = shared.queue().take(account, most);
      inHand.addAll(taken);
      if (!taken.isEmpty()) {
        send(taken);
      }
      return !taken.isEmpty();
    } catch (FacilitatorException | RuntimeException e) {
      failure = e;
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    } finally {
      for (QueuedPayment payment : List.copyOf(inHand)) {
        notSent(payment, failure);
      }
    }
  }

  // ---- what leaves the hand

  private void notSent(QueuedPayment payment, Exception why) {
    if (inHand.remove(payment)) {
      shared.ending().notSent(payment, why);
    }
  }

  private void failed(QueuedPayment payment, Settlement.Failed failed) {
    if (inHand.remove(payment)) {
      shared.ending().failed(payment, failed);
    }
  }

  /** Others do not wait while its outcome is read. */
  private void reverts(QueuedPayment payment) {
    if (inHand.remove(payment)) {
      Settlement.Failed otherwise =
          hasTime(payment)
              ? SettlementEnding.refused("the transfer would revert; nothing was sent")
              : SettlementEnding.expired();
      shared.ending().later(payment, () -> shared.ending().reverts(payment, otherwise));
    }
  }

  private void giveBack(List<QueuedPayment> payments) {
    inHand.removeAll(payments);
    shared.queue().addFirst(payments);
  }

  private void giveBackAlone(QueuedPayment payment) {
    payment.sendAlone();
    giveBack(List.of(payment));
  }

  private boolean hasTime(QueuedPayment payment) {
    return OfflineChecks.hasTimeToSettle(payment.asked(), shared.clock().instant());
  }

  // ---- what it costs

  private void send(List<QueuedPayment> taken) throws FacilitatorException {
    shared.watcher().sendAgainWhatIsLate(account);
    BigInteger number = account.nextNumber();
    List<Part> parts = new ArrayList<>();
    for (QueuedPayment payment : taken) {
      part(payment, false).ifPresent(parts::add);
    }
    keepWithinTheMostGas(parts);
    if (parts.size() == 1) {
      sendAlone(number, parts.get(0));
    } else if (!parts.isEmpty()) {
      sendTogether(number, parts);
    }
  }

  /** Returns what the payment's transfer costs, empty if it is not sent. */
  private Optional<Part> part(QueuedPayment payment, boolean anew) throws FacilitatorException {
    if (!hasTime(payment)) {
      failed(payment, SettlementEnding.expired());
      return Optional.empty();
    }
    Chain.Call transfer = payment.transferBy(account.address());
    boolean isMeasured = !anew && shared.quotes().isMeasured(payment.payment());
    Chain.Quote quote =
        anew
            ? shared.quotes().estimate(payment.payment(), transfer)
            : shared.quotes().of(payment.payment(), transfer);
    if (quote.reverted() != null) {
      reverts(payment);
      return Optional.empty();
    }
    BigInteger most = transfer.gas();
    if (most != null && quote.gas().compareTo(most) > 0) {
      failed(payment, SettlementEnding.refused("the transfer needs more gas than is allowed"));
      return Optional.empty();
    }
    BigInteger gas = withReserve(quote.gas(), most);
    BigInteger ceiling = shared.ceiling().of(payment.payment().requirements(), gas);
    try {
      GasAccount.Fees.of(quote, ceiling);
    } catch (FacilitatorException e) {
      notSent(payment, e);
      return Optional.empty();
    }
    return Optional.of(new Part(payment, transfer, quote, gas, ceiling, isMeasured));
  }

  /** The state may change before the transaction is mined: a fifth more, within the limit. */
  private static BigInteger withReserve(BigInteger gas, @Nullable BigInteger most) {
    BigInteger reserved = gas.multiply(BigInteger.valueOf(6)).divide(BigInteger.valueOf(5));
    return most == null ? reserved : reserved.min(most);
  }

  private void keepWithinTheMostGas(List<Part> parts) {
    List<QueuedPayment> left = new ArrayList<>();
    while (parts.size() > 1 && gas(parts).compareTo(MOST_GAS) > 0) {
      left.add(0, parts.remove(parts.size() - 1).queued());
    }
    if (!left.isEmpty()) {
      giveBack(left);
    }
  }

  private static BigInteger gas(List<Part> parts) {
    BigInteger sum = parts.stream().map(Part::gas).reduce(BigInteger.ZERO, BigInteger::add);
    return parts.size() == 1 ? sum : sum.add(GAS_FOR_SHARING);
  }

  private static BigInteger ceiling(List<Part> parts) {
    return parts.stream().map(Part::ceiling).reduce(BigInteger::min).orElseThrow();
  }

  private static GasAccount.Task task(List<Part> parts) throws FacilitatorException {
    Chain.Quote newest = parts.get(parts.size() - 1).quote();
    GasAccount.Fees fees = GasAccount.Fees.of(newest, ceiling(parts));
    if (parts.size() == 1) {
      Chain.Call transfer = parts.get(0).transfer();
      return new GasAccount.Task(transfer.to(), transfer.data(), gas(parts), fees);
    }
    return new GasAccount.Task(
        Multicall.ADDRESS,
        Multicall.data(parts.stream().map(Part::transfer).toList()),
        gas(parts),
        fees);
  }

  // ---- the last look

  private void sendAlone(BigInteger number, Part part) throws FacilitatorException {
    QueuedPayment payment = part.queued();
    GasAccount.Task task = task(List.of(part));
    EvmVerification.Findings found =
        shared
            .verification()
            .look(
                payment.payment(), part.transfer().asTransaction(task.gas(), task.fees().price()));
    if (isRefused(payment, found.refused())) {
      return;
    }
    if (found.simulated() instanceof Chain.CallResult.WithoutFunds) {
      withoutFunds(payment);
    } else if (found.simulated() instanceof Chain.CallResult.Reverted && part.isMeasured()) {
      Optional<Part> estimated = part(payment, true); // perhaps it needs more gas than the others
      if (estimated.isPresent()) {
        sendAlone(number, estimated.get());
      }
    } else if (found.simulated() instanceof Chain.CallResult.Reverted) {
      reverts(payment);
    } else if (isAdmitted(payment, found.balance())) {
      dispatch(number, List.of(part));
    }
  }

  /** Returns whether the payment was refused. */
  private boolean isRefused(QueuedPayment payment, Verification.@Nullable Invalid refused) {
    if (refused == null) {
      return false;
    }
    if (refused.reason() == ErrorReason.NONCE_ALREADY_USED) {
      reverts(payment); // the chain knows whether it was paid
    } else {
      failed(payment, new Settlement.Failed(refused.reason(), refused.detail()));
    }
    return true;
  }

  private void withoutFunds(QueuedPayment payment) {
    shared.funds().ranOut(account.address());
    payment.cannotBePaidBy(account.address());
    if (shared.queue().canBeSent(payment)) {
      giveBack(List.of(payment));
    } else {
      notSent(payment, new FacilitatorException("no gas account has enough for a settlement"));
    }
  }

  /** Counts the payment against its payer's balance. Others do not wait where that takes time. */
  private boolean isAdmitted(QueuedPayment payment, BigInteger balance) {
    if (payment.isAdmitted()) {
      return true;
    }
    if (shared.inFlight().admit(payment.payment(), PaymentsInFlight.Reading.newest(balance))
        == Coverage.COVERED) {
      payment.admitted();
      return true;
    }
    inHand.remove(payment);
    shared.ending().later(payment, () -> admit(payment, balance));
    return false;
  }

  private void admit(QueuedPayment payment, BigInteger balance) throws FacilitatorException {
    Optional<Verification.Invalid> refused =
        shared
            .verification()
            .uncovered(
                payment.payment(),
                balance,
                (each, reading) -> shared.inFlight().admit(each, reading));
    if (refused.isPresent()) {
      shared
          .ending()
          .failed(payment, new Settlement.Failed(refused.get().reason(), refused.get().detail()));
    } else {
      payment.admitted();
      shared.queue().addFirst(List.of(payment));
    }
  }

  // ---- several

  private void sendTogether(BigInteger number, List<Part> parts) throws FacilitatorException {
    GasAccount.Task task = task(parts);
    List<QueuedPayment> payments = parts.stream().map(Part::queued).toList();
    SharedLook look = SharedLook.at(shared.chain(), payments, task, account.address());
    if (look.isWithoutFunds()) { // it may be enough for fewer
      most = Math.max(1, parts.size() / 2);
      giveBack(payments);
      return;
    }
    if (!look.isSimulated()) {
      payments.forEach(QueuedPayment::sendAlone);
      giveBack(payments);
      return;
    }
    List<Part> good = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      if (isGood(parts.get(i).queued(), look.findings(i))) {
        good.add(parts.get(i));
      }
    }
    if (!good.isEmpty()) {
      dispatch(number, good);
    }
    most = most == Integer.MAX_VALUE ? most : 2 * most;
  }

  private boolean isGood(QueuedPayment payment, SharedLook.Finding found) {
    if (found.isOdd()) {
      giveBackAlone(payment);
      return false;
    }
    return !isRefused(payment, found.refused()) && isAdmitted(payment, found.balance());
  }

  // ---- it leaves

  private void dispatch(BigInteger number, List<Part> good) throws FacilitatorException {
    List<Part> parts = new ArrayList<>(good);
    GasAccount.Signed signed = recorded(number, parts);
    if (signed == null) {
      return;
    }
    List<QueuedPayment> payments = parts.stream().map(Part::queued).toList();
    for (QueuedPayment payment : payments) {
      payment.leavesIn(signed.hash());
      shared.ending().leaves(payment);
    }
    SentTransaction sent =
        new SentTransaction(account, signed, payments, ceiling(parts), shared.ticker().nanos());
    account.sent(sent);
    payments.forEach(inHand::remove);
    try {
      shared.broadcasts().send(sent);
    } finally {
      shared.watcher().watch(sent);
    }
  }

  /**
   * Signs the transaction and has it recorded. A payment that cannot be recorded, or has no time
   * left, drops out, and the transaction is made anew without it.
   *
   * @return the transaction, or null if no payment is left
   */
  private GasAccount.@Nullable Signed recorded(BigInteger number, List<Part> parts)
      throws FacilitatorException {
    while (!parts.isEmpty()) {
      GasAccount.Signed signed = account.sign(number, task(parts));
      Map<BeforeBroadcast, RuntimeException> failures =
          BeforeBroadcast.sendingAll(
              parts.stream().map(part -> part.queued().recorder()).toList(), signed.hash());
      boolean isWhole = true;
      for (Iterator<Part> each = parts.iterator(); each.hasNext(); ) {
        QueuedPayment payment = each.next().queued();
        RuntimeException failure = failures.get(payment.recorder());
        if (failure != null) {
          notSent(payment, failure);
        } else if (payment.isDone() || !hasTime(payment)) {
          failed(payment, SettlementEnding.expired());
        } else {
          continue;
        }
        each.remove();
        isWhole = false;
      }
      if (isWhole) {
        return signed;
      }
    }
    return null;
  }
}
