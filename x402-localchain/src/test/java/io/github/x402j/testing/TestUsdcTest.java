// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.web3j.abi.FunctionEncoder;
import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.DynamicBytes;
import org.web3j.abi.datatypes.Function;
import org.web3j.abi.datatypes.generated.Bytes32;
import org.web3j.abi.datatypes.generated.Uint256;
import org.web3j.abi.datatypes.generated.Uint8;
import org.web3j.crypto.Hash;
import org.web3j.crypto.StructuredDataEncoder;
import org.web3j.utils.Numeric;

/** The token, on a LocalChain and, with {@code -Dx402.rpc}, on a node that people use. */
class TestUsdcTest {

  private static final BigInteger VALUE = BigInteger.valueOf(10_000);
  private static final BigInteger HALF_ORDER =
      new BigInteger("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", 16);

  private static TestChain chain;
  private static Rpc rpc;

  private final TestWallet payer = TestWallet.random();
  private final String payee = TestWallet.random().address();
  private final String nonce = TestWallet.random().privateKey();
  private TestUsdc usdc;
  private BigInteger now;

  @BeforeAll
  static void start() {
    chain = TestChain.fromSystemProperty();
    rpc = new Rpc(chain);
  }

  @AfterAll
  static void stop() {
    chain.close();
  }

  @BeforeEach
  void deploy() {
    usdc = chain.deployUsdc();
    usdc.mint(payer.address(), 1_000_000);
    now = Operator.quantity(rpc.call("eth_getBlockByNumber", "latest", false).get("timestamp"));
  }

  // ---- what it is

  @Test
  void hasTheDomainSeparatorThatEip712Says() throws Exception {
    String message =
        """
        {"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},
        {"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],
        "M":[{"name":"x","type":"uint256"}]},"primaryType":"M","message":{"x":1},
        "domain":{"name":"USDC","version":"2","chainId":%d,"verifyingContract":"%s"}}
        """
            .formatted(chain.chainId(), usdc.address());
    String expected = Numeric.toHexString(new StructuredDataEncoder(message).hashDomain());
    assertThat(usdc.domainSeparator()).isEqualTo(expected);
  }

  @Test
  void hasTheDomainSeparatorOfUsdcWhenPutInItsPlace() {
    Assumptions.assumeTrue(
        chain.chainId() == 84532, "the known value is that of Base Sepolia's chain id");
    TestUsdc placed = chain.placeUsdc("0x036cbd53842c5426634e7929541ec2318f3dcf7e", "USDC", "2");
    assertThat(placed.address()).isEqualTo("0x036CbD53842c5426634e7929541eC2318f3dCF7e");
    assertThat(placed.domainSeparator())
        .isEqualTo("0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818");
    placed.mint(payee, 3);
    assertThat(placed.balanceOf(payee)).isEqualTo(3);
  }

  @Test
  void takesNameAndVersionWhenDeployed() {
    TestUsdc coin = chain.deployUsdc("USD Coin", "1");
    assertThat(coin.name()).isEqualTo("USD Coin");
    assertThat(Numeric.hexStringToByteArray(rpc.ethCall(coin.address(), selector("name()"))))
        .asString()
        .contains("USD Coin");
    assertThat(rpc.ethCall(coin.address(), selector("version()"))).contains("31" + "0".repeat(62));
    assertThat(coin.domainSeparator()).isNotEqualTo(usdc.domainSeparator());
    assertThat(rpc.ethCall(coin.address(), selector("decimals()"))).endsWith("06");
  }

  @Test
  void hasTheSelectorsOfUsdc() throws Exception {
    JsonNode methods =
        new ObjectMapper()
            .readTree(TestUsdc.class.getResourceAsStream("TestUsdc.json"))
            .get("methods");
    String fields = "address,address,uint256,uint256,uint256,bytes32,";
    assertThat(
            methods.get("transferWithAuthorization(" + fields + "uint8,bytes32,bytes32)").asText())
        .isEqualTo("e3ee160e");
    assertThat(methods.get("transferWithAuthorization(" + fields + "bytes)").asText())
        .isEqualTo("cf092995");
    assertThat(methods.get("authorizationState(address,bytes32)").asText()).isEqualTo("e94a0102");
    assertThat(methods.get("balanceOf(address)").asText()).isEqualTo("70a08231");
    assertThat(methods.get("DOMAIN_SEPARATOR()").asText()).isEqualTo("3644e515");
    assertThat(rpc.ethCall(usdc.address(), selector("TRANSFER_WITH_AUTHORIZATION_TYPEHASH()")))
        .isEqualTo("0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267");
  }

