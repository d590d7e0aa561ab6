// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.extension.SignInMessage;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A payer that has paid comes back by the signature of its wallet. */
class SignInTest {
  private static final EvmSigner STRANGER = EvmSigner.ofPrivateKey("11".repeat(32));
  private static final String GRANTED = "granted sign-in-with-x";
  private static final String HEADER = "SIGN-IN-WITH-X";

  private final MutableClock clock = new MutableClock(Sale.NOW);
  private final Shop shop = new Shop();
  private final Store store = new Store();
  private final MemoryTransport transport = MemoryTransport.running(() -> true);
  private final List<String> events = new ArrayList<>();
  private PaymentGate gate = gate();

  /** Checks signatures for real, and settles everything. */
  private static final class Shop implements Facilitator {
    private final EvmLocalChecks checks = EvmLocalChecks.builder().clock(Sale.CLOCK).build();
    private final List<String> asked = new ArrayList<>();
    private boolean acceptsContracts;
    private FacilitatorException failure;
    private boolean isOut;

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public Optional<String> outage() {
      return isOut ? Optional.of("no gas") : Optional.empty();
    }

    @Override
    public boolean supports(String scheme, Network network) {
      return true;
    }

    @Override
    public WalletSignatures wallets() {
      return new WalletSignatures() {
        @Override
        public boolean isOfAccount(Address account, byte[] digest, String signature) {
          asked.add("account");
          return checks.wallets().isOfAccount(account, digest, signature);
        }

        @Override
        public boolean asksContracts(Network network) {
          return acceptsContracts;
        }

        @Override
        public boolean isOfContract(Network network, Address at, byte[] digest, String signature)
            throws FacilitatorException {
          asked.add("contract on " + network);
          if (failure != null) {
            throw failure;
          }
          return signature.startsWith("0xc0de");
        }
      };
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return checks.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) {
      return new Verification.Valid(payment);
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      asked.add("settle");
      beforeBroadcast.sending(ScriptedFacilitator.TX);
      return new Settlement.Settled(
          ScriptedFacilitator.TX, payment.payer(), payment.requirements().amount());
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions) {
      return new Settlement.Pending(null);
    }
  }

  /** A store in memory that can fail, and says what it is asked. */
  private static final class Store implements SignInStore {
    private final SignInStore memory = InMemorySignInStore.withCapacity(3);
    private final List<String> calls = new ArrayList<>();
    private boolean fails;
    private boolean isBroken;

    private void call(String what) {
      calls.add(what);
      if (fails) {
        throw new LedgerException("the store does not answer");
      }
    }

    @Override
    public byte[] nonceKey() {
      return memory.nonceKey();
    }

    @Override
    public void record(Bought bought) {
      call("record");
      if (isBroken) {
        throw new IllegalStateException("a pool that is closed");
      }
      memory.record(bought);
    }

    @Override
    public Set<Network> boughtOn(String item, Address payer, Instant now) {
      call("boughtOn");
      return memory.boughtOn(item, payer, now);
    }

    @Override
    public boolean use(String nonce, Instant until, Instant now) {
      call("use");
      return memory.use(nonce, until, now);
    }
  }

  private PaymentGate gate(AccessHook... hooks) {
    PaymentGate.Builder builder =
        PaymentGate.builder()
            .facilitator(shop)
            .signInStore(store)
            .signInStatement("Come back for what you bought")
            .clock(clock)
            .listener(
                new PaymentListener() {
                  @Override
                  public void granted(PaymentRequired required, String reason) {
                    events.add("granted " + reason);
                  }

                  @Override
                  public void failed(PaymentRequired required, ErrorReason why, String detail) {
                    events.add(why + " " + detail);
                  }
                });
    Stream.of(hooks).forEach(builder::access);
    return builder.build();
  }

  private static Purchase purchase(String request) {
    return Sale.purchase(request).withRoute("GET /premium").withSignIn(Duration.ofHours(1));
  }

  private static final Purchase PREMIUM = purchase("GET /premium");

  private void ask(PaymentRequired required, Purchase purchase, String... headers) {
    transport.calls.clear();
    events.clear();
    shop.asked.clear();
    store.calls.clear();
    Challenge challenge = gate.challenge(required, List.of(gate.signInExtension()));
    gate.sell(challenge, purchase, Sale.headers(headers), transport);
  }

  private void ask(String... headers) {
    ask(Sale.REQUIRED, PREMIUM, headers);
  }

