// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.testing.TestToken.Behaviour;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.web3j.crypto.Hash;
import org.web3j.crypto.Sign;
import org.web3j.utils.Numeric;

/**
 * What Permit2 and its proxies refuse, what they accept, and what the difficult tokens make of it.
 */
class Permit2Test {

  private static final BigInteger PLENTY = BigInteger.valueOf(1_000_000);
  private static final BigInteger PRICE = BigInteger.valueOf(10_000);
  private static final String NULL = "0x" + "0".repeat(40);
  private static final String FAILED =
      "0x08c379a0"
          + Permit2Payment.word(32)
          + Permit2Payment.word(20)
          + text("TRANSFER_FROM_FAILED");

  private static TestChain chain;
  private static Rpc rpc;
  private static Operator sender;
  private static String domain;

  private final TestWallet payer = TestWallet.random();
  private final String payTo = TestWallet.random().address();
  private TestToken token;
  private long now;

  @BeforeAll
  static void start() {
    chain = TestChain.fromSystemProperty();
    rpc = new Rpc(chain);
    sender =
        new Operator(
            new RemoteChain.HttpNode(chain.rpcUrl()), chain.chainId(), TestWallet.random());
    chain.fund(sender.wallet().address(), Rpc.ETHER);
    domain = rpc.ethCall(TestChain.PERMIT2, Permit2VectorsTest.selector("DOMAIN_SEPARATOR()"));
  }

  @AfterAll
  static void stop() {
    chain.close();
  }

  @BeforeEach
  void deploy() {
    token = chain.deployToken("Gold", "GLD", 18);
    token.mint(payer.address(), PLENTY);
    token.approve(payer, TestChain.PERMIT2, PLENTY);
    now =
        Operator.quantity(rpc.call("eth_getBlockByNumber", "latest", false).get("timestamp"))
            .longValueExact();
  }

  // ---- what they refuse

  enum Change {
    NOTHING("settles"),
    AMOUNT_OF_ZERO("exactErrors", "InvalidAmount") {
      @Override
      void before(Permit2Payment payment) {
        payment.permitted = payment.upto ? payment.permitted : 0;
        payment.amount = 0;
      }
    },
    NO_OWNER("exactErrors", "InvalidOwner") {
      @Override
      void after(Permit2Payment payment) {
        payment.owner = NULL;
      }
    },
    NO_RECIPIENT("exactErrors", "InvalidDestination") {
      @Override
      void before(Permit2Payment payment) {
        payment.to = NULL;
      }
    },
    NOT_YET_VALID("exactErrors", "PaymentTooEarly") {
      @Override
      void before(Permit2Payment payment) {
        payment.validAfter = payment.deadline + 1;
      }
    },
    EXPIRED("permit2Errors", "SignatureExpired") {
      @Override
      void before(Permit2Payment payment) {
        payment.deadline -= 100_000;
      }
    },
    OTHER_RECIPIENT("permit2Errors", "InvalidSigner") {
      @Override
      void after(Permit2Payment payment) {
        payment.to = payment.token;
      }
    },
    OTHER_SPENDER("permit2Errors", "InvalidSigner") {
      @Override
      void before(Permit2Payment payment) {
        payment.spender = payment.upto ? TestChain.EXACT_PROXY : TestChain.UPTO_PROXY;
      }
    },
    MORE_PERMITTED_THAN_SIGNED("permit2Errors", "InvalidSigner") {
      @Override
      void after(Permit2Payment payment) {
        payment.permitted++;
      }
    },
    OTHER_NONCE("permit2Errors", "InvalidSigner") {
      @Override
      void after(Permit2Payment payment) {
        payment.nonce = BigInteger.TEN;
      }
    },
    V_OF_ZERO("permit2Errors", "InvalidSignature") {
      @Override
      void after(Permit2Payment payment) {
        payment.signature = payment.signature.substring(0, 128) + "00";
      }
    },
    BYTE_TOO_MANY("permit2Errors", "InvalidSignatureLength") {
      @Override
      void after(Permit2Payment payment) {
        payment.signature += "00";
      }
    },
    BYTE_TOO_FEW("permit2Errors", "InvalidSignatureLength") {
      @Override
      void after(Permit2Payment payment) {
        payment.signature = payment.signature.substring(0, 126);
      }
    };

