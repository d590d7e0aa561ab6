// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An invalid configuration fails the start, and the message names the setting. */
class StartUpTest {
  private static Shop shop;

  @BeforeAll
  static void open() {
    shop = Shop.open();
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  private static Token named(String name, String version) {
    return new Token(shop.network(), shop.token.contract(), 6, name, version);
  }

  @Test
  void startsWithWhatFits() {
    shop.builder().build().start(List.of(shop.offer));
  }

  @Test
  void refusesANodeOfAnotherChain() {
    Network other = new Network(shop.network().chainId() + 1);
    assertThatIllegalStateException()
        .isThrownBy(
            () -> EvmFacilitator.builder(other, shop.rpc, shop.gasKey()).build().start(List.of()))
        .withMessageContaining("network")
        .withMessageContaining(other.caip2())
        .withMessageContaining(shop.network().caip2());
  }

  @Test
  void refusesAnAssetWithoutCode() {
    Address empty = Address.parse(TestWallet.random().address());
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                shop.builder()
                    .build()
                    .start(shop.offering(new Token(shop.network(), empty, 6, "USDC", "2"))))
        .withMessageContaining("asset")
        .withMessageContaining(empty.text());
  }

  @Test
  void refusesAnAssetThatIsNoToken() {
    Address wallet = Address.parse(shop.chain.deployContractWallet(TestWallet.random().address()));
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                shop.builder()
                    .build()
                    .start(shop.offering(new Token(shop.network(), wallet, 6, "USDC", "2"))))
        .withMessageContaining("asset")
        .withMessageContaining("DOMAIN_SEPARATOR");
  }

  @Test
  void refusesAnotherEip712NameOrVersion() {
    for (Token wrong : List.of(named("USD Coin", "2"), named("USDC", "1"))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> shop.builder().build().start(shop.offering(wrong)))
          .withMessageContaining("asset")
          .withMessageContaining("domain separator")
          .withMessageContaining(wrong.name());
    }
  }

  @Test
  void looksAtEveryOfferAlsoAtTheSecondOfAToken() {
    List<PaymentRequirements> offers =
        List.of(shop.offer, shop.offering(named("USD Coin", "2")).get(0));

    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder().build().start(offers))
        .withMessageContaining("USD Coin");
  }

  @Test
  void refusesAnOfferThatDoesNotSayTheTokensName() {
    PaymentRequirements bare =
        new PaymentRequirements(
            "exact",
            shop.network(),
            shop.offer.amount(),
            shop.offer.asset(),
            shop.payTo,
            shop.offer.maxTimeout(),
            Map.of("version", "2"));
    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder().build().start(List.of(bare)))
        .withMessageContaining("extra.name");
  }

  @Test
  void refusesANodeThatDoesNotAnswer() {
    Web3jChain silent = Web3jChain.at(URI.create("http://127.0.0.1:1/"), Duration.ofSeconds(2));
    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder(silent).build().start(List.of(shop.offer)))
        .withMessageContaining("RPC URL")
        .withMessageContaining("eth_chainId");
  }

  @Test
  void warnsOfAGasKeyWithoutFundsAndStarts() {
    EvmSigner poor = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
    String log =
        logged(
            () ->
                EvmFacilitator.builder(shop.network(), shop.rpc, poor)
                    .build()
                    .start(List.of(shop.offer)));

    assertThat(log).contains("WARN").contains("gas key").contains(poor.address().text());
    assertThat(logged(() -> shop.builder().build().start(List.of(shop.offer)))).isEmpty();
  }

  @Test
  void learnsFromTheNodeWhichChainItIsOn() {
    EvmFacilitator facilitator = EvmFacilitator.at(shop.chain.rpcUrl().toString(), shop.gasKey());
    assertThat(facilitator.toString()).contains("chain not asked yet");

    PaymentGate.builder().facilitator(facilitator).build().start(List.of(shop.offer));

    assertThat(facilitator.supports("exact", shop.network())).isTrue();
    assertThat(facilitator.supports("exact", anotherNetwork())).isFalse();
    assertThat(facilitator.toString()).contains(shop.network().caip2());
  }

  @Test
  void refusesAnOfferOnAnotherChainThanTheNodes() {
    PaymentRequirements elsewhere =
        PaymentRequirements.exact(
            new Token(anotherNetwork(), shop.token.contract(), 6, "USDC", "2"),
            shop.offer.amount(),
            shop.payTo,
            shop.offer.maxTimeout());
    EvmFacilitator facilitator = EvmFacilitator.at(shop.chain.rpcUrl().toString(), shop.gasKey());
    PaymentGate gate = PaymentGate.builder().facilitator(facilitator).build();

    for (List<PaymentRequirements> offered :
        List.of(List.of(elsewhere), List.of(shop.offer, elsewhere))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> facilitator.start(offered))
          .withMessageContaining(anotherNetwork().caip2())
          .withMessageContaining(shop.network().caip2());
      assertThatIllegalStateException()
          .isThrownBy(() -> gate.start(offered))
          .withMessageContaining(anotherNetwork().caip2())
          .withMessageContaining(shop.network().caip2());
    }
  }

  private static Network anotherNetwork() {
    return new Network(shop.network().chainId() + 1);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "  "})
  void refusesAnRpcUrlThatIsNotSet(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EvmFacilitator.at(url, shop.gasKey()))
        .withMessageContaining("RPC URL")
        .withMessageContaining("environment variable");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:8545", "ftp://host/", "https://ho st/key-abc", "https:///key"})
  void refusesAnRpcUrlThatIsNoHttpAndDoesNotRepeatIt(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EvmFacilitator.at(url, shop.gasKey()))
        .withMessageContaining("RPC URL")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(url));
  }

  @Test
  void refusesToStartOnANodeThatDoesNotAnswer() {
    EvmFacilitator facilitator = EvmFacilitator.at("http://127.0.0.1:1/", shop.gasKey());
    PaymentGate gate = PaymentGate.builder().facilitator(facilitator).build();

    for (Runnable start :
        List.<Runnable>of(
            () -> facilitator.start(List.of(shop.offer)), () -> gate.start(List.of(shop.offer)))) {
      assertThatIllegalStateException()
          .isThrownBy(start::run)
          .withMessageContaining("RPC URL")
          .withMessageContaining("eth_chainId");
    }
  }

  private static String logged(Runnable action) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://host/", "http:/path", "//host", "", "ws://host/", "file:///x"})
  void refusesAUrlThatIsNoHttp(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Web3jChain.at(URI.create(url)))
        .withMessageContaining("RPC URL");
  }

  @Test
  void refusesSettingsThatMakeNoSense() {
    EvmFacilitator.Builder builder = shop.builder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.feeCeiling(BigInteger.ZERO))
        .withMessageContaining("feeCeiling");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.settleTimeout(Duration.ZERO))
        .withMessageContaining("settleTimeout");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.confirmations(0))
        .withMessageContaining("confirmations");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.lookBackBlocks(0))
        .withMessageContaining("lookBackBlocks");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Web3jChain.at(shop.chain.rpcUrl(), Duration.ZERO))
        .withMessageContaining("RPC timeout");
  }

  @Test
  void findsATokenOfAnotherNameGood() {
    TestUsdc other = shop.chain.deployUsdc("USD Coin", "2");

    shop.builder()
        .build()
        .start(
            shop.offering(
                new Token(shop.network(), Address.parse(other.address()), 6, "USD Coin", "2")));
  }
}
