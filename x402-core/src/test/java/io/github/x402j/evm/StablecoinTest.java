// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Eurc;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The tokens that are built in. */
class StablecoinTest {
  /** As the published package for EVM chains has them, and Circle's for version 1. */
  @ParameterizedTest
  @CsvSource({
    "8453, 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913, USD Coin, 2, USDC",
    "84532, 0x036CbD53842c5426634e7929541eC2318f3dCF7e, USDC, 2, USDC",
    "1, 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48, USD Coin, 2, USDC",
    "43114, 0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E, USD Coin, 2, USDC",
    "43113, 0x5425890298aed601595a70AB815c96711a31Bc65, USD Coin, 2, USDC",
    "137, 0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359, USD Coin, 2, USDC",
    "80002, 0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582, USDC, 2, USDC",
    "42161, 0xaf88d065e77c8cC2239327C5EDb3A432268e5831, USD Coin, 2, USDC",
    "421614, 0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d, USD Coin, 2, USDC",
    "143, 0x754704Bc059F8C67012fEd69BC8A327a5aafb603, USDC, 2, USDC",
    "50, 0xfA2958CB79b0491CC627c1557F441eF849Ca8eb1, USDC, 2, USDC",
    "51, 0xb5AB69F7bBada22B28e79C8FFAECe55eF1c771D4, USDC, 2, USDC",
    "42220, 0xcebA9300f2b948710d2653dD7B07f33A8B32118C, USDC, 2, USDC",
    "11142220, 0x01C5C0122039549AD1493B8220cABEdD739BC44E, USDC, 2, USDC",
    "1329, 0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392, USDC, 2, USDC",
    "1328, 0x4fCF1784B31630811181f670Aea7A7bEF803eaED, USDC, 2, USDC",
    "36900, 0x9cb8142aEBBcdc60AF7c97Af897A67A8f3CA71C2, USDC.e, 2, USDC.e",
    "190415, 0x401eCb1D350407f13ba348573E5630B83638E30D, Bridged USDC, 2, USDC.e",
    "181228, 0x401eCb1D350407f13ba348573E5630B83638E30D, Bridged USDC, 2, USDC.e",
    "988, 0x779Ded0c9e1022225f8E0630b35a9b54bE713736, USDT0, 1, USDT0",
    "2201, 0x78Cf24370174180738C5B8E352B6D14c83a6c9A9, USDT0, 1, USDT0",
    "14, 0xe7cd86e13AC4309349F30B3435a9d337750fC82D, USD\u20AE0, 1, USDT0"
  })
  void isTheTokenToUseOn(
      long chainId, String contract, String name, String version, String symbol) {
    Network network = new Network(chainId);
    Token token = new Token(network, Address.parse(contract), 6, name, version);
    assertThat(Stablecoin.dollarOn(network)).contains(token);
    assertThat(Stablecoin.of(network, Address.parse(contract.toLowerCase(Locale.ROOT))))
        .contains(new Stablecoin(token, symbol, "USD"));
  }

  @ParameterizedTest
  @CsvSource({
    "8453, 0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42, EURC",
    "84532, 0x808456652fdb597867f38412077A9182bf77359F, EURC",
    "1, 0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c, Euro Coin",
    "43114, 0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD, Euro Coin"
  })
  void euroIsNoDollar(long chainId, String contract, String name) {
    Token token = Eurc.on(new Network(chainId)).orElseThrow();
    assertThat(token)
        .isEqualTo(new Token(new Network(chainId), Address.parse(contract), 6, name, "2"));
    assertThat(Stablecoin.of(token.network(), token.contract()).orElseThrow().isDollar()).isFalse();
    assertThat(Stablecoin.dollars()).doesNotContain(token);
  }

  /** Their contracts take no EIP-3009 authorization. */
  @ParameterizedTest
  @CsvSource({
    "4326, 0xFAfDdbb3FC7688494971a79cc65DCa3EF82079E7",
    "31612, 0xdD468A1DDc392dcdbEf6db6e34E89AA338F9F186",
    "31611, 0x118917a40FAF1CD7a13dB0Ef56C86De7973Ac503",
    "723487, 0x33ad9e4BD16B69B5BFdED37D8B5D9fF9aba014Fb",
    "72344, 0x33ad9e4BD16B69B5BFdED37D8B5D9fF9aba014Fb",
    "38833, 0xA5b8BF902b2844dA17d4506cc827F7F1681735E7"
  })
  void tokensThatNeedPermit2AreNotBuiltIn(long chainId, String contract) {
    assertThat(Stablecoin.of(new Network(chainId), Address.parse(contract))).isEmpty();
    assertThat(Stablecoin.dollarOn(new Network(chainId))).isEmpty();
  }

  @Test
  void isOnNetworksThatHaveANameAndHasAnAddressOfItsOwn() {
    assertThat(Stablecoin.all())
        .doesNotHaveDuplicates()
        .allSatisfy(coin -> assertThat(coin.token().network().shortName()).isPresent());
    assertThat(
            Stablecoin.all().stream()
                .map(coin -> coin.token().network() + " " + coin.token().contract()))
        .doesNotHaveDuplicates();
    assertThat(Usdc.on(new Network(31337))).isEmpty();
    assertThat(Eurc.on(new Network(31337))).isEmpty();
  }

  /** A constant is named as that of its network. */
  @ParameterizedTest
  @MethodSource("constants")
  void constantIsOnTheNetworkOfItsName(Field constant) throws Exception {
    Token token = (Token) constant.get(null);
    assertThat(token.network()).isEqualTo(Network.class.getField(constant.getName()).get(null));
    assertThat(constant.getDeclaringClass() == Usdc.class ? Usdc.all() : Eurc.all())
        .contains(token);
  }

  static List<Field> constants() {
    return List.of(Usdc.class, Eurc.class).stream()
        .flatMap(type -> Arrays.stream(type.getFields()))
        .filter(field -> Modifier.isStatic(field.getModifiers()))
        .toList();
  }

  /** As the contracts say themselves. */
  @Test
  void signsInTheDomainsOfItsContracts() {
    assertThat(Hex.text(Eip712.domainSeparator(Usdc.BASE)))
        .isEqualTo("0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f");
    assertThat(Hex.text(Eip712.domainSeparator(Usdc.BASE_SEPOLIA)))
        .isEqualTo("0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818");
  }

  @Test
  void anotherNameThanTheContractsFailsTheStartWithoutANode() {
    Token wrong =
        new Token(Network.MONAD, Usdc.MONAD.contract(), 6, "USD Coin", Usdc.MONAD.version());
    assertThatThrownBy(
            () ->
                EvmLocalChecks.withoutChain()
                    .start(
                        List.of(
                            PaymentRequirements.exact(
                                wrong,
                                TokenAmount.of(1),
                                Usdc.BASE.contract(),
                                Duration.ofSeconds(60)))))
        .hasMessageContaining("USDC on eip155:143 signs as name \"USDC\"");
  }
}
