// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.TokenAmount;
import io.github.x402j.gate.InMemorySalesBook;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import io.github.x402j.gate.SalesBook.State;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a webapp sold, in its sales book. */
class SalesTest {
  private static final InMemorySalesBook BOOK = InMemorySalesBook.create();
  private static final ReceiptIssuer ISSUER =
      ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL)
          .key(SigningKey.generated(ReceiptAlgorithm.ES256))
          .build();

  @RequiresPayment("$0.02")
  private static final class Annotated extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write("annotated");
    }
  }

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.routes(
                      Route.get("/paid/*").price("$0.01").pass(Duration.ofMinutes(10)),
                      Route.of("/stream/*").price("$0.01").settleFirst())
                  .handlers(
                      Map.of(
                          "it", (request, response) -> response.getWriter().write("it"),
                          "fails", (request, response) -> response.sendError(500)))
                  .site(
                      context ->
                          TestContainer.addServlet(
                              context, "annotated", new Annotated(), "/annotated/*"))
                  .filter(filter -> filter.receipts(ISSUER).salesBook(BOOK)));

  private static List<Entry> bought(TestPayer payer) {
    List<Entry> entries = new ArrayList<>();
    BOOK.forEach(Filter.all().payer(Address.parse(payer.address())), entries::add);
    return entries;
  }

  @Test
  void namesWhatWasSoldAsTheSellerDoes() throws Exception {
    for (PaidWebapp app : RUNNING.values()) {
      TestPayer payer = RUNNING.market().payer();
      RawHttp.Response paid = app.pay(payer, "/paid/it?token=secret");
      assertThat(paid.status()).isEqualTo(200);
      app.get("/paid/it", "X-Payment-Receipt: " + paid.header("X-Payment-Receipt"));
      app.pay(payer, "/stream/it");
      app.pay(payer, "/annotated/it?token=secret");
      List<Entry> entries = bought(payer);
      assertThat(entries)
          .extracting(Entry::route)
          .containsExactly(
              "GET /paid/*", "GET /paid/*", "/stream/*", Market.PUBLIC_URL + "/annotated/it");
      assertThat(entries).allMatch(entry -> entry.state() == State.DELIVERED);
      assertThat(entries)
          .extracting(Entry::amount)
          .containsExactly(
              TokenAmount.of(10_000),
              TokenAmount.of(0),
              TokenAmount.of(10_000),
              TokenAmount.of(20_000));
      assertThat(entries.get(0).pass()).isNull();
      assertThat(entries.get(1).pass()).isNotNull();
      assertThat(entries.get(1).transaction()).isEqualTo(entries.get(0).transaction());
      assertThat(entries.get(3).currency().symbol()).isEqualTo(RUNNING.market().usdc.name());
    }
  }

  @Test
  void countsWhatWasPaidAndNotDelivered() throws Exception {
    for (PaidWebapp app : RUNNING.values()) {
      TestPayer payer = RUNNING.market().payer();
      assertThat(app.pay(payer, "/paid/fails").status()).isEqualTo(500);
      assertThat(bought(payer)).isEmpty(); // the payer paid nothing
      app.pay(payer, "/stream/fails");
      assertThat(bought(payer)).extracting(Entry::state).containsExactly(State.SETTLED);
    }
  }
}