    private final String refusal;

    Change(String refusal) {
      this.refusal = refusal;
    }

    Change(String table, String error) {
      this(Permit2VectorsTest.error(table, error));
    }

    void before(Permit2Payment payment) {}

    void after(Permit2Payment payment) {}
  }

  @ParameterizedTest
  @EnumSource(Change.class)
  void exactRefuses(Change change) {
    assertRefuses(payment(false), change);
  }

  @ParameterizedTest
  @EnumSource(Change.class)
  void uptoRefuses(Change change) {
    assertRefuses(payment(true), change);
  }

  private void assertRefuses(Permit2Payment payment, Change change) {
    change.before(payment);
    payment.sign(payer, domain);
    change.after(payment);
    assertThat(refusal(payment, payment.settle())).startsWith(change.refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "10001, true, AmountExceedsPermitted",
    "9999, false, UnauthorizedFacilitator",
    "10001, false, AmountExceedsPermitted",
  })
  void uptoTakesNoMoreAndNoOtherSender(long amount, boolean facilitator, String error) {
    Permit2Payment payment = payment(true);
    payment.amount = amount;
    payment.facilitator = facilitator ? payment.facilitator : payTo;
    payment.sign(payer, domain);
    String expected = Permit2VectorsTest.error("uptoErrors", error);
    assertThat(refusal(payment, payment.settle())).isEqualTo(expected);
    assertThat(refusal(payment, payment.settleWithPermit(10_000))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void refuseAPermitOfAnotherAmount(boolean upto) {
    Permit2Payment payment = signed(upto);
    assertThat(refusal(payment, payment.settleWithPermit(10_001)))
        .isEqualTo(Permit2VectorsTest.error("exactErrors", "Permit2612AmountMismatch"));
  }

  @Test
  void refusesANonceThatItsOwnerHasInvalidated() {
    Permit2Payment payment = signed(false);
    chain.fund(payer.address(), Rpc.ETHER);
    String invalidate =
        Permit2VectorsTest.selector("invalidateUnorderedNonces(uint256,uint256)")
            + Permit2Payment.word(0)
            + Permit2Payment.word(1L << 7);
    sender.sendFrom(payer, TestChain.PERMIT2, BigInteger.ZERO, invalidate);
    assertThat(refusal(payment, payment.settle()))
        .isEqualTo(Permit2VectorsTest.error("permit2Errors", "InvalidNonce"));
  }

  // ---- signatures

  /** The spellings of one signature. */
  enum Form {
    PLAIN,
    COMPACT,
    HIGH_S;

    String of(String signature) {
      BigInteger s = new BigInteger(signature.substring(64, 128), 16);
      boolean odd = signature.endsWith("1c");
      String r = signature.substring(0, 64);
      return switch (this) {
        case PLAIN -> signature;
        case COMPACT -> r + Permit2Payment.word(odd ? s.setBit(255) : s);
        case HIGH_S ->
            r + Permit2Payment.word(Sign.CURVE_PARAMS.getN().subtract(s)) + (odd ? "1b" : "1c");
      };
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PLAIN, 1b",
    "COMPACT, 1b",
    "HIGH_S, 1b",
    "PLAIN, 1c",
    "COMPACT, 1c",
    "HIGH_S, 1c",
  })
  void acceptsEachFormOfASignatureAndNoneTwice(Form form, String v) {
    Permit2Payment payment = signed(false);
    while (!payment.signature.endsWith(v)) {
      payment.nonce = payment.nonce.add(BigInteger.ONE);
      payment.sign(payer, domain);
    }
    String signature = payment.signature;
    payment.signature = form.of(signature);
    send(payment.settle(), payment.proxy());
    assertThat(token.balanceOf(payTo)).isEqualTo(PRICE);
    for (Form other : Form.values()) {
      payment.signature = other.of(signature);
      assertThat(refusal(payment, payment.settle()))
          .isEqualTo(Permit2VectorsTest.error("permit2Errors", "InvalidNonce"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HONEST, true, settles",
    "HONEST, false, InvalidContractSignature",
    "APPROVES_ANYTHING, false, settles",
    "REVERTS, true, reverts",
    "RETURNS_NOTHING, true, reverts",
  })
  void asksAPayerThatIsAContract(WalletBehaviour behaviour, boolean owner, String expected) {
    TestWallet key = TestWallet.random();
    Permit2Payment payment = payment(false);
    payment.owner = chain.deployContractWallet(key.address(), behaviour);
    payment.token = withPermit("00"); // it moves nothing and returns true
    payment.sign(owner ? key : payer, domain);
    String refusal = refusal(payment, payment.settle());
    switch (expected) {
      case "settles" -> assertThat(refusal).isEqualTo("settles");
      case "reverts" -> assertThat(refusal).isNotEqualTo("settles").isNotEqualTo(FAILED);
      default -> assertThat(refusal).isEqualTo(Permit2VectorsTest.error("permit2Errors", expected));
    }
  }

  // ---- tokens

  @ParameterizedTest
  @CsvSource({
    "HONEST, 10000, 10000",
    "RETURNS_NOTHING, 10000, 10000",
    "FEE_ON_TRANSFER, 9900, 9900",
    "LOSES_A_UNIT, 9999, 10000",
    "RETURNS_FALSE, 0, 0",
    "PAUSED, 0, 0",
  })
  void movesAsTheTokenDoes(Behaviour behaviour, long received, long logged) {
    token.misbehave(behaviour);
    Permit2Payment payment = signed(true);
    if (received == 0) {
      assertThat(refusal(payment, payment.settle())).isEqualTo(FAILED);
      return;
    }
    JsonNode logs = send(payment.settle(), payment.proxy());
    assertThat(token.balanceOf(payTo)).isEqualTo(received);
    assertThat(token.balanceOf(payer.address())).isEqualTo(PLENTY.subtract(PRICE));
    assertThat(logs.get(0).at("/topics/0").asText())
        .isEqualTo(Hash.sha3String("Transfer(address,address,uint256)"));
    assertThat(Numeric.toBigInt(logs.get(0).get("data").asText())).isEqualTo(logged);
  }

  @ParameterizedTest
  @CsvSource({"payer", "recipient", "balance", "allowance"})
  void failsWhereTheTokenRefuses(String why) {
    switch (why) {
      case "payer" -> token.block(payer.address());
      case "recipient" -> token.block(payTo);
      case "allowance" -> token.approve(payer, TestChain.PERMIT2, PRICE.subtract(BigInteger.ONE));
      default -> token = chain.deployToken("Silver", "SLV", 0);
    }
    Permit2Payment payment = signed(false);
    assertThat(refusal(payment, payment.settle())).isEqualTo(FAILED);
  }

  @Test
  void movesNothingWhereThereIsNoToken() {
    Permit2Payment payment = payment(false);
    payment.token = TestWallet.random().address();
    payment.sign(payer, domain);
    assertThat(refusal(payment, payment.settle())).isEqualTo("settles");
  }

  // ---- EIP-2612

  @ParameterizedTest
  @CsvSource({
    "plain, EIP2612PermitFailedWithData",
    "permits, EIP2612PermitFailedWithReason",
    "panics, EIP2612PermitFailedWithPanic",
  })
  void settlesWithoutAPermitThatTheTokenRefuses(String kind, String event) {
    Permit2Payment payment = payment(false);
    payment.token = tokenOf(kind);
    payment.sign(payer, domain);
    JsonNode logs = send(payment.settleWithPermit(10_000), payment.proxy());
    String type =
        Map.of("Data", "bytes", "Reason", "string", "Panic", "uint256")
            .get(event.substring("EIP2612PermitFailedWith".length()));
    assertThat(logs.get(0).at("/topics/0").asText())
        .isEqualTo(Hash.sha3String(event + "(address,address," + type + ")"));
    assertThat(logs.get(logs.size() - 1).at("/topics/0").asText())
        .isEqualTo(Hash.sha3String("SettledWithPermit()"));
  }

  private String tokenOf(String kind) {
    if (kind.equals("plain")) {
      return token.address();
    }
    if (kind.equals("panics")) {
      return withPermit("634e487b7160e01b600052601160045260246000fd"); // Panic(0x11)
    }
    TestToken other = chain.deployPermitToken("Gold", "GLD", 6);
    other.mint(payer.address(), PLENTY);
    other.approve(payer, TestChain.PERMIT2, PLENTY);
    return other.address();
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void proxiesAreNotEnteredTwice(boolean upto) {
    Permit2Payment inner = signed(upto);
    Permit2Payment payment = payment(upto);
    payment.token = reentering(inner.proxy(), inner.settle().substring(2));
    payment.sign(payer, domain);
    JsonNode logs = send(payment.settleWithPermit(10_000), payment.proxy());
    assertThat(logs.get(0).get("data").asText())
        .contains(
            Permit2VectorsTest.error("exactErrors", "ReentrancyGuardReentrantCall").substring(2));
    assertThat(token.balanceOf(payTo)).isZero();
  }

  // ---- the proxy's place

  @Test
  void nothingMovesWhereTheProxyIsNotThere() {
    try (LocalChain bare = LocalChain.start()) {
      bare.placeCode(TestChain.EXACT_PROXY, "0x");
      Map<String, String> call =
          Map.of("to", TestChain.EXACT_PROXY, "data", signed(false).settle());
      assertThat(new Rpc(bare).call("eth_call", call, "latest").asText()).isEqualTo("0x");
    }
  }

  // ---- how

  private Permit2Payment payment(boolean upto) {
    return new Permit2Payment(
        upto, token.address(), payer.address(), payTo, sender.wallet().address(), now + 3600);
  }

  private Permit2Payment signed(boolean upto) {
    Permit2Payment payment = payment(upto);
    payment.sign(payer, domain);
    return payment;
  }

  private static JsonNode send(String data, String to) {
    String hash = sender.send(to, BigInteger.ZERO, data);
    return rpc.call("eth_getTransactionReceipt", hash).get("logs");
  }

  /** Returns what a call reverts with, or "settles". */
  private static String refusal(Permit2Payment payment, String data) {
    Map<String, String> call =
        Map.of("from", sender.wallet().address(), "to", payment.proxy(), "data", data);
    RpcError error =
        catchThrowableOfType(RpcError.class, () -> rpc.call("eth_call", call, "latest"));
    return error == null ? "settles" : String.valueOf(error.data());
  }

  /** Places a token that returns true to everything but a permit, for which this code runs. */
  private static String withPermit(String code) {
    String address = TestWallet.random().address();
    String dispatch = "60003560e01c63d505accf14601957600160005260206000f35b";
    chain.placeCode(address, "0x" + dispatch + code);
    return address;
  }

  /** Places a token whose permit makes this call, and reverts with what it reverted with. */
  private static String reentering(String to, String call) {
    String length = "%04x".formatted(call.length() / 2);
    String copy = "61" + length + "610050600039"; // behind the code
    String make = "6000600061" + length + "6000600073" + to.substring(2) + "5af150";
    return withPermit(copy + make + "3d600060003e3d6000fd" + call);
  }

  private static String text(String ascii) {
    String hex = Numeric.toHexStringNoPrefix(ascii.getBytes(StandardCharsets.US_ASCII));
    return hex + "0".repeat(64 - hex.length());
  }
}