  @Test
  void signsAsTheGoldenVectorDoes() {
    TestWallet known =
        TestWallet.of("0x21d4e7570632d7da7481662de00e5694552407b60ea100e42cc61e5fd082719b");
    byte[] domain =
        Eip3009Messages.domainSeparator(
            "USDC", "2", 84532, "0x036CbD53842c5426634e7929541eC2318f3dCF7e");
    byte[] digest =
        Eip3009Messages.transferDigest(
            domain,
            known.address(),
            "0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192",
            VALUE,
            BigInteger.valueOf(1767225540),
            BigInteger.valueOf(1767225660),
            "0xdff168556c59916774da1368fbe416cf7b83c223b84d83e2a954627115391984");
    assertThat(known.signDigest(digest))
        .isEqualTo(
            "0x8bcb25f298cc274cb9b060cfc90cb3e2f451188124ea1ef159018b317fbc2cd7"
                + "4ffa0ac275d945a9a70be6d0bd19ffaa152518e3cf5940d3871beda1c9238e041c");
  }

  // ---- paying

  @Test
  void movesTheMoneyAndSaysSoInBothEvents() {
    String hash = pay(sign());
    assertThat(usdc.balanceOf(payee)).isEqualTo(VALUE);
    assertThat(usdc.balanceOf(payer.address())).isEqualTo(990_000);
    assertThat(usdc.authorizationUsed(payer.address(), nonce)).isTrue();
    JsonNode logs = rpc.call("eth_getTransactionReceipt", hash).get("logs");
    assertThat(logs).hasSize(2);
    assertThat(logs.get(0).get("topics").get(0).asText())
        .isEqualTo("0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5");
    assertThat(logs.get(0).get("topics").get(2).asText()).isEqualTo(nonce);
    assertThat(logs.get(1).get("topics").get(0).asText())
        .isEqualTo("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    assertThat(new BigInteger(logs.get(1).get("data").asText().substring(2), 16)).isEqualTo(VALUE);
  }

  @Test
  void takesTheSignatureInThreeParts() {
    assertThat(rpc.ethCall(usdc.address(), inParts(sign()))).isEqualTo("0x");
    assertThatThrownBy(() -> rpc.ethCall(usdc.address(), inParts(sign(payer, VALUE.add(VALUE)))))
        .hasMessageContaining("FiatTokenV2: invalid signature");
  }

  @Test
  void refusesAUsedAuthorization() {
    pay(sign());
    assertRefuses(sign(), "FiatTokenV2: authorization is used or canceled");
  }

  @Test
  void refusesACancelledAuthorization() {
    usdc.cancelAuthorization(payer, nonce);
    assertThat(usdc.authorizationUsed(payer.address(), nonce)).isTrue();
    assertRefuses(sign(), "FiatTokenV2: authorization is used or canceled");
    assertThatThrownBy(() -> usdc.cancelAuthorization(payer, nonce))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 100, FiatTokenV2: authorization is not yet valid",
    "-1, 100, ''",
    "-100, 0, FiatTokenV2: authorization is expired",
    "-100, 1, ''",
  })
  void takesNeitherEndOfTheWindow(long after, long before, String refusal) {
    BigInteger validAfter = now.add(BigInteger.valueOf(after));
    BigInteger validBefore = now.add(BigInteger.valueOf(before));
    String signature = usdc.signTransfer(payer, payee, VALUE, validAfter, validBefore, nonce);
    String data = data(payer.address(), VALUE, validAfter, validBefore, signature);
    if (refusal.isEmpty()) {
      assertThat(rpc.ethCall(usdc.address(), data)).isEqualTo("0x");
    } else {
      assertThatThrownBy(() -> rpc.ethCall(usdc.address(), data)).hasMessageContaining(refusal);
    }
  }

  @Test
  void refusesSomebodyElsesSignature() {
    assertRefuses(sign(TestWallet.random(), VALUE), "FiatTokenV2: invalid signature");
  }

  @Test
  void refusesTheHighTwinOfASignature() {
    byte[] twin = Numeric.hexStringToByteArray(sign());
    BigInteger s = new BigInteger(1, Arrays.copyOfRange(twin, 32, 64));
    BigInteger high = HALF_ORDER.multiply(BigInteger.TWO).add(BigInteger.ONE).subtract(s);
    System.arraycopy(Numeric.toBytesPadded(high, 32), 0, twin, 32, 32);
    twin[64] = (byte) (twin[64] == 27 ? 28 : 27);
    assertRefuses(Numeric.toHexString(twin), "ECRecover: invalid signature 's' value");
  }

