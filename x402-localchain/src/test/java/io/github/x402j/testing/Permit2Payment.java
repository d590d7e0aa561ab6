// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.web3j.crypto.Hash;
import org.web3j.utils.Numeric;

/**
 * A Permit2 payment through one of the proxies: what the payer signs, and the call that settles it.
 * A test changes a field before or after the signature.
 */
final class Permit2Payment {

  private static final String PERMIT =
      "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,"
          + "uint256 deadline,";
  private static final String PERMITTED = "TokenPermissions(address token,uint256 amount)";

  final boolean upto;
  String token;
  long permitted = 10_000;
  long amount = 10_000;
  BigInteger nonce = BigInteger.valueOf(7);
  long deadline;
  String owner;
  String to;
  String facilitator;
  long validAfter = 0;
  String spender;
  String signature = "";

  Permit2Payment(
      boolean upto, String token, String owner, String to, String facilitator, long deadline) {
    this.upto = upto;
    this.token = token;
    this.owner = owner;
    this.to = to;
    this.facilitator = facilitator;
    this.deadline = deadline;
    this.spender = proxy();
  }

  String proxy() {
    return upto ? TestChain.UPTO_PROXY : TestChain.EXACT_PROXY;
  }

  /** Signs the fields as they are now. */
  void sign(TestWallet signer, String domainSeparator) {
    signature = signer.signDigest(digest(domainSeparator)).substring(2);
  }

  byte[] digest(String domainSeparator) {
    String witnessType =
        upto
            ? "Witness(address to,address facilitator,uint256 validAfter)"
            : "Witness(address to,uint256 validAfter)";
    String witness =
        hash(typeHash(witnessType) + word(to) + (upto ? word(facilitator) : "") + word(validAfter));
    String typeHash = typeHash(PERMIT + "Witness witness)" + PERMITTED + witnessType);
    String permit = hash(typeHash(PERMITTED) + word(token) + word(permitted));
    String struct =
        hash(typeHash + permit + word(spender) + word(nonce) + word(deadline) + witness);
    return Numeric.hexStringToByteArray(hash("1901" + domainSeparator.substring(2) + struct));
  }

  /** Returns the call of {@code settle}. */
  String settle() {
    String selector =
        upto
            ? Permit2VectorsTest.VECTORS.at("/hashes/uptoSelectors/settle").asText()
            : Permit2VectorsTest.VECTORS.at("/hashes/exactSelectors/settle").asText();
    return selector + arguments(0);
  }

  /** Returns the call of {@code settleWithPermit}, with a permit of this value that is unsigned. */
  String settleWithPermit(long value) {
    String selector =
        upto
            ? Permit2VectorsTest.VECTORS.at("/hashes/uptoSelectors/settleWithPermit").asText()
            : Permit2VectorsTest.VECTORS.at("/hashes/exactSelectors/settleWithPermit").asText();
    String permit = word(value) + word(deadline) + word(1) + word(1) + word(27);
    return selector + permit + arguments(5);
  }

  private String arguments(int wordsBefore) {
    int words = wordsBefore + (upto ? 10 : 8);
    return word(token)
        + word(permitted)
        + word(nonce)
        + word(deadline)
        + (upto ? word(amount) : "")
        + word(owner)
        + word(to)
        + (upto ? word(facilitator) : "")
        + word(validAfter)
        + word(32L * words)
        + word(signature.length() / 2)
        + signature
        + "0".repeat((64 - signature.length() % 64) % 64);
  }

  static String word(String address) {
    return "0".repeat(24) + Numeric.cleanHexPrefix(address);
  }

  static String word(long value) {
    return word(BigInteger.valueOf(value));
  }

  static String word(BigInteger value) {
    return Numeric.toHexStringNoPrefixZeroPadded(value, 64);
  }

  private static String typeHash(String type) {
    return Numeric.toHexStringNoPrefix(Hash.sha3(type.getBytes(StandardCharsets.UTF_8)));
  }

  private static String hash(String hex) {
    return Hash.sha3("0x" + hex).substring(2);
  }
}
