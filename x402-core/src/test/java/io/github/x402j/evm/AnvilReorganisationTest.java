// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.LocalChain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks that are replaced, up to the confirmations, on the node of {@code -Dx402.rpc}. */
class AnvilReorganisationTest {
  private static final int CONFIRMATIONS = 3;

  private final Shop shop = Shop.open();
  private final List<String> recorded = new ArrayList<>();

  @BeforeEach
  void onlyThere() {
    assumeTrue(!(shop.chain instanceof LocalChain), "ReorganisationTest is for the local chain");
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private EvmFacilitator facilitator() {
    return shop.builder()
        .confirmations(CONFIRMATIONS)
        .settleTimeout(Duration.ofMillis(300))
        .build();
  }

  private void mine(int blocks) throws Exception {
    for (int i = 0; i < blocks; i++) {
      ChainSale.rpc(shop.chain, "anvil_mine", "0x1");
    }
  }

  private void replace(int blocks) throws Exception {
    ChainSale.rpc(shop.chain, "anvil_reorg", blocks, List.of());
  }

  private boolean isThere(String transaction) throws Exception {
    JsonNode receipt = ChainSale.rpc(shop.chain, "eth_getTransactionReceipt", transaction);
    return !receipt.isNull();
  }

  /**
   * A transaction that a reorganisation has dropped is sent again; until blocks that stay confirm
   * it, the payment is neither settled nor failed.
   */
  @ParameterizedTest
  @CsvSource({"0, 1", "1, 2", "1, 1", "2, 2"})
  void isSettledOnlyByBlocksThatStay(int mined, int replaced) throws Exception {
    EvmFacilitator facilitator = facilitator();
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    assertThat(facilitator.settle(payment, recorded::add)).isInstanceOf(Settlement.Pending.class);
    mine(mined);
    boolean isFinal = mined >= CONFIRMATIONS - 1;
    assertThat(facilitator.outcome(payment, recorded) instanceof Settlement.Settled)
        .isEqualTo(isFinal);
    replace(replaced);
    System.out.printf(
        "EVM: %d blocks after the transaction, %d replaced: it %s%n",
        mined, replaced, isThere(recorded.get(0)) ? "stays" : "is gone");
    Settlement outcome = facilitator.outcome(payment, recorded);
    for (int i = 0; i < 100 && !(outcome instanceof Settlement.Settled); i++) {
      assertThat(outcome).isInstanceOf(Settlement.Pending.class);
      Thread.sleep(50); // the watcher's next look
      mine(1);
      outcome = facilitator.outcome(payment, recorded);
    }
    assertThat(outcome).isInstanceOf(Settlement.Settled.class);
    assertThat(recorded).as("the same bytes").hasSize(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }
}
