// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.web3j.crypto.Hash;

/**
 * The contract Permit2 and the proxy of scheme {@code exact} in front of it: their addresses,
 * digests, calls and events (specification {@code scheme_exact_evm}, section 2). Both have the same
 * addresses on every chain. Pure.
 */
final class Permit2 {
  /** Moves tokens of payers that have approved it. */
  static final Address ADDRESS = Address.parse("0x000000000022D473030F116dDEE9F6B43aC78BA3");

  /** {@code x402ExactPermit2Proxy}: sees to it that Permit2 pays the witness's {@code to}. */
  static final Address EXACT_PROXY = Address.parse("0x402085c248EeA27D92E8b30b2C58ed07f9E20001");

  /** {@code WITNESS_TYPEHASH()} of the proxy. */
  static final String WITNESS_TYPE_HASH =
      "0xd97b3239a7f32295517bd14cb074edfdd188dfe5eb42f802bb26d4fd1eb12c37";

  private static final byte[] DOMAIN_TYPE_HASH =
      hash("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
  private static final byte[] NAME_HASH = hash("Permit2");
  private static final byte[] PERMISSIONS_TYPE_HASH =
      hash("TokenPermissions(address token,uint256 amount)");
  private static final byte[] PERMIT_TYPE_HASH =
      hash(
          "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,"
              + "uint256 deadline,Witness witness)TokenPermissions(address token,uint256 amount)"
              + "Witness(address to,uint256 validAfter)");

  private static final String SETTLE = "0x13cd3b53";
  private static final String NONCE_BITMAP = "0x4fe02b44";
  private static final String ALLOWANCE = "0xdd62ed3e";

  /** {@code UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask)}. */
  private static final String INVALIDATION =
      Hash.sha3String("UnorderedNonceInvalidation(address,uint256,uint256)");

  private static final int WORD = 64;

  private Permit2() {}

  private static byte[] hash(String text) {
    return Hash.sha3(text.getBytes(UTF_8));
  }

  static byte[] domainSeparator(Network network) {
    return hashOf(
        DOMAIN_TYPE_HASH,
        NAME_HASH,
        Eip712.word(BigInteger.valueOf(network.chainId())),
        Eip712.word(ADDRESS));
  }

  static byte[] structHash(Permit2Authorization a) {
    byte[] permitted =
        hashOf(
            PERMISSIONS_TYPE_HASH, Eip712.word(a.token()), Eip712.word(a.amount().atomicUnits()));
    byte[] witness =
        hashOf(Hex.bytes(WITNESS_TYPE_HASH), Eip712.word(a.to()), Eip712.word(a.validAfter()));
    return hashOf(
        PERMIT_TYPE_HASH,
        permitted,
        Eip712.word(a.spender()),
        Eip712.word(a.nonce()),
        Eip712.word(a.deadline()),
        witness);
  }

  private static byte[] hashOf(byte[]... words) {
    ByteArrayOutputStream all = new ByteArrayOutputStream(32 * words.length);
    for (byte[] word : words) {
      all.writeBytes(word);
    }
    return Hash.sha3(all.toByteArray());
  }

  /** Returns the data of the proxy's {@code settle}. */
  static String settle(Permit2Authorization a, byte[] signature) {
    String bytes = Hex.text(signature).substring(2);
    return SETTLE
        + words(a)
        + Hex.word(BigInteger.valueOf(8 * 32)) // where the signature begins
        + Hex.word(BigInteger.valueOf(signature.length))
        + bytes
        + "0".repeat((WORD - bytes.length() % WORD) % WORD);
  }

  /** What a call says of an authorization: the permit, the owner, the witness. */
  private static String words(Permit2Authorization a) {
    return terms(a.token(), a.amount().atomicUnits(), Hex.word(a.nonce()), Hex.word(a.deadline()))
        + word(a.from())
        + word(a.to())
        + Hex.word(a.validAfter());
  }

  private static String terms(Address token, BigInteger amount, String nonce, String deadline) {
    return word(token) + Hex.word(amount) + nonce + deadline;
  }

  private static String word(Address address) {
    return "0".repeat(24) + address.lowerCase().substring(2);
  }

  static String nonceBitmap(Address owner, BigInteger nonce) {
    return NONCE_BITMAP + word(owner) + Hex.word(nonce.shiftRight(8));
  }

  /** Returns whether the bitmap of the nonce's word has its bit. */
  static boolean isUsed(BigInteger bitmap, BigInteger nonce) {
    return bitmap.testBit(nonce.intValue() & 0xff);
  }

  /** Returns the question how much of the owner's token Permit2 may move. */
  static String allowance(Address owner) {
    return ALLOWANCE + word(owner) + word(ADDRESS);
  }

  /** Returns the topics of the owner's cancellations. */
  static List<String> invalidationTopics(Address owner) {
    return List.of(INVALIDATION, "0x" + word(owner));
  }

  /** Returns whether the event cancels this nonce. */
  static boolean invalidates(Chain.Event event, BigInteger nonce) {
    if (event.data().length() != 2 + 2 * WORD) {
      return false;
    }
    BigInteger at = new BigInteger(event.data().substring(2, 2 + WORD), 16);
    BigInteger mask = new BigInteger(event.data().substring(2 + WORD), 16);
    return at.equals(nonce.shiftRight(8)) && isUsed(mask, nonce);
  }

  /**
   * Returns whether a transaction that succeeded made the transfer of this authorization.
   *
   * <p>No event names the nonce. So the call data must carry the authorization, directly or inside
   * another contract's call, and there must be a transfer for each authorization of the same
   * transfer that it carries, and for each that the token itself took from the payer (EIP-3009):
   * one transfer never counts for two.
   *
   * @param events of the transaction
   * @param callData of the transaction, in lower case
   */
  static boolean isMadeBy(List<Chain.Event> events, String callData, Permit2Authorization a) {
    if (!callData.contains(words(a))) {
      return false;
    }
    List<String> topics = Eip3009.transferTopics(a.from(), a.to());
    String value = "0x" + Hex.word(a.amount().atomicUnits());
    long transfers =
        events.stream()
            .filter(event -> event.contract().equals(a.token()))
            .filter(event -> event.topics().equals(topics) && event.data().equals(value))
            .count();
    return transfers >= ofSameTransfer(callData, a) + takenByToken(events, a);
  }

  /** Returns how many authorizations of the payer the token itself took. */
  private static long takenByToken(List<Chain.Event> events, Permit2Authorization a) {
    List<String> use = List.of(Eip3009.AUTHORIZATION_USED, "0x" + word(a.from()));
    return events.stream()
        .filter(event -> event.contract().equals(a.token()))
        .filter(event -> event.topics().size() > 1 && event.topics().subList(0, 2).equals(use))
        .count();
  }

  /** Returns how many different authorizations of the same transfer the data carries. */
  private static long ofSameTransfer(String callData, Permit2Authorization a) {
    Pattern same =
        Pattern.compile(
            "(?=("
                + word(a.token())
                + Hex.word(a.amount().atomicUnits())
                + "[0-9a-f]{128}"
                + word(a.from())
                + word(a.to())
                + "))");
    List<String> found = new ArrayList<>();
    Matcher matcher = same.matcher(callData);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found.stream().distinct().count();
  }
}
