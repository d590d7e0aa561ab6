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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends the transactions of one gas account, one after the other. Looks at the chain right before
 * each, and simulates exactly the transaction that is sent. Does not wait for what it has sent.
 */
final class SettlementSender implements SettlementQueue.Sender {
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

  private final GasAccount account;
  private final Shared shared;

  private final TakenPayments taken;

  /** The account cannot pay for a larger transaction, or the node does not answer for one. */
  private int most = Integer.MAX_VALUE;

  SettlementSender(GasAccount account, Shared shared) {
    this.account = account;
    this.shared = shared;
    this.taken = new TakenPayments(shared.queue(), shared.ending(), shared.clock());
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
      List<QueuedPayment> next = shared.queue().take(account, most);
      taken.add(next);
      if (!next.isEmpty()) {
        send(next);
      }
      return !next.isEmpty();
    } catch (FacilitatorException | RuntimeException e) {
      failure = e;
      return true;
    } finally {
      taken.notSent(failure);
    }
  }

  // ---- what it costs

  private void send(List<QueuedPayment> payments) throws FacilitatorException {
    shared.watcher().sendAgainWhatIsLate(account);
    BigInteger number = account.nextNumber();
    List<TransferPart> parts = new ArrayList<>();
    for (QueuedPayment payment : payments) {
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
  private Optional<TransferPart> part(QueuedPayment payment, boolean anew)
      throws FacilitatorException {
    if (!taken.hasTime(payment)) {
      taken.failed(payment, SettlementEnding.expired());
      return Optional.empty();
    }
    Chain.Call transfer = payment.transferBy(account.address());
    boolean isMeasured = !anew && shared.quotes().isMeasured(payment.payment());
    Chain.Quote quote =
        anew
            ? shared.quotes().estimate(payment.payment(), transfer)
            : shared.quotes().of(payment.payment(), transfer);
    if (quote.reverted() != null) {
      taken.reverts(payment);
      return Optional.empty();
    }
    BigInteger most = transfer.gas();
    if (most != null && quote.gas().compareTo(most) > 0) {
      taken.failed(
          payment, SettlementEnding.refused("the transfer needs more gas than is allowed"));
      return Optional.empty();
    }
    BigInteger gas = TransferPart.withReserve(quote.gas(), most);
    BigInteger ceiling = shared.ceiling().of(payment.payment().requirements(), gas);
    try {
      GasAccount.Fees.of(quote, ceiling);
    } catch (FacilitatorException e) {
      taken.notSent(payment, e);
      return Optional.empty();
    }
    return Optional.of(new TransferPart(payment, transfer, quote, gas, ceiling, isMeasured));
  }

  private void keepWithinTheMostGas(List<TransferPart> parts) {
    List<QueuedPayment> left = new ArrayList<>();
    while (parts.size() > 1 && TransferPart.gas(parts).compareTo(TransferPart.MOST_GAS) > 0) {
      left.add(0, parts.remove(parts.size() - 1).queued());
    }
    if (!left.isEmpty()) {
      taken.giveBack(left);
    }
  }

  // ---- the last look

  private void sendAlone(BigInteger number, TransferPart part) throws FacilitatorException {
    QueuedPayment payment = part.queued();
    GasAccount.Task task = TransferPart.task(List.of(part));
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
      Optional<TransferPart> estimated =
          part(payment, true); // perhaps it needs more gas than the others
      if (estimated.isPresent()) {
        sendAlone(number, estimated.get());
      }
    } else if (found.simulated() instanceof Chain.CallResult.Reverted) {
      taken.reverts(payment);
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
      taken.reverts(payment); // the chain knows whether it was paid
    } else {
      taken.failed(payment, new Settlement.Failed(refused.reason(), refused.detail()));
    }
    return true;
  }

  private void withoutFunds(QueuedPayment payment) {
    shared.funds().ranOut(account.address());
    payment.cannotBePaidBy(account.address());
    if (shared.queue().canBeSent(payment)) {
      taken.giveBack(List.of(payment));
    } else {
      taken.notSent(
          payment, new FacilitatorException("no gas account has enough for a settlement"));
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
    taken.remove(payment);
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

  private void sendTogether(BigInteger number, List<TransferPart> parts)
      throws FacilitatorException {
    GasAccount.Task task = TransferPart.task(parts);
    List<QueuedPayment> payments = parts.stream().map(TransferPart::queued).toList();
    SharedLook look;
    try {
      look = SharedLook.at(shared.chain(), payments, task, account.address());
    } catch (FacilitatorException e) { // the node may allow less in a call
      tryFewer(payments);
      return;
    }
    if (look.isWithoutFunds()) { // it may be enough for fewer
      tryFewer(payments);
      return;
    }
    if (!look.isSimulated()) {
      payments.forEach(QueuedPayment::sendAlone);
      taken.giveBack(payments);
      return;
    }
    List<TransferPart> good = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      if (isGood(parts.get(i).queued(), look.findings(i))) {
        good.add(parts.get(i));
      }
    }
    if (!good.isEmpty()) {
      dispatch(number, good);
    }
  }

  /** Ends with one at a time, whose look says why it does not go. */
  private void tryFewer(List<QueuedPayment> payments) {
    most = Math.max(1, payments.size() / 2);
    taken.giveBack(payments);
  }

  private boolean isGood(QueuedPayment payment, SharedLook.Finding found) {
    BigInteger balance = found.balance();
    if (balance != null && (isRefused(payment, found.refused()) || !isAdmitted(payment, balance))) {
      return false; // such as the second of several for which the payer has no money
    }
    if (found.isOdd()) {
      taken.giveBackAlone(payment);
      return false;
    }
    return true;
  }

  // ---- it leaves

  private void dispatch(BigInteger number, List<TransferPart> good) throws FacilitatorException {
    List<TransferPart> parts = new ArrayList<>(good);
    GasAccount.Signed signed = recorded(number, parts);
    if (signed == null) {
      return;
    }
    List<QueuedPayment> payments = parts.stream().map(TransferPart::queued).toList();
    payments.forEach(payment -> payment.leavesIn(signed.hash()));
    SentTransaction sent =
        new SentTransaction(
            account, signed, payments, TransferPart.ceiling(parts), shared.ticker().nanos());
    account.sent(sent);
    payments.forEach(taken::remove);
    try {
      shared.broadcasts().send(sent);
    } finally {
      shared.watcher().watch(sent);
    }
    most = most > Integer.MAX_VALUE / 2 ? most : 2 * most;
  }

  /**
   * Signs the transaction and has it recorded. A payment that cannot be recorded, or has no time
   * left, drops out, and the transaction is made anew without it.
   *
   * @return the transaction, or null if no payment is left
   */
  private GasAccount.@Nullable Signed recorded(BigInteger number, List<TransferPart> parts)
      throws FacilitatorException {
    while (!parts.isEmpty()) {
      GasAccount.Signed signed = account.sign(number, TransferPart.task(parts));
      Map<BeforeBroadcast, RuntimeException> failures =
          BeforeBroadcast.sendingAll(
              parts.stream().map(part -> part.queued().recorder()).toList(), signed.hash());
      boolean isWhole = true;
      for (Iterator<TransferPart> each = parts.iterator(); each.hasNext(); ) {
        QueuedPayment payment = each.next().queued();
        RuntimeException failure = failures.get(payment.recorder());
        if (failure != null) {
          taken.notSent(payment, failure);
        } else if (payment.isDone() || !taken.hasTime(payment)) {
          taken.failed(payment, SettlementEnding.expired());
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
