// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Settlement;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.Untouchable;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a node may show that no chain of ours would: each sign of a payment alone is none. */
class PaymentOutcomeTest {
  private static final String TX = "0x" + "ab".repeat(32);
  private static final Address ASSET = Sale.OFFER.asset();
  private static final Address STRANGER =
      Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  private static final TransferAuthorization PAYMENT = Sale.authorization(Sale.nonce(1));
  private static final Chain.Event USED =
      new Chain.Event(ASSET, Eip3009.usedTopics(PAYMENT), "0x", TX);
  private static final Chain.Event MOVED = transfer(ASSET, PAYMENT);

  private static Chain.Event transfer(Address contract, TransferAuthorization a) {
    return new Chain.Event(
        contract,
        List.of(Eip3009.TRANSFER, topic(a.from()), topic(a.to())),
        "0x" + Hex.word(a.value().atomicUnits()),
        TX);
  }

  private static String topic(Address address) {
    return "0x" + "0".repeat(24) + address.lowerCase().substring(2);
  }

  /** A chain on which the authorization is unused and the newest block is of this time. */
  private static PaymentOutcome at(Instant blockTime) {
    Chain chain =
        new DelegatingChain(Untouchable.of(Chain.class)) {
          @Override
          public List<CallResult> call(List<Call> calls) {
            return List.of(new CallResult.Returned("0x" + "0".repeat(64)));
          }

          @Override
          public Head head() {
            return new Head(BigInteger.TEN, blockTime);
          }
        };
    return new PaymentOutcome(
        chain,
        BlockReads.once(chain),
        new Eip3009Payment.Proof(ASSET, PAYMENT),
        Set.of(STRANGER),
        1,
        EventSearchWindow.of(100));
  }

  private static Settlement of(boolean succeeded, Chain.Event... events) throws Exception {
    return at(Sale.NOW)
        .of(new Chain.Receipt(TX, STRANGER, succeeded, BigInteger.ONE, List.of(events)));
  }

  @Test
  void isSettledByBothEventsOfATransactionThatSucceeded() throws Exception {
    assertThat(of(true, USED, MOVED)).isInstanceOf(Settlement.Settled.class);
    assertThat(of(true, MOVED, USED)).isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void isNotSettledByATransactionThatWasReverted() throws Exception {
    assertThat(of(false, USED, MOVED)).isInstanceOf(Settlement.Failed.class);
  }

  @Test
  void isNotSettledByATransferWithoutTheAuthorization() throws Exception {
    TransferAuthorization other = Sale.authorization(Sale.nonce(2));
    Chain.Event otherUse = new Chain.Event(ASSET, Eip3009.usedTopics(other), "0x", TX);

    assertThat(of(true, MOVED)).isInstanceOf(Settlement.Failed.class);
    assertThat(of(true, otherUse, MOVED)).isInstanceOf(Settlement.Failed.class);
  }

  @Test
  void isNotSettledByATransferOfAnotherTokenToAnotherPayeeOrOfAnotherValue() throws Exception {
    TransferAuthorization a = PAYMENT;
    Chain.Event toAnother =
        transfer(
            ASSET,
            new TransferAuthorization(
                a.from(), STRANGER, a.value(), a.validAfter(), a.validBefore(), a.nonce()));
    Chain.Event less =
        new Chain.Event(ASSET, MOVED.topics(), "0x" + Hex.word(BigInteger.valueOf(9_999)), TX);

    for (Chain.Event wrong : List.of(transfer(STRANGER, a), toAnother, less)) {
      assertThat(of(true, USED, wrong)).isInstanceOf(Settlement.Failed.class);
    }
    assertThat(of(true, new Chain.Event(STRANGER, USED.topics(), "0x", TX), MOVED))
        .isInstanceOf(Settlement.Failed.class);
  }

  @Test
  void hasFailedWhenTheChainsTimeIsTheEndOfTheWindowAndNotASecondBefore() throws Exception {
    Instant end = Instant.ofEpochSecond(PAYMENT.validBefore().longValueExact());

    assertThat(at(end.minusSeconds(1)).now(List.of())).isInstanceOf(Settlement.Pending.class);
    assertThat(at(end).now(List.of())).isInstanceOf(Settlement.Failed.class);
  }
}
