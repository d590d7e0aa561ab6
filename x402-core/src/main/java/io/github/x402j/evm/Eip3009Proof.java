// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/**
 * The proof of an EIP-3009 transfer: the token's own record of the authorization, and the events
 * {@code AuthorizationUsed} and {@code Transfer} of one transaction.
 *
 * @param asset the token
 * @param authorization what the payer signed
 */
record Eip3009Proof(Address asset, TransferAuthorization authorization) implements EvmProof {

  @Override
  public Address payer() {
    return authorization.from();
  }

  @Override
  public BigInteger validBefore() {
    return authorization.validBefore();
  }

  @Override
  public Chain.Call usedQuestion() {
    return Chain.Call.latest(
        asset, Eip3009.authorizationState(authorization.from(), authorization.nonce()));
  }

  @Override
  public boolean isUsed(Chain.CallResult result) throws FacilitatorException {
    return AbiValues.isTrue(result, "authorizationState");
  }

  @Override
  public Chain.EventFilter uses() {
    return new Chain.EventFilter(asset, Eip3009.usedTopics(authorization));
  }

  @Override
  public Chain.EventFilter cancellations() {
    return new Chain.EventFilter(asset, Eip3009.canceledTopics(authorization));
  }

  @Override
  public Optional<TokenAmount> moved(List<Chain.Event> events) {
    return Eip3009.moved(events, asset, authorization)
        ? Optional.of(authorization.value())
        : Optional.empty();
  }
}
