// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.both;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.settled;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client shows a receipt before it pays again, and only to the seller that it is from. */
@Timeout(30)
class ReceiptsTest {
  private static final Instant LATER = NOW.plusSeconds(600);

  private final HttpClient wrapped =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.ALWAYS).build();
  private final ReceiptStore store = ReceiptStore.inMemory();
  private final HttpClient client = buyer(wrapped).receipts(store).build();
  private final Map<String, String> onPayment = new HashMap<>();
  private final AtomicInteger accepted = new AtomicInteger(Integer.MAX_VALUE);
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    onPayment.put(Receipts.RECEIPT, token("a", LATER));
    onPayment.put(Receipts.REMAINING, "unlimited");
    seller.does(this::sells);
  }

  @AfterEach
  void close() {
    seller.close();
  }

  private Seller.Answer sells(Seller.Call call) {
    if (call.isPaid()) {
      Map<String, String> headers = new HashMap<>(settled(call));
      headers.putAll(onPayment);
      return Seller.Answer.of(200, headers, "paid");
    }
    return receipt(call).isPresent() && accepted.getAndDecrement() > 0
        ? Seller.Answer.of(200, "shown")
        : both(forUrl(seller.url(call.path()), option("$0.01")));
  }

  private static Optional<String> receipt(Seller.Call call) {
    return call.header(Receipts.RECEIPT);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }

  @Test
  void showsAPassInsteadOfPayingAgain() throws Exception {
    assertThat(get("/pass").body()).isEqualTo("paid");
    HttpResponse<String> again = get("/pass?page=2");
    assertThat(again.body()).isEqualTo("shown");
    assertThat(Payment.of(again)).isEmpty();
    assertThat(again.request().headers().map()).doesNotContainKey(Receipts.RECEIPT);
    assertThat(seller.paidCalls()).hasSize(1);
    assertThat(seller.calls()).hasSize(3);
  }

  @Test
  void aReceiptThatOnlyProvesThePaymentIsKeptAndNotShown() throws Exception {
    onPayment.remove(Receipts.REMAINING);
    get("/pass");
    get("/pass");
    assertThat(seller.paidCalls()).hasSize(2);
    assertThat(seller.calls()).noneMatch(call -> receipt(call).isPresent());
    assertThat(store.all()).singleElement().matches(receipt -> receipt.uses() == 0);
  }

  @Test
  void paysWhereAPassIsRefusedAndShowsItNoMore() throws Exception {
    get("/pass");
    accepted.set(0);
    onPayment.put(Receipts.RECEIPT, token("b", LATER));
    assertThat(get("/pass").body()).isEqualTo("paid");
    assertThat(store.all()).extracting(StoredReceipt::token).containsExactly(token("b", LATER));
    assertThat(seller.paidCalls()).hasSize(2).noneMatch(call -> receipt(call).isPresent());
  }

  @Test
  void countsTheUsesAsTheSellerDoes() throws Exception {
    onPayment.put(Receipts.REMAINING, "2");
    get("/pass");
    get("/pass");
    get("/pass");
    assertThat(seller.paidCalls()).hasSize(1);
    get("/pass");
    assertThat(seller.paidCalls()).hasSize(2);
    assertThat(seller.calls()).filteredOn(call -> receipt(call).isPresent()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET /pass        | GET  | /pass        | true
          GET /pass        | HEAD | /pass        | true
          GET /pass        | GET  | /pass/       | true
          GET /pass        | POST | /pass        | false
          GET /pass        | GET  | /pass/more   | false
          GET /pass        | GET  | /Pass        | false
          GET /pass        | GET  | /            | false
          /api/*, GET /x   | POST | /api         | true
          /api/*, GET /x   | GET  | /api/a/b     | true
          /api/*, GET /x   | GET  | /apis        | false
          /api/*, GET /x   | GET  | /x           | true
          /*               | GET  | /            | true
          /report/{id}.pdf | GET  | /report/7.pdf| true
          /report/{id}.pdf | GET  | /report/.pdf | false
          /report/{id}     | GET  | /report/7/x  | false
          GET /pass        | GET  | /a/../pass   | false
          GET /p%2Cass     | GET  | /p,ass       | true
          GET /p%C3%A4ss   | GET  | /p%c3%a4ss   | true
          GET /p%zz        | GET  | /p           | false
          """)
  void showsAPassForWhatTheSellerSaysThatItCovers(
      String covers, String method, String path, boolean shown) throws Exception {
    onPayment.put(Receipts.COVERS, covers);
    get("/bought");
    client.send(
        HttpRequest.newBuilder(seller.url(path)).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
    assertThat(seller.calls().get(2).header(Receipts.RECEIPT).isPresent()).isEqualTo(shown);
  }

  @Test
  void showsNothingToAnotherOrigin() throws Exception {
    get("/pass");
    try (Seller other = Seller.start()) {
      other.does(call -> Seller.Answer.of(200, "free"));
      client.send(HttpRequest.newBuilder(other.url("/pass")).build(), BodyHandlers.ofString());
      seller.does(call -> Seller.Answer.of(200, "free"));
      String port = ":" + seller.url("/").getPort();
      client.send(
          HttpRequest.newBuilder(URI.create("http://localhost" + port + "/pass")).build(),
          BodyHandlers.ofString());
      assertThat(other.calls()).hasSize(1).noneMatch(call -> receipt(call).isPresent());
      assertThat(seller.calls()).noneMatch(call -> receipt(call).isPresent());
    }
  }

  @Test
  void takesNoReceiptAlongARedirect() throws Exception {
    get("/pass");
    try (Seller other = Seller.start()) {
      other.does(call -> Seller.Answer.of(200, "free"));
      String elsewhere = other.url("/pass").toString();
      seller.does(call -> Seller.Answer.of(302, Map.of("Location", elsewhere), ""));
      assertThat(get("/pass").statusCode()).isEqualTo(302);
      assertThat(other.calls()).isEmpty();
    }
  }

  @Test
  void showsNothingOverPlainHttpWhateverTheStoreSays() {
    String origin = "http://shop.example:80";
    ReceiptStore careless = new Careless(List.of("http://shop.example:80"));
    Receipts receipts = new Receipts(careless, Clock.fixed(NOW, ZoneOffset.UTC));
    assertThat(receipts.covering(HttpRequest.newBuilder(URI.create(origin + "/pass")).build()))
        .isEmpty();
  }

  @Test
  void showsNothingOfAnotherOriginOrExpiredWhateverTheStoreSays() {
    ReceiptStore careless = new Careless(List.of("https://other.example:443"));
    Receipts receipts = new Receipts(careless, Clock.fixed(NOW, ZoneOffset.UTC));
    URI shop = URI.create("https://shop.example/pass");
    assertThat(receipts.covering(HttpRequest.newBuilder(shop).build())).isEmpty();
    URI other = URI.create("https://other.example/pass");
    assertThat(receipts.covering(HttpRequest.newBuilder(other).build())).isPresent();
    Receipts tooLate = new Receipts(careless, Clock.fixed(LATER, ZoneOffset.UTC));
    assertThat(tooLate.covering(HttpRequest.newBuilder(other).build())).isEmpty();
  }

  @Test
  void keepsNothingThatAFreeResponseHandsOut() throws Exception {
    seller.does(call -> Seller.Answer.of(200, onPayment, "free"));
    get("/pass");
    assertThat(store.all()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "no-receipt",
    "a.b.c",
    "e30.e30.e30",
    "e30.!!.sig",
    "''",
    "e30.eyJleHAiOjF9.sig",
  })
  void keepsNothingThatIsNoReceipt(String token) throws Exception {
    onPayment.put(Receipts.RECEIPT, token);
    assertThat(get("/pass").body()).isEqualTo("paid");
    assertThat(store.all()).isEmpty();
  }

  @Test
  void keepsNothingWithAnEndlessCoverage() throws Exception {
    onPayment.put(Receipts.COVERS, "/a,".repeat(StoredReceipt.MAX_COVERED + 1));
    assertThat(get("/pass").body()).isEqualTo("paid");
    assertThat(store.all()).isEmpty();
  }

  @Test
  void aStoreThatCannotWriteCostsNoResponse() throws Exception {
    HttpClient unlucky = buyer(wrapped).receipts(new Careless(List.of())).build();
    HttpResponse<String> response =
        unlucky.send(HttpRequest.newBuilder(seller.url("/pass")).build(), BodyHandlers.ofString());
    assertThat(response.body()).isEqualTo("paid");
  }

  @Test
  void showsAReceiptThatWasBoughtElsewhereOnce() throws Exception {
    store.keep(StoredReceipt.forOneRequest("GET", seller.url("/once"), LATER, token("net", LATER)));
    assertThat(get("/once").body()).isEqualTo("shown");
    assertThat(get("/once").body()).isEqualTo("paid");
    assertThat(seller.calls().get(0).header(Receipts.RECEIPT)).contains(token("net", LATER));
    assertThat(seller.calls().get(1).header(Receipts.RECEIPT)).isEmpty();
  }

  @Test
  void aFailureTakesNoUse() throws Exception {
    store.keep(StoredReceipt.forOneRequest("GET", seller.url("/once"), LATER, token("net", LATER)));
    seller.does(call -> Seller.Answer.of(503, "later"));
    assertThat(get("/once").statusCode()).isEqualTo(503);
    seller.does(this::sells);
    assertThat(get("/once").body()).isEqualTo("shown");
  }

  /** Returns the same for every origin, and keeps nothing. */
  private record Careless(List<String> origins) implements ReceiptStore {
    @Override
    public void keep(StoredReceipt receipt) throws IOException {
      throw new IOException("no space");
    }

    @Override
    public void drop(StoredReceipt receipt) throws IOException {
      throw new IOException("no space");
    }

    @Override
    public List<StoredReceipt> of(String origin, Instant now) {
      return all();
    }

    @Override
    public List<StoredReceipt> all() {
      return origins.stream()
          .map(
              origin ->
                  new StoredReceipt(origin, List.of("GET /pass"), null, LATER, token("a", LATER)))
          .toList();
    }
  }

  /** Returns a token with this identifier, which is never checked. */
  private static String token(String id, Instant expires) {
    String claims = "{\"jti\":\"" + id + "\",\"exp\":" + expires.getEpochSecond() + "}";
    return "e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
        + ".sig";
  }
}
