// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.abi.FunctionReturnDecoder;
import org.web3j.abi.TypeReference;
import org.web3j.abi.Utils;
import org.web3j.abi.datatypes.Type;
import org.web3j.abi.datatypes.Utf8String;
import org.web3j.crypto.Hash;

/**
 * Permit2 and its proxies against what the published ones said and did, on a chain of that time.
 */
class Permit2VectorsTest {

  static final JsonNode VECTORS = read("/vectors/permit2-upto.json");
  static final TestWallet FACILITATOR =
      TestWallet.of("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
  static final TestWallet PAYER =
      TestWallet.of("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a");
  static final String PAY_TO = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
  static final String USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
  static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);

  private LocalChain chain;
  private Rpc rpc;
  private Operator sender;
  private TestUsdc usdc;

  @BeforeEach
  void start() {
    chain = LocalChain.start(new MutableClock(NOW));
    rpc = new Rpc(chain);
    sender = new Operator(new RemoteChain.HttpNode(chain.rpcUrl()), chain.chainId(), FACILITATOR);
    chain.fund(FACILITATOR.address(), Rpc.ETHER);
    usdc = chain.placeUsdc(USDC, "USDC", "2");
    usdc.mint(PAYER.address(), 100_000);
  }

  @AfterEach
  void stop() {
    chain.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"exact", "upto"})
  void proxiesAnswerAsThePublishedOnes(String scheme) {
    String proxy = scheme.equals("exact") ? TestChain.EXACT_PROXY : TestChain.UPTO_PROXY;
    JsonNode expected = VECTORS.at("/hashes/" + scheme + "Onchain");
    assertThat(rpc.ethCall(proxy, selector("WITNESS_TYPEHASH()")))
        .isEqualTo(expected.get("WITNESS_TYPEHASH").asText());
    assertThat(text(rpc.ethCall(proxy, selector("WITNESS_TYPE_STRING()"))))
        .isEqualTo(expected.get("WITNESS_TYPE_STRING").asText());
    assertThat(rpc.ethCall(proxy, selector("PERMIT2()")).substring(26))
        .isEqualToIgnoringCase(expected.get("PERMIT2").asText().substring(2));
    assertThat(TestChain.PERMIT2).isEqualTo(expected.get("PERMIT2").asText());
  }

  @ParameterizedTest
  @CsvSource({
    "TestExactProxy, exactSelectors, exactErrors",
    "TestUptoProxy, uptoSelectors, uptoErrors",
    "TestPermit2, , permit2Errors",
  })
  void contractsHaveTheSelectorsOfThePublishedOnes(
      String contract, String selectors, String errors) {
    JsonNode artifact = read("/io/github/x402j/testing/" + contract + ".json");
    if (selectors == null) {
      assertThat(artifact.at("/methods/nonceBitmap(address,uint256)").asText())
          .isEqualTo(VECTORS.at("/hashes/permit2NonceBitmapSelector").asText().substring(2));
    } else {
      Map<String, String> methods = new TreeMap<>();
      artifact
          .get("methods")
          .fields()
          .forEachRemaining(m -> methods.put(name(m.getKey()), "0x" + m.getValue().asText()));
      assertThat(methods).isEqualTo(texts(VECTORS.get("hashes").get(selectors)));
    }
    Map<String, String> known = errors(artifact);
    assertThat(known).containsAllEntriesOf(texts(VECTORS.get("hashes").get(errors)));
  }

  @ParameterizedTest
  @ValueSource(longs = {84532, 8453})
  void permit2HasItsDomain(long chainId) {
    try (LocalChain other = LocalChain.start(chainId)) {
      assertThat(new Rpc(other).ethCall(TestChain.PERMIT2, selector("DOMAIN_SEPARATOR()")))
          .isEqualTo(VECTORS.at("/hashes/permit2DomainSeparator/" + chainId).asText());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exactPermit2", "exactEip2612", "uptoPermit2"})
  void settlesOnceAndMovesWhatThePublishedProxyMoved(String vector) {
    JsonNode payment = VECTORS.get(vector);
    boolean permitted = vector.equals("exactEip2612");
    if (!permitted) {
      usdc.approve(PAYER, TestChain.PERMIT2, BigInteger.valueOf(50_000));
    }
    BigInteger delta = new BigInteger(payment.get("payToDelta").asText());

    String hash = settle(payment);

    assertThat(usdc.balanceOf(PAY_TO)).isEqualTo(delta);
    assertThat(usdc.balanceOf(PAYER.address()))
        .isEqualTo(BigInteger.valueOf(100_000 - delta.longValue()));
    JsonNode logs = rpc.call("eth_getTransactionReceipt", hash).get("logs");
    assertThat(logs.get(logs.size() - 1).at("/topics/0").asText())
        .isEqualTo(Hash.sha3String(permitted ? "SettledWithPermit()" : "Settled()"));
    assertThat(refusal(payment)).isEqualTo(error("permit2Errors", "InvalidNonce"));
    assertThat(usdc.balanceOf(PAY_TO)).isEqualTo(delta);
  }

  @Test
  void marksTheNonceInItsWord() {
    JsonNode payment = VECTORS.get("exactPermit2");
    usdc.approve(PAYER, TestChain.PERMIT2, BigInteger.valueOf(50_000));
    BigInteger nonce = new BigInteger(payment.at("/permit2Authorization/nonce").asText());
    String word =
        VECTORS.at("/hashes/permit2NonceBitmapSelector").asText()
            + Permit2Payment.word(PAYER.address())
            + Permit2Payment.word(nonce.shiftRight(8));
    assertThat(new BigInteger(rpc.ethCall(TestChain.PERMIT2, word).substring(2), 16)).isZero();
    settle(payment);
    assertThat(new BigInteger(rpc.ethCall(TestChain.PERMIT2, word).substring(2), 16))
        .isEqualTo(BigInteger.ONE.shiftLeft(nonce.intValue() & 255));
  }

  private String settle(JsonNode payment) {
    return sender.send(
        payment.get("to").asText(), BigInteger.ZERO, payment.get("calldata").asText());
  }

  private String refusal(JsonNode payment) {
    Map<String, String> call =
        Map.of(
            "from", FACILITATOR.address(),
            "to", payment.get("to").asText(),
            "data", payment.get("calldata").asText());
    RpcError error =
        catchThrowableOfType(RpcError.class, () -> rpc.call("eth_call", call, "latest"));
    return error == null ? "settles" : String.valueOf(error.data());
  }

  // ---- how

  /** Returns the selector of an error that the vectors name. */
  static String error(String table, String name) {
    return VECTORS.get("hashes").get(table).get(name).asText();
  }

  static String selector(String signature) {
    return Hash.sha3String(signature).substring(0, 10);
  }

  private static Map<String, String> errors(JsonNode artifact) {
    Map<String, String> errors = new TreeMap<>();
    for (JsonNode entry : artifact.get("abi")) {
      if (entry.get("type").asText().equals("error")) {
        String types =
            String.join(
                ",",
                StreamSupport.stream(entry.get("inputs").spliterator(), false)
                    .map(input -> input.get("type").asText())
                    .toList());
        String name = entry.get("name").asText();
        errors.put(name, selector(name + "(" + types + ")"));
      }
    }
    return errors;
  }

  private static String name(String signature) {
    return signature.substring(0, signature.indexOf('('));
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new TreeMap<>();
    object.fields().forEachRemaining(f -> texts.put(f.getKey(), f.getValue().asText()));
    return texts;
  }

  @SuppressWarnings({"rawtypes", "unchecked"})
  private static String text(String answer) {
    java.util.List<TypeReference<Type>> one =
        Utils.convert(java.util.List.of(new TypeReference<Utf8String>() {}));
    return FunctionReturnDecoder.decode(answer, one).get(0).getValue().toString();
  }

  private static JsonNode read(String resource) {
    try (InputStream in = Permit2VectorsTest.class.getResourceAsStream(resource)) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
