// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.web3j.abi.FunctionEncoder;
import org.web3j.abi.datatypes.DynamicBytes;
import org.web3j.abi.datatypes.Type;
import org.web3j.abi.datatypes.generated.Bytes32;
import org.web3j.abi.datatypes.generated.Uint256;
import org.web3j.abi.datatypes.generated.Uint8;
import org.web3j.crypto.Hash;

/**
 * The calls and events of an EIP-3009 token and an EIP-1271 wallet, encoded by hand: every argument
 * is one word, but for the signature at the end.
 */
final class Eip3009 {
  static final String AUTHORIZATION_USED =
      "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
  static final String AUTHORIZATION_CANCELED =
      Hash.sha3String("AuthorizationCanceled(address,bytes32)");
  static final String TRANSFER =
      "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

  /** {@code isValidSignature} answers with its own selector. */
  static final String EIP_1271_MAGIC = "0x1626ba7e" + "0".repeat(56);

  private static final String TRANSFER_WITH_VRS = "0xe3ee160e";
  private static final String TRANSFER_WITH_BYTES = "0xcf092995";
  private static final String AUTHORIZATION_STATE = "0xe94a0102";
  private static final String BALANCE_OF = "0x70a08231";
  private static final String IS_VALID_SIGNATURE = "0x1626ba7e";
  private static final String DOMAIN_SEPARATOR = "0x3644e515";

  private Eip3009() {}

  static String transfer(TransferAuthorization a, EvmSignature signature) {
    return TRANSFER_WITH_VRS
        + arguments(
            a,
            new Uint8(signature.v()),
            new Bytes32(word(signature.r())),
            new Bytes32(word(signature.s())));
  }

  static String transfer(TransferAuthorization a, byte[] signature) {
    return TRANSFER_WITH_BYTES + arguments(a, new DynamicBytes(signature));
  }

  private static String arguments(TransferAuthorization a, Type<?>... signature) {
    List<Type> arguments = new ArrayList<>();
    arguments.add(address(a.from()));
    arguments.add(address(a.to()));
    arguments.add(new Uint256(a.value().atomicUnits()));
    arguments.add(new Uint256(a.validAfter()));
    arguments.add(new Uint256(a.validBefore()));
    arguments.add(new Bytes32(Hex.bytes(a.nonce())));
    arguments.addAll(List.of(signature));
    return FunctionEncoder.encodeConstructor(arguments);
  }

  static String authorizationState(Address authorizer, String nonce) {
    return AUTHORIZATION_STATE
        + FunctionEncoder.encodeConstructor(
            List.of(address(authorizer), new Bytes32(Hex.bytes(nonce))));
  }

  static String balanceOf(Address account) {
    return BALANCE_OF + FunctionEncoder.encodeConstructor(List.of(address(account)));
  }

  static String domainSeparator() {
    return DOMAIN_SEPARATOR;
  }

  static String isValidSignature(byte[] digest, byte[] signature) {
    return IS_VALID_SIGNATURE
        + FunctionEncoder.encodeConstructor(
            List.of(new Bytes32(digest), new DynamicBytes(signature)));
  }

  private static org.web3j.abi.datatypes.Address address(Address address) {
    return new org.web3j.abi.datatypes.Address(address.lowerCase());
  }

  private static byte[] word(BigInteger unsigned) {
    return Hex.bytes("0x" + Hex.word(unsigned));
  }

  static List<String> usedTopics(TransferAuthorization a) {
    return List.of(AUTHORIZATION_USED, "0x" + word(a.from()), a.nonce());
  }

  static List<String> canceledTopics(TransferAuthorization a) {
    return List.of(AUTHORIZATION_CANCELED, "0x" + word(a.from()), a.nonce());
  }

  /**
   * Returns whether a transaction with these events used this authorization, and made exactly its
   * transfer.
   *
   * <p>One transaction may use several authorizations of a payer, who can have signed one nonce
   * twice, for different transfers. Then only the transfer directly after a use counts for it
   * (EIP-3009, reference implementation). Otherwise one transfer would pay for all of them.
   */
  static EvmPayment.Use use(List<Chain.Event> events, Address asset, TransferAuthorization a) {
    List<Chain.Event> ofToken = events.stream().filter(e -> e.contract().equals(asset)).toList();
    List<String> use = usedTopics(a);
    int at = ofToken.stream().map(Chain.Event::topics).toList().indexOf(use);
    if (at < 0) {
      return new EvmPayment.Use.None();
    }
    long usesOfPayer =
        ofToken.stream()
            .map(Chain.Event::topics)
            .filter(topics -> topics.size() > 1 && topics.subList(0, 2).equals(use.subList(0, 2)))
            .count();
    boolean moved =
        usesOfPayer == 1
            ? ofToken.stream().anyMatch(e -> isTransferOf(e, a))
            : at + 1 < ofToken.size() && isTransferOf(ofToken.get(at + 1), a);
    return moved ? new EvmPayment.Use.Moved(a.value()) : new EvmPayment.Use.WithoutTransfer();
  }

  /** Returns the topics of a transfer between two accounts. */
  static List<String> transferTopics(Address from, Address to) {
    return List.of(TRANSFER, "0x" + word(from), "0x" + word(to));
  }

  private static boolean isTransferOf(Chain.Event event, TransferAuthorization a) {
    return event.topics().equals(transferTopics(a.from(), a.to()))
        && event.data().equals("0x" + Hex.word(a.value().atomicUnits()));
  }

  private static String word(Address address) {
    return "0".repeat(24) + address.lowerCase().substring(2);
  }
}
