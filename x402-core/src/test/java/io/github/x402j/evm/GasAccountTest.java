// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.LocalChain;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.web3j.crypto.transaction.type.TransactionType;

/** What an account pays for gas, and how it numbers its transactions. */
class GasAccountTest {
  private static final BigInteger ONE = BigInteger.ONE;

  private static Chain.Quote quote(@Nullable Long baseFee, long priorityFee, long gasPrice) {
    return new Chain.Quote(
        BigInteger.valueOf(90_000),
        null,
        baseFee == null ? null : BigInteger.valueOf(baseFee),
        BigInteger.valueOf(priorityFee),
        BigInteger.valueOf(gasPrice));
  }

  private static GasAccount.Fees fees(Chain.Quote quote, long ceiling) throws FacilitatorException {
    return GasAccount.Fees.of(quote, BigInteger.valueOf(ceiling));
  }

  private static GasAccount.Fees eip1559(long priorityFee, long maxFee) {
    return new GasAccount.Fees.Eip1559(BigInteger.valueOf(priorityFee), BigInteger.valueOf(maxFee));
  }

  @Test
  void paysTheGasPriceWhereThereIsNoBaseFee() throws Exception {
    assertThat(fees(quote(null, 0, 70), 100))
        .isEqualTo(new GasAccount.Fees.Legacy(BigInteger.valueOf(70)));
  }

  @Test
  void standsADoublingOfTheBaseFee() throws Exception {
    assertThat(fees(quote(30L, 2, 32), 100)).isEqualTo(eip1559(2, 62));
  }

  @Test
  void offersNeverMoreThanTheCeiling() throws Exception {
    assertThat(fees(quote(30L, 2, 32), 62)).isEqualTo(eip1559(2, 62));
    assertThat(fees(quote(30L, 2, 32), 61)).isEqualTo(eip1559(2, 61));
  }

  @Test
  void sendsAtExactlyTheCeilingAndNotAboveIt() throws Exception {
    assertThat(fees(quote(null, 0, 100), 100))
        .isEqualTo(new GasAccount.Fees.Legacy(BigInteger.valueOf(100)));
    assertThat(fees(quote(98L, 2, 100), 100)).isEqualTo(eip1559(2, 100));

    for (Chain.Quote dear : new Chain.Quote[] {quote(null, 0, 101), quote(99L, 2, 101)}) {
      assertThatExceptionOfType(FacilitatorException.class)
          .isThrownBy(() -> fees(dear, 100))
          .withMessage("gas costs 101 wei now, above the ceiling of 100");
    }
  }

  @Test
  void takesABaseFeeOfZeroForABaseFee() throws Exception {
    assertThat(fees(quote(0L, 1, 1), 100)).isEqualTo(eip1559(1, 1));
  }

  @Test
  void makesTransactionsOfItsKind() {
    assertThat(new GasAccount.Fees.Legacy(ONE).transaction(1, ONE, ONE, "0x1", "0x").getType())
        .isEqualTo(TransactionType.LEGACY);
    assertThat(
            new GasAccount.Fees.Eip1559(ONE, ONE).transaction(1, ONE, ONE, "0x1", "0x").getType())
        .isEqualTo(TransactionType.EIP1559);
  }

  // ---- an account that another process sends from, too

  @Test
  void numbersAnewWhenAnotherProcessHasUsedTheAccount() throws Exception {
    LocalChain chain = LocalChain.start();
    try (Shop shop = Shop.on(chain)) {
      EvmFacilitator one = shop.builder().build();
      EvmFacilitator other = shop.builder().build();
      assertThat(settle(shop, one, new ArrayList<>())).isInstanceOf(Settlement.Settled.class);
      assertThat(settle(shop, other, new ArrayList<>())).isInstanceOf(Settlement.Settled.class);
      List<String> recorded = new ArrayList<>();

      assertThat(settle(shop, one, recorded))
          .isInstanceOfSatisfying(
              Settlement.Settled.class,
              settled ->
                  assertThat(settled.transaction())
                      .as("the hash that was recorded last")
                      .isEqualTo(recorded.get(recorded.size() - 1)));
      assertThat(recorded).hasSize(2); // the number that was taken, and the next
      assertThat(chain.nonce(shop.gas.address())).isEqualTo(3);
    }
  }

  private static Settlement settle(Shop shop, EvmFacilitator facilitator, List<String> recorded)
      throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    return facilitator.settle(payment, recorded::add);
  }
}