  @Test
  void refusesAVThatIsNot27Or28() {
    byte[] signature = Numeric.hexStringToByteArray(sign());
    signature[64] = (byte) (signature[64] - 27);
    assertRefuses(Numeric.toHexString(signature), "ECRecover: invalid signature 'v' value");
  }

  @Test
  void refusesASignatureOfAnotherLength() {
    assertRefuses(sign() + "00", "ECRecover: invalid signature length");
  }

  @Test
  void refusesMoreThanTheBalance() {
    usdc.burn(payer.address(), BigInteger.valueOf(990_001));
    assertRefuses(sign(), "ERC20: transfer amount exceeds balance");
  }

  @Test
  void letsOnlyThePayeeReceive() {
    Function receive =
        new Function(
            "receiveWithAuthorization",
            List.of(
                new Address(payer.address()),
                new Address(payee),
                new Uint256(VALUE),
                new Uint256(BigInteger.ZERO),
                new Uint256(validBefore()),
                new Bytes32(Numeric.hexStringToByteArray(nonce)),
                new DynamicBytes(Numeric.hexStringToByteArray(sign()))),
            List.of());
    assertThatThrownBy(() -> rpc.ethCall(usdc.address(), FunctionEncoder.encode(receive)))
        .hasMessageContaining("FiatTokenV2: caller must be the payee");
  }

  // ---- contract wallets

  @ParameterizedTest
  @EnumSource(WalletBehaviour.class)
  void asksAPayerThatIsAContract(WalletBehaviour behaviour) {
    TestWallet owner = TestWallet.random();
    String wallet = chain.deployContractWallet(owner.address(), behaviour);
    usdc.mint(wallet, VALUE);
    String good = owner.signDigest(digestFor(wallet));
    String bad = payer.signDigest(digestFor(wallet));
    String goodCall = data(wallet, VALUE, BigInteger.ZERO, validBefore(), good + "beef");
    String badCall = data(wallet, VALUE, BigInteger.ZERO, validBefore(), bad);
    switch (behaviour) {
      case HONEST -> {
        assertThat(rpc.ethCall(usdc.address(), goodCall)).isEqualTo("0x");
        assertThatThrownBy(() -> rpc.ethCall(usdc.address(), badCall))
            .hasMessageContaining("FiatTokenV2: invalid signature");
        pay(wallet, good);
        assertThat(usdc.balanceOf(payee)).isEqualTo(VALUE);
      }
      case APPROVES_ANYTHING -> assertThat(rpc.ethCall(usdc.address(), badCall)).isEqualTo("0x");
      case REVERTS, BURNS_ALL_GAS, RETURNS_NOTHING ->
          assertThatThrownBy(() -> rpc.ethCall(usdc.address(), goodCall))
              .hasMessageContaining("FiatTokenV2: invalid signature");
    }
  }

  // ---- misbehaviour

  @Test
  void canSucceedWithoutDoingAnything() {
    usdc.misbehave(TestUsdc.Mode.SILENT_NO_TRANSFER);
    assertThat(logsOf(pay(sign()))).isZero();
    assertThat(usdc.balanceOf(payee)).isZero();
    assertThat(usdc.authorizationUsed(payer.address(), nonce)).isFalse();
  }

  @Test
  void canUseTheAuthorizationWithoutATransfer() {
    usdc.misbehave(TestUsdc.Mode.AUTHORIZATION_USED_WITHOUT_TRANSFER);
    assertThat(logsOf(pay(sign()))).isOne();
    assertThat(usdc.balanceOf(payee)).isZero();
    assertThat(usdc.authorizationUsed(payer.address(), nonce)).isTrue();
  }

  @Test
  void canClaimATransferThatWasNone() {
    usdc.misbehave(TestUsdc.Mode.EVENTS_WITHOUT_TRANSFER);
    assertThat(logsOf(pay(sign()))).isEqualTo(2);
    assertThat(usdc.balanceOf(payee)).isZero();
  }

  @Test
  void canMoveLessThanAuthorized() {
    usdc.misbehave(TestUsdc.Mode.TRANSFERS_ONE_LESS);
    pay(sign());
    assertThat(usdc.balanceOf(payee)).isEqualTo(9_999);
  }

  @Test
  void canLetAUsedNoncePass() {
    pay(sign());
    usdc.misbehave(TestUsdc.Mode.NO_REVERT_ON_USED_NONCE);
    assertThat(logsOf(pay(sign()))).isZero();
    assertThat(usdc.balanceOf(payee)).isEqualTo(VALUE);
  }

