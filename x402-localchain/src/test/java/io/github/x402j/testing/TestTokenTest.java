// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.generated.Bytes32;
import org.web3j.abi.datatypes.generated.Uint256;
import org.web3j.abi.datatypes.generated.Uint8;
import org.web3j.crypto.Hash;
import org.web3j.utils.Numeric;

/** The plain token; {@link Permit2Test} has what its behaviours do to a payment. */
class TestTokenTest {

  private static final BigInteger VALUE = BigInteger.valueOf(500);

  private static TestChain chain;
  private static Rpc rpc;

  private final TestWallet owner = TestWallet.random();
  private final String spender = TestWallet.random().address();

  @BeforeAll
  static void start() {
    chain = TestChain.fromSystemProperty();
    rpc = new Rpc(chain);
  }

  @AfterAll
  static void stop() {
    chain.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 6, 18})
  void isWhatItWasDeployedAs(int decimals) {
    TestToken token = chain.deployToken("Gold Coin", "GLD", decimals);
    assertThat(token.name()).isEqualTo("Gold Coin");
    assertThat(token.symbol()).isEqualTo("GLD");
    assertThat(token.decimals()).isEqualTo(decimals);
    assertThat(answer(token, "name()")).contains(ascii("Gold Coin"));
    assertThat(answer(token, "symbol()")).contains(ascii("GLD"));
    assertThat(Numeric.toBigInt(answer(token, "decimals()"))).isEqualTo(decimals);
  }

  @Test
  void isMintedAndApproved() {
    TestToken token = chain.deployToken("Gold", "GLD", 18);
    token.mint(owner.address(), 7);
    assertThat(token.balanceOf(owner.address())).isEqualTo(7);
    token.approve(owner, spender, VALUE);
    assertThat(token.allowance(owner.address(), spender)).isEqualTo(VALUE);
    assertThat(token.allowance(spender, owner.address())).isZero();
  }

  @Test
  void hasNothingOfPermitsUnlessDeployedSo() {
    TestToken token = chain.deployToken("Gold", "GLD", 18);
    for (String function : new String[] {"DOMAIN_SEPARATOR()", "version()"}) {
      assertThatThrownBy(() -> answer(token, function)).isInstanceOf(RpcError.class);
    }
    String nonces = Erc20.encode("nonces", new Address(spender));
    assertThatThrownBy(() -> rpc.ethCall(token.address(), nonces)).isInstanceOf(RpcError.class);
    assertThat(rpc.ethCall(chain.deployPermitToken("G", "G", 0).address(), nonces)).endsWith("00");
  }

  @Test
  void takesAPermitOfItsOwnerOnce() {
    TestToken token = chain.deployPermitToken("Gold", "GLD", 18);
    assertThat(answer(token, "DOMAIN_SEPARATOR()"))
        .isEqualTo(
            Numeric.toHexString(
                Eip3009Messages.domainSeparator("Gold", "1", chain.chainId(), token.address())));
    String call = permit(token, owner, VALUE);
    assertThatThrownBy(
            () -> rpc.ethCall(token.address(), permit(token, TestWallet.random(), VALUE)))
        .hasMessageContaining("ERC20Permit: invalid signature");
    chain.fund(owner.address(), Rpc.ETHER);
    new Operator(new RemoteChain.HttpNode(chain.rpcUrl()), chain.chainId(), owner)
        .send(token.address(), BigInteger.ZERO, call);
    assertThat(token.allowance(owner.address(), spender)).isEqualTo(VALUE);
    assertThatThrownBy(() -> rpc.ethCall(token.address(), call))
        .hasMessageContaining("ERC20Permit: invalid signature");
  }

  @Test
  void blocksAnAccountUntilItIsUnblocked() {
    TestToken token = chain.deployToken("Gold", "GLD", 18);
    token.mint("0x0000000000000000000000000000000000000000", VALUE); // from whom eth_call calls
    String call = Erc20.encode("transfer", new Address(spender), new Uint256(VALUE));
    token.block(spender);
    assertThatThrownBy(() -> rpc.ethCall(token.address(), call)).hasMessageContaining("blocked");
    token.unblock(spender);
    assertThat(Numeric.toBigInt(rpc.ethCall(token.address(), call))).isOne();
  }

  private String permit(TestToken token, TestWallet signer, BigInteger value) {
    BigInteger deadline = BigInteger.ONE.shiftLeft(40);
    String struct =
        "0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9"
            + Permit2Payment.word(owner.address())
            + Permit2Payment.word(spender)
            + Permit2Payment.word(value)
            + Permit2Payment.word(0)
            + Permit2Payment.word(deadline);
    String domain = answer(token, "DOMAIN_SEPARATOR()").substring(2);
    String digest = Hash.sha3("0x1901" + domain + Hash.sha3(struct).substring(2));
    byte[] signature =
        Numeric.hexStringToByteArray(signer.signDigest(Numeric.hexStringToByteArray(digest)));
    return Erc20.encode(
        "permit",
        new Address(owner.address()),
        new Address(spender),
        new Uint256(value),
        new Uint256(deadline),
        new Uint8(signature[64]),
        new Bytes32(Arrays.copyOfRange(signature, 0, 32)),
        new Bytes32(Arrays.copyOfRange(signature, 32, 64)));
  }

  private static String answer(TestToken token, String function) {
    return rpc.ethCall(token.address(), Permit2VectorsTest.selector(function));
  }

  private static String ascii(String text) {
    return Numeric.toHexStringNoPrefix(text.getBytes(StandardCharsets.US_ASCII));
  }
}
