// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.both;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.settled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentRequired;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.extension.SignInMessage;
import io.github.x402j.extension.SignInWithX;
import java.io.ByteArrayInputStream;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client signs in for what its wallet has paid for, and only to the server that it asked. */
@Timeout(30)
class SignInTest {
  private static final String HEADER = "SIGN-IN-WITH-X";

  private final HttpClient wrapped = HttpClient.newHttpClient();
  private final SpendJournal journal = SpendJournal.inMemory();
  private final AgentWallet wallet =
      AgentWallet.provision("reader", SIGNER, journal)
          .limit("$1", BillingPeriod.EVER)
          .allowedDomains("127.0.0.1")
          .create();
  private final PayingHttpClient client = client().build();
  private final SignInWithX extension =
      SignInWithX.of(new byte[32], "Come back", Clock.systemUTC());
  private UnaryOperator<Map<String, Object>> announced = entry -> entry;
  private int status = 200;
  private Seller seller;

  private PayingHttpClient.Builder client() {
    return buyer(wrapped).signer(null).policy(null).wallet(wallet);
  }

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    seller.does(this::sells);
  }

  @AfterEach
  void close() {
    seller.close();
  }

  private PaymentRequired required(String path) {
    PaymentRequired required = forUrl(seller.url(path), option("$0.01"));
    Map<String, Object> entry = announced.apply(extension.announce(required).toMap());
    return new PaymentRequired(
        required.resource(), required.accepts(), null, Map.of(SignInWithX.EXTENSION, entry));
  }

  private Seller.Answer sells(Seller.Call call) {
    if (call.isPaid()) {
      return Seller.Answer.of(200, settled(call), "paid");
    }
    return call.header(HEADER).isPresent() && status != 402
        ? Seller.Answer.of(status, "signed in")
        : both(required(call.path()));
  }

  private List<Seller.Call> signIns() {
    return seller.calls().stream().filter(call -> call.header(HEADER).isPresent()).toList();
  }

  private HttpResponse<String> send(HttpClient over, HttpRequest.Builder request) throws Exception {
    return over.send(request.build(), BodyHandlers.ofString());
  }

  private String get(String path) throws Exception {
    return send(client, HttpRequest.newBuilder(seller.url(path))).body();
  }

  @Test
  void signs_in_rather_than_paying_again() throws Exception {
    assertThat(get("/a?x=1")).isEqualTo("paid");
    assertThat(signIns()).isEmpty();
    HttpResponse<String> again = send(client, HttpRequest.newBuilder(seller.url("/a?x=1")));
    assertThat(again.body()).isEqualTo("signed in");
    assertThat(Payment.of(again)).isEmpty();
    assertThat(again.request().headers().firstValue(HEADER)).isEmpty();
    assertThat(seller.paidCalls()).hasSize(1);
    assertThat(wallet.remaining()).hasToString("$0.99");

    SignInMessage.Signed signed =
        SignInWithX.read(List.of(signIns().get(0).header(HEADER).orElseThrow()));
    assertThat(extension.problem(signed, required("/a?x=1"))).isEmpty();
    byte[] signature = HexFormat.of().parseHex(signed.signature().substring(2));
    assertThat(EvmSignature.of(signature).signerOf(signed.message().digest()))
        .contains(SIGNER.address());
  }

  @Test
  void a_later_client_of_the_same_wallet_knows_what_was_paid() throws Exception {
    get("/a");
    assertThat(send(client().build().forTask("t"), HttpRequest.newBuilder(seller.url("/a"))).body())
        .isEqualTo("signed in");
  }

  @Test
  void a_request_with_a_body_is_another_if_its_body_is() throws Exception {
    for (String body : List.of("one", "one", "two")) {
      send(client, HttpRequest.newBuilder(seller.url("/a")).POST(BodyPublishers.ofString(body)));
    }
    assertThat(seller.paidCalls()).extracting(Seller.Call::body).containsExactly("one", "two");
    assertThat(signIns()).extracting(Seller.Call::body).containsExactly("one");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/b", "/a?x=2", "/a/"})
  void what_was_not_paid_for_is_paid_for(String path) throws Exception {
    get("/a?x=1");
    assertThat(get(path)).isEqualTo("paid");
    assertThat(signIns()).isEmpty();
  }

  @Test
  void a_payment_without_a_settlement_is_no_purchase() throws Exception {
    seller.does(
        call -> call.isPaid() ? Seller.Answer.of(200, "paid") : both(required(call.path())));
    get("/a");
    assertThat(get("/a")).isEqualTo("paid");
    assertThat(signIns()).isEmpty();
  }

  @Test
  void pays_once_where_the_sign_in_is_refused() throws Exception {
    get("/a");
    status = 402;
    assertThat(get("/a")).isEqualTo("paid");
    assertThat(signIns()).hasSize(1);
    assertThat(seller.paidCalls()).hasSize(2).noneMatch(call -> call.header(HEADER).isPresent());
    assertThat(wallet.remaining()).hasToString("$0.98");
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 404, 500, 503})
  void another_answer_is_the_callers_and_nothing_is_paid(int answered) throws Exception {
    get("/a");
    status = answered;
    HttpResponse<String> again = send(client, HttpRequest.newBuilder(seller.url("/a")));
    assertThat(again.statusCode()).isEqualTo(answered);
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> changed(Map<String, Object> entry, String name, Object value) {
    Map<String, Object> info = new LinkedHashMap<>((Map<String, Object>) entry.get("info"));
    info.put(name, value);
    Map<String, Object> all = new LinkedHashMap<>(entry);
    all.put("info", info);
    return all;
  }

  @ParameterizedTest
  @CsvSource({
    "domain, bank.example",
    "domain, 127.0.0.1",
    "uri, https://bank.example/",
    "uri, https://127.0.0.1/a",
    "statement, 'two\nURI: https://bank.example/'",
    "nonce, short",
    "version, 2"
  })
  void signs_nothing_that_is_for_another_server_or_not_of_its_form(String name, String value)
      throws Exception {
    get("/a");
    announced = entry -> changed(entry, name, value);
    assertThat(get("/a")).isEqualTo("paid");
    assertThat(signIns()).isEmpty();
  }

  @Test
  void an_offer_that_is_none_is_ignored() throws Exception {
    get("/a");
    for (Map<String, Object> entry :
        List.<Map<String, Object>>of(
            Map.of("info", "x"),
            Map.of("info", Map.of()),
            Map.of("info", Map.of(), "supportedChains", "eip155:84532"),
            Map.of("info", Map.of(), "supportedChains", List.of("eip155:84532")))) {
      announced = any -> entry;
      assertThat(get("/a")).isEqualTo("paid");
    }
    announced =
        entry -> {
          Map<String, Object> other = new LinkedHashMap<>(entry);
          other.put("supportedChains", List.of(Map.of("chainId", "eip155:1", "type", "eip191")));
          return other;
        };
    assertThat(get("/a")).isEqualTo("paid");
    assertThat(signIns()).isEmpty();
  }

  @Test
  void pays_always_if_it_is_told_so() throws Exception {
    HttpClient paying = client().withoutSignIn().build();
    for (int i = 0; i < 2; i++) {
      assertThat(send(paying, HttpRequest.newBuilder(seller.url("/a"))).body()).isEqualTo("paid");
    }
    assertThat(signIns()).isEmpty();
  }

  @Test
  void leaves_a_sign_in_of_the_callers_alone() throws Exception {
    get("/a");
    status = 402;
    send(client, HttpRequest.newBuilder(seller.url("/a")).header(HEADER, "mine"));
    assertThat(signIns())
        .allMatch(call -> call.header(HEADER).orElseThrow().equals("mine"))
        .hasSize(2);
  }

  @Test
  void a_revoked_wallet_signs_nothing() throws Exception {
    get("/a");
    wallet.revoke();
    assertThatThrownBy(() -> get("/a")).isInstanceOf(PaymentDeclinedException.class);
    assertThat(signIns()).isEmpty();
  }

  @Test
  void another_http_client_gets_the_header_to_sign_in_with() throws Exception {
    get("/a");
    HttpResponse<String> asked = send(wrapped, HttpRequest.newBuilder(seller.url("/a")));
    Payer payer = Payer.of(wallet, Asking.USDC);
    Map<String, String> headers = payer.signIn(answer(asked));
    HttpRequest.Builder signed = HttpRequest.newBuilder(seller.url("/a"));
    headers.forEach(signed::header);
    assertThat(send(wrapped, signed).body()).isEqualTo("signed in");
    HttpResponse<String> other = send(wrapped, HttpRequest.newBuilder(seller.url("/b")));
    assertThat(payer.signIn(answer(other))).isEmpty();
  }

  private static Answer402 answer(HttpResponse<String> response) {
    HttpHeaders headers = response.headers();
    return Answer402.of(
        "GET", response.uri(), headers, () -> new ByteArrayInputStream(new byte[0]));
  }
}