  private void pay(int number) {
    ask("PAYMENT-SIGNATURE", PaymentCodec.encodePayload(Sale.v2(number)));
    assertThat(transport.calls).endsWith("deliver");
  }

  private PaymentRequired told() throws Exception {
    return PaymentCodec.decodeRequired(transport.refusal.headers().get("PAYMENT-REQUIRED"));
  }

  /** Returns what a 402 asks to be signed. */
  private Map<String, Object> asked() throws Exception {
    ask();
    return info(told());
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> info(PaymentRequired required) {
    Map<String, Object> entry = (Map<String, Object>) required.extensions().get("sign-in-with-x");
    return new LinkedHashMap<>((Map<String, Object>) entry.get("info"));
  }

  private static String signed(Map<String, Object> info, EvmSigner wallet) throws Exception {
    SignInMessage message = SignInMessage.asked(info, wallet.address(), Sale.OFFER.network());
    return message.toHeader(wallet.sign(message.digest()).toHex());
  }

  /** Returns the header with a member changed after it was signed. */
  private static String changed(String header, String name, Object value) throws Exception {
    Map<String, Object> members = new LinkedHashMap<>(JsonText.decode(header, 9000));
    members.put(name, value);
    return JsonText.header(members);
  }

  private void assertRefused(String code) throws Exception {
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(told().error()).isEqualTo(code);
    assertThat(info(told()).get("nonce")).isNotNull();
    assertThat(transport.refusal.headers()).doesNotContainKey("PAYMENT-RESPONSE");
    assertThat(events).containsExactly("INVALID_SIGN_IN " + code);
  }

  // ---- the echo

  private void payReturning(int number, Map<String, Object> info) {
    PaymentPayload payload =
        Sale.v2(number).withExtensions(Map.of("sign-in-with-x", Map.of("info", info)));
    ask("PAYMENT-SIGNATURE", PaymentCodec.encodePayload(payload));
  }

  @Test
  void a_payment_returns_what_is_announced_but_for_what_is_new_in_each_402() throws Exception {
    Map<String, Object> info = asked();
    payReturning(1, info);
    assertThat(transport.calls).endsWith("deliver");
    List.of("nonce", "issuedAt", "expirationTime").forEach(info::remove);
    payReturning(2, info);
    assertThat(transport.calls).endsWith("deliver");
    info.put("domain", "evil.example");
    payReturning(3, info);
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(told().error()).isEqualTo("extension_echo_mismatch");
  }

  // ---- coming back

  @Test
  void a_payer_that_has_paid_gets_it_again_for_a_signature() throws Exception {
    pay(1);
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
    assertThat(events).containsExactly(GRANTED);
    assertThat(shop.asked).containsExactly("account");
    assertThat(store.calls).containsExactly("boughtOn", "use");
  }

  @Test
  void a_402_says_what_to_sign_and_keeps_nothing() throws Exception {
    Map<String, Object> first = asked();
    assertThat(first)
        .containsEntry("domain", "shop.example")
        .containsEntry("uri", Sale.URL)
        .containsEntry("version", "1")
        .containsEntry("issuedAt", Sale.NOW.toString())
        .containsEntry("expirationTime", Sale.NOW.plusSeconds(300).toString())
        .containsEntry("resources", List.of(Sale.URL))
        .containsEntry("statement", "Come back for what you bought");
    assertThat((String) first.get("nonce")).matches("[0-9a-f]{64}");
    assertThat(asked().get("nonce")).isNotEqualTo(first.get("nonce"));
    Map<?, ?> entry = (Map<?, ?>) told().extensions().get("sign-in-with-x");
    assertThat(entry.get("supportedChains"))
        .isEqualTo(List.of(Map.of("chainId", "eip155:84532", "type", "eip191")));
    assertThat(entry.get("schema")).isInstanceOf(Map.class);
    assertThat(store.calls).isEmpty();
    assertThat(told().error()).isNull();
  }

  @Test
  void its_time_ends() throws Exception {
    pay(1);
    clock.advance(Duration.ofHours(1).minusSeconds(1));
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
    clock.advance(Duration.ofSeconds(1));
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(told().error()).isNull();
  }

  @Test
  void who_has_not_bought_it_is_asked_to_pay() throws Exception {
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(told().error()).isNull();
    assertThat(store.calls).containsExactly("boughtOn");
    pay(1);
    ask(HEADER, signed(asked(), STRANGER));
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(told().error()).isNull();
  }

  static Stream<Arguments> others() {
    PaymentRequired elsewhere = Sale.REQUIRED.at("https://shop.example/dear");
    return Stream.of(
        Arguments.of("another URL", elsewhere, PREMIUM),
        Arguments.of("a query", Sale.REQUIRED, PREMIUM.withQuery("size=xl")),
        Arguments.of("another method", Sale.REQUIRED, purchase("POST /premium")),
        Arguments.of("another rule", Sale.REQUIRED, PREMIUM.withRoute("GET /*")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("others")
  void a_purchase_opens_nothing_else(String what, PaymentRequired required, Purchase purchase)
      throws Exception {
    pay(1);
    ask(required, purchase);
    ask(required, purchase, HEADER, signed(info(told()), Sale.PAYER));
    assertThat(transport.calls).as(what).containsExactly("refuse 402");
    assertThat(told().error()).isNull();
  }

  @Test
  void what_the_payment_says_of_its_resource_does_not_count() throws Exception {
    String json = PaymentCodec.payloadJson(Sale.v2(1));
    String lying =
        Sale.base64("{\"resource\":{\"url\":\"https://shop.example/dear\"}," + json.substring(1));
    ask("PAYMENT-SIGNATURE", lying);
    assertThat(transport.calls).endsWith("deliver");
    PaymentRequired dear = Sale.REQUIRED.at("https://shop.example/dear");
    ask(dear, PREMIUM);
    ask(dear, PREMIUM, HEADER, signed(info(told()), Sale.PAYER));
    assertThat(transport.calls).containsExactly("refuse 402");
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  @Test
  void head_counts_as_get() throws Exception {
    pay(1);
    Map<String, Object> info = asked();
    ask(Sale.REQUIRED, purchase("HEAD /premium"), HEADER, signed(info, Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  @Test
  void a_payment_beside_it_is_taken() throws Exception {
    pay(1);
    String header = signed(asked(), Sale.PAYER);
    ask(HEADER, header, "PAYMENT-SIGNATURE", PaymentCodec.encodePayload(Sale.v2(2)));
    assertThat(transport.calls).endsWith("deliver");
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  @Test
  void what_has_no_such_time_reads_no_sign_in() throws Exception {
    pay(1);
    String header = signed(asked(), Sale.PAYER);
    ask(Sale.REQUIRED, Sale.purchase("GET /premium"), HEADER, header);
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(store.calls).isEmpty();
    assertThat(told().error()).isNull();
  }

  // ---- what is wrong

  private interface Change {
    String of(String header) throws Exception;
  }

  static Stream<Arguments> problems() {
    Instant now = Sale.NOW;
    return Stream.of(
        problem("domain_mismatch", "domain", "evil.example"),
        problem("domain_mismatch", "domain", "shop.example:443"),
        problem("uri_mismatch", "uri", "https://evil.example/premium"),
        problem("uri_mismatch", "uri", "http://shop.example/premium"),
        problem("uri_mismatch", "uri", "/premium"),
        problem("issued_at", "issuedAt", "yesterday"),
        problem("issued_at_too_old", "issuedAt", now.minusMillis(300_001).toString()),
        problem("issued_at_in_future", "issuedAt", now.plusMillis(10_001).toString()),
        problem("expiration_time", "expirationTime", "tomorrow"),
        problem("expired", "expirationTime", now.toString()),
        problem("not_before", "notBefore", "now"),
        problem("not_yet_valid", "notBefore", now.plusMillis(1).toString()),
        problem("nonce", "nonce", "0".repeat(64)),
        problem("nonce", "nonce", "abcdefgh"),
        problem("chain_id", "chainId", "eip155:x"),
        problem("unsupported_chain", "chainId", "eip155:1"),
        problem("unsupported_chain", "chainId", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"),
        problem("malformed_signature", "signature", "0x1234"),
        problem("malformed_signature", "signature", 7L),
        problem("malformed_header", "version", "2"),
        problem("malformed_header", "address", "0x12"),
        problem("malformed_header", "statement", "two\nlines"),
        problem("malformed_header", "nonce", 5L),
        Arguments.of("malformed_header", (Change) header -> "!" + header),
        Arguments.of("malformed_header", (Change) header -> "x".repeat(8193)),
        Arguments.of("malformed_header", (Change) header -> Sale.base64("[]")));
  }

  private static Arguments problem(String code, String member, Object value) {
    return Arguments.of(code, (Change) header -> changed(header, member, value));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("problems")
  void what_is_wrong_is_told_before_a_signature_is_checked(String code, Change change)
      throws Exception {
    pay(1);
    String good = signed(asked(), Sale.PAYER);
    ask(HEADER, change.of(good));
    assertRefused("invalid_siwx_" + code);
    assertThat(shop.asked).isEmpty();
    assertThat(store.calls).isEmpty();
    ask(HEADER, good);
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  @Test
  void several_headers_are_refused() throws Exception {
    pay(1);
    String good = signed(asked(), Sale.PAYER);
    ask(HEADER, good, HEADER, good);
    assertRefused("invalid_siwx_malformed_header");
  }

  @Test
  void a_signature_of_another_key_or_another_text_is_refused() throws Exception {
    pay(1);
    String strangers = signed(asked(), STRANGER);
    for (String header :
        List.of(
            changed(strangers, "address", Sale.PAYER.address().text()),
            changed(signed(asked(), Sale.PAYER), "statement", "Something else"),
            changed(signed(asked(), Sale.PAYER), "resources", List.of()))) {
      ask(HEADER, header);
      assertRefused("invalid_siwx_signature");
      assertThat(store.calls).isEmpty();
    }
  }

  @Test
  void the_ends_of_the_window_belong_to_it() throws Exception {
    pay(1);
    Map<String, Object> info = asked();
    info.remove("expirationTime");
    info.put("issuedAt", Sale.NOW.plusSeconds(10).toString());
    ask(HEADER, signed(info, Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
    info = asked();
    info.remove("expirationTime");
    clock.advance(Duration.ofMinutes(5));
    ask(HEADER, signed(info, Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  // ---- nonces

  @Test
  void a_sign_in_is_used_once() throws Exception {
    pay(1);
    String header = signed(asked(), Sale.PAYER);
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly(GRANTED);
    ask(HEADER, header);
    assertRefused("invalid_siwx_nonce");
  }

  @Test
  void a_nonce_of_another_resource_or_another_seller_is_refused() throws Exception {
    pay(1);
    ask(Sale.REQUIRED.at("https://shop.example/other"), PREMIUM);
    Map<String, Object> info = info(told());
    info.put("uri", Sale.URL);
    ask(HEADER, signed(info, Sale.PAYER));
    assertRefused("invalid_siwx_nonce");
    PaymentGate other = PaymentGate.builder().facilitator(shop).clock(clock).build();
    PaymentRequired theirs =
        other.challenge(Sale.REQUIRED, List.of(other.signInExtension())).required();
    ask(HEADER, signed(info(theirs), Sale.PAYER));
    assertRefused("invalid_siwx_nonce");
  }

  @Test
  void a_nonce_ends_though_the_message_is_dated_anew() throws Exception {
    pay(1);
    Map<String, Object> info = asked();
    clock.advance(Duration.ofMinutes(5).plusMillis(1));
    info.put("issuedAt", clock.instant().toString());
    info.remove("expirationTime");
    ask(HEADER, signed(info, Sale.PAYER));
    assertRefused("invalid_siwx_nonce");
  }

  @Test
  void a_store_without_room_for_nonces_grants_nothing_until_some_have_ended() throws Exception {
    pay(1);
    for (int i = 0; i < 3; i++) {
      ask(HEADER, signed(asked(), Sale.PAYER));
      assertThat(transport.calls).containsExactly(GRANTED);
    }
    String header = signed(asked(), Sale.PAYER);
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly("refuse 503");
    clock.advance(Duration.ofMinutes(6));
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  // ---- contracts

  private String byContract(Map<String, Object> info, String signature) throws Exception {
    return changed(signed(info, Sale.PAYER), "signature", signature);
  }

  @Test
  void a_contract_is_asked_last_and_only_about_a_buyer() throws Exception {
    String good = "0xc0de" + "ab".repeat(80);
    ask(HEADER, byContract(asked(), good));
    assertRefused("invalid_siwx_signature");
    assertThat(shop.asked).containsExactly("account");

    shop.acceptsContracts = true;
    ask(HEADER, byContract(asked(), good));
    assertRefused("invalid_siwx_signature");
    assertThat(shop.asked).containsExactly("account");
    assertThat(store.calls).containsExactly("boughtOn");

    pay(1);
    ask(HEADER, byContract(asked(), "0xdead" + "ab".repeat(80)));
    assertRefused("invalid_siwx_signature");
    assertThat(shop.asked).containsExactly("account", "contract on eip155:84532");
    ask(HEADER, byContract(asked(), good));
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  @Test
  void a_contract_that_paid_on_another_chain_is_another() throws Exception {
    shop.acceptsContracts = true;
    PaymentRequirements polygon =
        PaymentRequirements.exact(
            Usdc.POLYGON, Sale.OFFER.amount(), Sale.PAY_TO, Duration.ofSeconds(60));
    PaymentRequired both =
        PaymentRequired.of(Sale.REQUIRED.resource(), List.of(Sale.OFFER, polygon));
    pay(1);
    ask(both, PREMIUM);
    String onPolygon =
        changed(byContract(info(told()), "0xc0de" + "ab".repeat(80)), "chainId", "eip155:137");
    ask(both, PREMIUM, HEADER, onPolygon);
    assertRefused("invalid_siwx_signature");
    assertThat(shop.asked).containsExactly("account");
  }

  @Test
  void a_node_that_does_not_answer_closes_the_gate_and_asks_for_no_payment() throws Exception {
    shop.acceptsContracts = true;
    shop.failure = new FacilitatorException("the node did not answer");
    pay(1);
    String header = byContract(asked(), "0xc0de" + "ab".repeat(80));
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly("refuse 503");
    shop.failure = null;
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  @Test
  void a_refused_sign_in_asks_for_no_payment_that_could_not_be_settled() throws Exception {
    pay(1);
    String good = signed(asked(), Sale.PAYER);
    String strangers = changed(signed(asked(), STRANGER), "address", Sale.PAYER.address().text());
    shop.isOut = true;
    ask(HEADER, strangers);
    assertThat(transport.calls).containsExactly("refuse 503");
    ask(HEADER, good);
    assertThat(transport.calls).containsExactly(GRANTED);
  }

  // ---- hooks and stores

  @Test
  void a_payer_that_a_hook_refuses_does_not_come_back() throws Exception {
    pay(1);
    gate =
        gate(
            AccessHook.onPayer(
                (request, payment) -> {
                  assertThat(payment.id()).hasSize(43);
                  assertThat(payment.settlement()).isEmpty();
                  return payment.payer().equals(Sale.PAYER.address())
                      ? AccessDecision.refuse(451, "screened")
                      : AccessDecision.charge();
                }));
    ask(HEADER, signed(asked(), Sale.PAYER));
    assertThat(transport.calls).containsExactly("refuse 451");
  }

  @Test
  void a_purchase_that_the_store_did_not_take_is_written_later() throws Exception {
    store.fails = true;
    pay(1);
    String header = signed(asked(), Sale.PAYER);
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly("refuse 503");
    store.fails = false;
    ask(HEADER, header);
    assertThat(transport.calls).containsExactly(GRANTED);
    assertThat(store.calls).containsExactly("record", "boughtOn", "use");
  }

  /** The money has moved. */
  @Test
  void a_store_that_throws_anything_costs_no_delivery() {
    store.isBroken = true;
    pay(1);
    assertThat(store.calls).containsExactly("record");
  }

  @Test
  void of_more_purchases_than_fit_the_oldest_is_forgotten() {
    InMemorySignInStore small = InMemorySignInStore.withCapacity(2);
    Instant end = Sale.NOW.plusSeconds(60);
    for (String item : List.of("a", "b", "a", "c")) {
      small.record(new SignInStore.Bought(item, Sale.PAYER.address(), Network.BASE, end));
    }
    assertThat(small.boughtOn("b", Sale.PAYER.address(), Sale.NOW)).isEmpty();
    assertThat(small.boughtOn("a", Sale.PAYER.address(), Sale.NOW)).isNotEmpty();
    assertThatThrownBy(() -> InMemorySignInStore.withCapacity(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_facilitator_that_checks_no_wallet_fails_the_start() {
    PaymentGate.Builder builder = PaymentGate.builder().facilitator(new ScriptedFacilitator());
    PaymentGate selling = builder.build();
    selling.signInExtension();
    assertThatThrownBy(() -> selling.start(List.of(Sale.OFFER)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("signIn");
    builder.build().start(List.of(Sale.OFFER));
  }

  @Test
  void a_statement_that_no_wallet_could_show_fails_the_start() {
    for (String statement : List.of("", "two\nlines", "x".repeat(501))) {
      PaymentGate.Builder builder =
          PaymentGate.builder().facilitator(shop).signInStatement(statement);
      assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
