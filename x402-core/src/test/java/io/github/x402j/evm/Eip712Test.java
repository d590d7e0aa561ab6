// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Vectors;
import io.github.x402j.gate.Sale;
import java.math.BigInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.web3j.crypto.ECDSASignature;
import org.web3j.crypto.Keys;
import org.web3j.crypto.Sign;

/** The constants of the specification, and its example with a genuine signature. */
class Eip712Test {
  private static final JsonNode SPEC = Vectors.specification();
  private static final JsonNode HASHES = SPEC.get("eip712");

  private static ExactEvmPayload example() throws Exception {
    String header = Sale.base64(SPEC.get("paymentPayloadV2").toString());
    return ExactEvmPayload.parse(PaymentCodec.decodePayload(header, 2).payload());
  }

  private static String hash(String name) {
    return HASHES.get(name).textValue();
  }

  @Test
  void hasTheTypeHashOfEip3009() {
    assertThat(Hex.text(Eip712.transferTypeHash())).isEqualTo(hash("typeHash"));
  }

  @Test
  void hasTheDomainSeparatorsThatTheTokensAnswer() {
    assertThat(Hex.text(Eip712.domainSeparator(Usdc.BASE_SEPOLIA)))
        .isEqualTo(hash("domainSeparatorBaseSepolia"));
    assertThat(Hex.text(Eip712.domainSeparator(Usdc.BASE))).isEqualTo(hash("domainSeparatorBase"));
  }

  @Test
  void hashesTheExampleOfTheSpecification() throws Exception {
    TransferAuthorization authorization = example().authorization();

    assertThat(Hex.text(Eip712.structHash(authorization))).isEqualTo(hash("structHash"));
    assertThat(Hex.text(Eip712.digest(Eip712.domainSeparator(Usdc.BASE_SEPOLIA), authorization)))
        .isEqualTo(hash("digest"));
  }

  @Test
  void recoversThePayerFromTheGenuineSignature() throws Exception {
    EvmSignature signature = EvmSignature.of(Hex.bytes(example().signature()));

    assertThat(signature.signerOf(Hex.bytes(hash("digest"))))
        .contains(Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66"));
    assertThat(signature.toHex()).isEqualTo(example().signature());
  }

  @Test
  void refusesTheHighTwinThoughItRecoversThePayerToo() throws Exception {
    byte[] twin = Hex.bytes(hash("highSTwin"));
    BigInteger recovered =
        Sign.recoverFromSignature(
            (twin[64] & 0xff) - 27,
            new ECDSASignature(new BigInteger(1, twin, 0, 32), new BigInteger(1, twin, 32, 32)),
            Hex.bytes(hash("digest")));

    assertThat("0x" + Keys.getAddress(recovered))
        .isEqualTo(example().authorization().from().lowerCase());
    assertThatIllegalArgumentException().isThrownBy(() -> EvmSignature.of(twin));
  }

  @Test
  void everyPartOfTheDomainAndTheMessageCounts() throws Exception {
    Token token = Usdc.BASE_SEPOLIA;
    TransferAuthorization a = Sale.authorization(Sale.nonce(1));
    String digest = Hex.text(Eip712.digest(Eip712.domainSeparator(token), a));

    assertThat(
            Stream.of(
                    new Token(token.network(), token.contract(), 6, "USD Coin", "2"),
                    new Token(token.network(), token.contract(), 6, "USDC", "1"),
                    new Token(Network.BASE, token.contract(), 6, "USDC", "2"),
                    new Token(token.network(), Sale.PAY_TO, 6, "USDC", "2"))
                .map(other -> Hex.text(Eip712.digest(Eip712.domainSeparator(other), a))))
        .doesNotContain(digest)
        .doesNotHaveDuplicates();
    BigInteger one = BigInteger.ONE;
    assertThat(
            Stream.of(
                    new TransferAuthorization(
                        a.to(), a.to(), a.value(), a.validAfter(), a.validBefore(), a.nonce()),
                    new TransferAuthorization(
                        a.from(), a.from(), a.value(), a.validAfter(), a.validBefore(), a.nonce()),
                    new TransferAuthorization(
                        a.from(),
                        a.to(),
                        TokenAmount.of(1),
                        a.validAfter(),
                        a.validBefore(),
                        a.nonce()),
                    new TransferAuthorization(
                        a.from(), a.to(), a.value(), one, a.validBefore(), a.nonce()),
                    new TransferAuthorization(
                        a.from(), a.to(), a.value(), a.validAfter(), one, a.nonce()),
                    new TransferAuthorization(
                        a.from(),
                        a.to(),
                        a.value(),
                        a.validAfter(),
                        a.validBefore(),
                        Sale.nonce(2)))
                .map(other -> Hex.text(Eip712.digest(Eip712.domainSeparator(token), other))))
        .doesNotContain(digest)
        .doesNotHaveDuplicates();
  }
}
