// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.Token;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the configuration against the chain. What does not fit stops the start. */
final class StartUpChecks {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);

  private final Chain chain;
  private final Network network;

  StartUpChecks(Chain chain, Network network) {
    this.chain = chain;
    this.network = network;
  }

  void requireChain() {
    long chainId;
    try {
      chainId = chain.chainId();
    } catch (FacilitatorException e) {
      throw unreachable(e);
    }
    if (chainId != network.chainId()) {
      throw new IllegalStateException(
          "network: configured "
              + network
              + ", but the node behind the RPC URL is on eip155:"
              + chainId);
    }
  }

  void requireToken(Token token) {
    try {
      if (!chain.hasCode(token.contract())) {
        throw new IllegalStateException(
            "asset: there is no contract at " + token.contract() + " on " + network);
      }
      requireDomain(token);
    } catch (FacilitatorException e) {
      throw unreachable(e);
    }
  }

  private void requireDomain(Token token) throws FacilitatorException {
    Chain.CallResult result =
        chain.call(List.of(Chain.Call.latest(token.contract(), Eip3009.domainSeparator()))).get(0);
    if (!(result instanceof Chain.CallResult.Returned returned)
        || returned.data().length() != 2 + 64) {
      throw new IllegalStateException(
          "asset: "
              + token.contract()
              + " has no DOMAIN_SEPARATOR(); is it a token with EIP-3009?");
    }
    if (!returned.data().equals(Hex.text(Eip712.domainSeparator(token)))) {
      throw new IllegalStateException(
          String.format(
              "asset: the domain separator of %s is not that of name \"%s\" and version \"%s\" on"
                  + " %s; correct the token's EIP-712 name or version",
              token.contract(), token.name(), token.version(), network));
    }
  }

  void warnIfWithoutGas(Address gasAccount) {
    try {
      if (chain.balance(gasAccount).signum() == 0) {
        log.warn(
            "gas key: {} has no funds on {}; no payment can be settled until it has",
            gasAccount,
            network);
      }
    } catch (FacilitatorException e) {
      throw unreachable(e);
    }
  }

  private IllegalStateException unreachable(FacilitatorException e) {
    return new IllegalStateException("RPC URL of " + network + ": " + e.getMessage(), e);
  }
}
