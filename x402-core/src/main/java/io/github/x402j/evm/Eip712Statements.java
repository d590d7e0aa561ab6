// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.extension.TrustedSigners;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.web3j.crypto.Hash;

/**
 * Signs the statements of the {@code offer-receipt} extension as EIP-712 structures, and returns
 * who signed one. The domains and types are the extension's; the chain id in them is 1 whatever the
 * payment's chain is.
 */
public final class Eip712Statements implements OfferReceiptSigner {
  /** The value of {@code format}. */
  public static final String FORMAT = "eip712";

  private static final List<String> OFFER_TEXTS =
      List.of("resourceUrl", "scheme", "network", "asset", "payTo", "amount");
  private static final byte[] OFFER_TYPE =
      hash(
          "Offer(uint256 version,string resourceUrl,string scheme,string network,string asset,"
              + "string payTo,string amount,uint256 validUntil)");
  private static final byte[] RECEIPT_TYPE =
      hash(
          "Receipt(uint256 version,string network,string resourceUrl,string payer,"
              + "uint256 issuedAt,string transaction)");
  private static final byte[] OFFER_DOMAIN = domainSeparator("x402 offer");
  private static final byte[] RECEIPT_DOMAIN = domainSeparator("x402 receipt");

  private final EvmSigner signer;

  private Eip712Statements(EvmSigner signer) {
    this.signer = signer;
  }

  /**
   * Returns a signer of statements.
   *
   * @param signer the account of the payee, or one that clients know to sign for it
   */
  public static Eip712Statements of(EvmSigner signer) {
    return new Eip712Statements(signer);
  }

  /**
   * Returns trust in what these accounts sign, for {@link
   * io.github.x402j.extension.OfferReceiptVerifier}.
   *
   * @param accounts the {@code payTo} of the offers, and accounts that are known to sign for the
   *     seller
   */
  public static TrustedSigners trusting(Set<Address> accounts) {
    Set<Address> trusted = Set.copyOf(accounts);
    return new TrustedSigners() {
      @Override
      public Optional<Map<String, Object>> offer(Map<String, Object> signed) {
        return members(signed, trusted, Eip712Statements::signerOfOffer);
      }

      @Override
      public Optional<Map<String, Object>> receipt(Map<String, Object> signed) {
        return members(signed, trusted, Eip712Statements::signerOfReceipt);
      }
    };
  }

  private static Optional<Map<String, Object>> members(
      Map<String, Object> signed,
      Set<Address> trusted,
      BiFunction<Map<String, Object>, String, Optional<Address>> signer) {
    if (!FORMAT.equals(signed.get("format"))
        || !(signed.get("signature") instanceof String signature)
        || !(signed.get("payload") instanceof Map<?, ?> payload)) {
      return Optional.empty();
    }
    Map<String, Object> members = new LinkedHashMap<>();
    payload.forEach((name, value) -> members.put(String.valueOf(name), value));
    return signer.apply(members, signature).filter(trusted::contains).map(account -> members);
  }

  @Override
  public Map<String, Object> sign(OfferStatement offer) {
    return signed(offer.toMembers(), offerDigest(offer.toMembers()));
  }

  @Override
  public Map<String, Object> sign(ReceiptStatement receipt) {
    return signed(receipt.toMembers(), receiptDigest(receipt.toMembers()));
  }

  private Map<String, Object> signed(Map<String, Object> members, byte[] digest) {
    Map<String, Object> signed = new LinkedHashMap<>();
    signed.put("format", FORMAT);
    signed.put("payload", members);
    signed.put("signature", signer.sign(digest).toHex());
    return signed;
  }

  /**
   * Returns who signed an offer, empty if the signature is not valid. The members are hashed as
   * they are.
   *
   * @param signature {@code 0x} and 65 bytes in hex
   */
  public static Optional<Address> signerOfOffer(Map<String, Object> members, String signature) {
    return signer(signature, offerDigest(members));
  }

  private static Optional<Address> signerOfReceipt(Map<String, Object> members, String signature) {
    return signer(signature, receiptDigest(members));
  }

  private static Optional<Address> signer(String signature, byte[] digest) {
    if (!signature.matches("0x[0-9a-fA-F]{130}")) {
      return Optional.empty();
    }
    try {
      return EvmSignature.of(Hex.bytes(signature)).signerOf(digest);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // out of range, or the upper half
    }
  }

  static byte[] offerDigest(Map<String, Object> members) {
    ByteArrayOutputStream words = new ByteArrayOutputStream();
    words.writeBytes(OFFER_TYPE);
    words.writeBytes(number(members, "version"));
    OFFER_TEXTS.forEach(name -> words.writeBytes(hash(text(members, name))));
    words.writeBytes(number(members, "validUntil"));
    return digest(OFFER_DOMAIN, words);
  }

  static byte[] receiptDigest(Map<String, Object> members) {
    ByteArrayOutputStream words = new ByteArrayOutputStream();
    words.writeBytes(RECEIPT_TYPE);
    words.writeBytes(number(members, "version"));
    words.writeBytes(hash(text(members, "network")));
    words.writeBytes(hash(text(members, "resourceUrl")));
    words.writeBytes(hash(text(members, "payer")));
    words.writeBytes(number(members, "issuedAt"));
    words.writeBytes(hash(text(members, "transaction")));
    return digest(RECEIPT_DOMAIN, words);
  }

  static byte[] offerDomain() {
    return OFFER_DOMAIN.clone();
  }

  static byte[] receiptDomain() {
    return RECEIPT_DOMAIN.clone();
  }

  private static byte[] digest(byte[] domain, ByteArrayOutputStream struct) {
    ByteArrayOutputStream message = new ByteArrayOutputStream(66);
    message.write(0x19);
    message.write(0x01);
    message.writeBytes(domain);
    message.writeBytes(Hash.sha3(struct.toByteArray()));
    return Hash.sha3(message.toByteArray());
  }

  private static byte[] domainSeparator(String name) {
    ByteArrayOutputStream words = new ByteArrayOutputStream(128);
    words.writeBytes(hash("EIP712Domain(string name,string version,uint256 chainId)"));
    words.writeBytes(hash(name));
    words.writeBytes(hash("1"));
    words.writeBytes(word(BigInteger.ONE));
    return Hash.sha3(words.toByteArray());
  }

  private static String text(Map<String, Object> members, String name) {
    return members.get(name) instanceof String text ? text : ""; // absent means empty
  }

  private static byte[] number(Map<String, Object> members, String name) {
    Object value = members.get(name);
    if (value == null) {
      return new byte[32]; // absent means 0
    }
    if (!value.toString().matches("[0-9]{1,18}")) {
      throw new IllegalArgumentException(name + ": expected a whole number");
    }
    return word(new BigInteger(value.toString()));
  }

  private static byte[] word(BigInteger number) {
    return Hex.bytes("0x" + Hex.word(number));
  }

  private static byte[] hash(String text) {
    return Hash.sha3(text.getBytes(UTF_8));
  }
}