  @Test
  void canBePausedAndBehaveAgain() {
    usdc.misbehave(TestUsdc.Mode.PAUSED);
    assertRefuses(sign(), "Pausable: paused");
    usdc.misbehave(TestUsdc.Mode.NONE);
    pay(sign());
    assertThat(usdc.balanceOf(payee)).isEqualTo(VALUE);
  }

  // ---- EIP-2612

  @Test
  void takesAPermitOnce() {
    byte[] permit =
        Hash.sha3(
            Numeric.hexStringToByteArray(
                rpc.ethCall(usdc.address(), selector("PERMIT_TYPEHASH()"))
                    + pad(payer.address())
                    + pad(payee)
                    + pad(VALUE.toString(16))
                    + pad("0")
                    + pad(validBefore().toString(16))));
    byte[] digest =
        Hash.sha3(
            Numeric.hexStringToByteArray(
                "0x1901"
                    + usdc.domainSeparator().substring(2)
                    + Numeric.toHexStringNoPrefix(permit)));
    byte[] signature = Numeric.hexStringToByteArray(payer.signDigest(digest));
    Function call =
        new Function(
            "permit",
            List.of(
                new Address(payer.address()),
                new Address(payee),
                new Uint256(VALUE),
                new Uint256(validBefore()),
                new Uint8(signature[64]),
                new Bytes32(Arrays.copyOfRange(signature, 0, 32)),
                new Bytes32(Arrays.copyOfRange(signature, 32, 64))),
            List.of());
    String data = FunctionEncoder.encode(call);
    assertThat(rpc.ethCall(usdc.address(), data)).isEqualTo("0x");
    assertThatThrownBy(
            () -> rpc.ethCall(usdc.address(), data.replace(pad(VALUE.toString(16)), pad("1"))))
        .hasMessageContaining("EIP2612: invalid signature");
  }

  // ---- how

  private BigInteger validBefore() {
    return now.add(BigInteger.valueOf(3600));
  }

  private String sign() {
    return sign(payer, VALUE);
  }

  /** Signs for the payer's account, whoever the signer is. */
  private String sign(TestWallet signer, BigInteger value) {
    return signer.signDigest(
        usdc.transferDigest(payer.address(), payee, value, BigInteger.ZERO, validBefore(), nonce));
  }

  private byte[] digestFor(String from) {
    return usdc.transferDigest(from, payee, VALUE, BigInteger.ZERO, validBefore(), nonce);
  }

  private String pay(String signature) {
    return pay(payer.address(), signature);
  }

  private String pay(String from, String signature) {
    return usdc.transferWithAuthorization(
        TestWallet.random(), from, payee, VALUE, BigInteger.ZERO, validBefore(), nonce, signature);
  }

  private void assertRefuses(String signature, String reason) {
    String data = data(payer.address(), VALUE, BigInteger.ZERO, validBefore(), signature);
    assertThatThrownBy(() -> rpc.ethCall(usdc.address(), data))
        .isInstanceOf(RpcError.class)
        .hasMessageContaining("execution reverted: " + reason);
  }

  private static int logsOf(String transaction) {
    return rpc.call("eth_getTransactionReceipt", transaction).get("logs").size();
  }

  private String data(
      String from,
      BigInteger value,
      BigInteger validAfter,
      BigInteger validBefore,
      String signature) {
    return FunctionEncoder.encode(
        new Function(
            "transferWithAuthorization",
            List.of(
                new Address(from),
                new Address(payee),
                new Uint256(value),
                new Uint256(validAfter),
                new Uint256(validBefore),
                new Bytes32(Numeric.hexStringToByteArray(nonce)),
                new DynamicBytes(Numeric.hexStringToByteArray(signature))),
            List.of()));
  }

  private String inParts(String signature) {
    byte[] bytes = Numeric.hexStringToByteArray(signature);
    return FunctionEncoder.encode(
        new Function(
            "transferWithAuthorization",
            List.of(
                new Address(payer.address()),
                new Address(payee),
                new Uint256(VALUE),
                new Uint256(BigInteger.ZERO),
                new Uint256(validBefore()),
                new Bytes32(Numeric.hexStringToByteArray(nonce)),
                new Uint8(bytes[64]),
                new Bytes32(Arrays.copyOfRange(bytes, 0, 32)),
                new Bytes32(Arrays.copyOfRange(bytes, 32, 64))),
            List.of()));
  }

  private static String selector(String signature) {
    return Hash.sha3String(signature).substring(0, 10);
  }

  private static String pad(String hex) {
    String digits = Numeric.cleanHexPrefix(hex).toLowerCase(Locale.ROOT);
    return "0".repeat(64 - digits.length()) + digits;
  }
}
