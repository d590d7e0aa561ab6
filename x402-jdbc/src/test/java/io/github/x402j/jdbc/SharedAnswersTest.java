// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.SaleTransport;
import io.github.x402j.gate.VerifiedPayment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two servers on one database and one chain: what one has sold, the other gives again. */
class SharedAnswersTest {
  private static final String OTHER_ROUTE = "GET /even";

  private final TestDatabase database =
      System.getProperty("x402.postgres", "").isEmpty()
          ? TestDatabase.h2()
          : TestDatabase.postgres();
  private final Shop shop = new Shop();
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeEach
  void makeTables() throws Exception {
    JdbcPaymentLedger.createTables(database.dataSource());
    JdbcAnswerStore.createTables(database.dataSource());
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    shop.close();
    database.drop();
  }

  private PaymentGate server() {
    JdbcPaymentLedger ledger = JdbcPaymentLedger.open(database.dataSource());
    JdbcAnswerStore answers = JdbcAnswerStore.open(database.dataSource());
    open.addAll(List.of(ledger, answers));
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(ledger)
            .paymentIdentifiers(PaymentIdentifiers.required().storedIn(answers))
            .facilitator(
                EvmFacilitator.builder(
                        shop.offer.network(),
                        Web3jChain.at(shop.chain.rpcUrl()),
                        EvmSigner.ofPrivateKey(shop.gasAccount().privateKey()))
                    .build())
            .build();
    gate.start(List.of(shop.offer));
    return gate;
  }

  private static String named(String header, String id) throws MalformedPaymentException {
    return PaymentCodec.encodePayload(
        PaymentCodec.decodePayload(header, 2)
            .withInfo(PaymentIdentifiers.EXTENSION, Map.of("required", true, "id", id)));
  }

  private String sell(PaymentGate gate, String request, String header) {
    Answer answer = new Answer();
    gate.sell(
        Shop.challenge(gate, shop.offer),
        Purchase.of(request, "GET"),
        name -> name.equalsIgnoreCase("PAYMENT-SIGNATURE") ? List.of(header) : List.of(),
        answer);
    return answer.said;
  }

  @Test
  void anAnswerOfOneServerIsGivenByTheOtherForTheSameRequestAlone() throws Exception {
    PaymentGate one = server();
    PaymentGate other = server();
    String header = named(shop.header, "purchase-number-1");
    assertThat(sell(one, Shop.REQUEST, header)).isEqualTo("sold");
    assertThat(sell(other, Shop.REQUEST, header)).isEqualTo("again: sold");
    assertThat(sell(server(), Shop.REQUEST, header)).isEqualTo("again: sold");

    assertThat(sell(other, OTHER_ROUTE, header)).isEqualTo("409");
    assertThat(sell(other, Shop.REQUEST, named(shop.header, "purchase-number-2")))
        .isEqualTo("402"); // who guesses another name
    assertThat(sell(other, Shop.REQUEST, shop.header)).isEqualTo("400");
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  /** Keeps what was said. */
  private static final class Answer implements SaleTransport<RuntimeException> {
    private static final StoredAnswer SOLD =
        StoredAnswer.of(200, Map.of(), "sold".getBytes(StandardCharsets.UTF_8));

    private String said = "";

    @Override
    public void refuse(Refusal refusal) {
      said = Integer.toString(refusal.status());
    }

    @Override
    public void repeat(StoredAnswer answer) {
      said = "again: " + new String(answer.body(), StandardCharsets.UTF_8);
    }

    @Override
    public void run(VerifiedPayment payment, Ending<RuntimeException> ending) {
      ending.completed();
    }

    @Override
    public void fail(VerifiedPayment payment) {
      said = "failed";
    }

    @Override
    public void addHeaders(VerifiedPayment payment, Map<String, String> headers) {}

    @Override
    public Optional<StoredAnswer> copy(long maxBytes) {
      return Optional.of(SOLD);
    }

    @Override
    public void deliver(VerifiedPayment payment) {
      said = "sold";
    }
  }
}
