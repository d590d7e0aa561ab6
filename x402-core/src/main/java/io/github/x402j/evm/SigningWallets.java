// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.WalletSignatures;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Checks signatures of accounts, and of contracts where these are accepted. */
final class SigningWallets implements WalletSignatures {
  private static final BigInteger CALL_GAS = BigInteger.valueOf(150_000);
  private static final String EIP_6492_SUFFIX = "6492".repeat(16);

  private final CallLimit calls =
      new CallLimit("too many contract wallets are being asked; try again");

  /** Where contracts of a network are asked; empty where they are not accepted. */
  private final Function<Network, Optional<Chain>> chains;

  SigningWallets(Function<Network, Optional<Chain>> chains) {
    this.chains = chains;
  }

  /**
   * Returns the signature if the account's key made it, rather than one for a contract to judge.
   */
  static Optional<EvmSignature> ofAccount(Address account, byte[] digest, String signature) {
    try {
      return Optional.of(EvmSignature.of(Hex.bytes(signature)))
          .filter(parsed -> parsed.isBy(account, digest));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public boolean isOfAccount(Address account, byte[] digest, String signature) {
    return ofAccount(account, digest, signature).isPresent();
  }

  @Override
  public boolean asksContracts(Network network) {
    return chains.apply(network).isPresent();
  }

  @Override
  public boolean isOfContract(Network network, Address contract, byte[] digest, String signature)
      throws FacilitatorException {
    return Hex.isBytes(signature) && isOfContract(network, contract, digest, signature, contract);
  }

  /**
   * Does the same for a signature that is known to be bytes.
   *
   * @param subject one call at a time is made about each
   */
  boolean isOfContract(
      Network network, Address contract, byte[] digest, String signature, Object subject)
      throws FacilitatorException {
    Optional<Chain> chain = chains.apply(network);
    // EIP-6492 would deploy the wallet by a contract of the payer's choice: no factory is trusted.
    if (chain.isEmpty() || signature.endsWith(EIP_6492_SUFFIX)) {
      return false;
    }
    return calls.call(subject, () -> accepts(chain.get(), contract, digest, signature));
  }

  private static boolean accepts(Chain chain, Address contract, byte[] digest, String signature)
      throws FacilitatorException {
    if (!chain.hasCode(contract)) {
      return false;
    }
    Chain.Call question =
        new Chain.Call(
            null,
            contract,
            Eip3009.isValidSignature(digest, Hex.bytes(signature)),
            false,
            CALL_GAS);
    return chain.call(List.of(question)).get(0) instanceof Chain.CallResult.Returned returned
        && returned.data().equals(Eip3009.EIP_1271_MAGIC);
  }
}
