// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.testing.LocalChain;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a listener of the chain is told, and that it is told the end of everything that begins. */
class ChainListenerTest {
  private final LocalChain chain = LocalChain.start();
  private final ChainSale sale = ChainSale.on(chain);
  private final Recorder recorder = new Recorder();

  private static final class Recorder implements ChainListener {
    final List<String> messages = Collections.synchronizedList(new ArrayList<>());
    final List<Chain.Receipt> mined = Collections.synchronizedList(new ArrayList<>());
    volatile int begun;
    volatile int payments;

    @Override
    public synchronized Exchange asking(String method) {
      begun++;
      return outcome -> messages.add(method + " " + outcome);
    }

    @Override
    public void mined(Chain.Receipt receipt, int settled) {
      mined.add(receipt);
      payments += settled;
    }
  }

  @AfterEach
  void close() {
    chain.close();
  }

  @Test
  void tellsOfEachMessageAndOfWhatASettlementCosts() throws Exception {
    EvmFacilitator facilitator = sale.facilitator().listener(recorder).build();
    facilitator.start(List.of(sale.offer()));
    BigInteger before = chain.etherBalance(sale.gas().address());
    Settlement settlement =
        sale.settle(facilitator, sale.pay(facilitator, sale.payer(ChainSale.PRICE)));
    assertThat(settlement).isInstanceOf(Settlement.Settled.class);
    assertThat(recorder.messages)
        .contains("eth_chainId ANSWERED", "eth_sendRawTransaction ANSWERED")
        .hasSize(recorder.begun);
    assertThat(recorder.payments).isEqualTo(1);
    assertThat(recorder.mined)
        .singleElement()
        .extracting(Chain.Receipt::fee)
        .isEqualTo(before.subtract(chain.etherBalance(sale.gas().address())));
    assertThat(facilitator.waitingPayments()).isZero();
    assertThat(facilitator.sentTransactions()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"error, ERROR", "drop, UNREACHABLE", "status, UNREACHABLE", "garbage, UNREACHABLE"})
  void tellsHowAMessageFails(String fault, String outcome) {
    switch (fault) {
      case "error" -> chain.faults().error("eth_chainId", -32601, "no such method");
      case "drop" -> chain.faults().drop("eth_chainId");
      case "status" -> chain.faults().status("eth_chainId", 503);
      default -> chain.faults().garbage("eth_chainId", "<html>");
    }
    Chain told = Web3jChain.at(chain.rpcUrl()).withListener(recorder);
    assertThatThrownBy(told::chainId).isInstanceOf(FacilitatorException.class);
    assertThat(recorder.messages).isNotEmpty().allMatch(each -> each.endsWith(" " + outcome));
    assertThat(recorder.messages).hasSize(recorder.begun);
  }

  @Test
  void aListenerThatThrowsStopsNoPayment() throws Exception {
    ChainListener broken =
        new ChainListener() {
          @Override
          public Exchange asking(String method) {
            if (method.equals("eth_chainId")) {
              throw new IllegalStateException("asking");
            }
            return outcome -> {
              throw new IllegalStateException("ended");
            };
          }

          @Override
          public void mined(Chain.Receipt receipt, int payments) {
            throw new IllegalStateException("mined");
          }
        };
    EvmFacilitator facilitator = sale.facilitator().listener(broken).build();
    facilitator.start(List.of(sale.offer()));
    assertThat(sale.settle(facilitator, sale.pay(facilitator, sale.payer(ChainSale.PRICE))))
        .isInstanceOf(Settlement.Settled.class);
  }
}
