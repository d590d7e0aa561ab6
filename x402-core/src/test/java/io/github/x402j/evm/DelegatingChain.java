// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/** Passes everything on; a test overrides what it wants to see or to change. */
class DelegatingChain implements Chain {
  private volatile Chain chain;

  DelegatingChain(Chain chain) {
    this.chain = chain;
  }

  /** Passes on to another port from now on. */
  void become(Chain other) {
    chain = other;
  }

  @Override
  public long chainId() throws FacilitatorException {
    return chain.chainId();
  }

  @Override
  public boolean hasCode(Address address) throws FacilitatorException {
    return chain.hasCode(address);
  }

  @Override
  public BigInteger balance(Address account) throws FacilitatorException {
    return chain.balance(account);
  }

  @Override
  public BigInteger nextNonce(Address account) throws FacilitatorException {
    return chain.nextNonce(account);
  }

  @Override
  public List<CallResult> call(List<Call> calls) throws FacilitatorException {
    return chain.call(calls);
  }

  @Override
  public Optional<String> callData(String transaction) throws FacilitatorException {
    return chain.callData(transaction);
  }

  @Override
  public Quote quote(Call call) throws FacilitatorException {
    return chain.quote(call);
  }

  @Override
  public Quote fees() throws FacilitatorException {
    return chain.fees();
  }

  @Override
  public Broadcast send(String rawTransaction) {
    return chain.send(rawTransaction);
  }

  @Override
  public Optional<Receipt> receipt(String transaction) throws FacilitatorException {
    return chain.receipt(transaction);
  }

  @Override
  public boolean isKnown(String transaction) throws FacilitatorException {
    return chain.isKnown(transaction);
  }

  @Override
  public Optional<Head> block(BigInteger number) throws FacilitatorException {
    return chain.block(number);
  }

  @Override
  public Head head() throws FacilitatorException {
    return chain.head();
  }

  @Override
  public List<Event> events(EventFilter filter, BigInteger fromBlock) throws FacilitatorException {
    return chain.events(filter, fromBlock);
  }
}
