// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.LocalChain;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A gas account that another process sends from, too. */
class SharedGasAccountTest {
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
