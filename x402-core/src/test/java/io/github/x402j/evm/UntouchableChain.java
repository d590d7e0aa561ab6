// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/** A chain that must not be asked: each method fails the test. */
public final class UntouchableChain implements Chain {
  private static AssertionError touched() {
    return new AssertionError("the chain was asked");
  }

  @Override
  public long chainId() {
    throw touched();
  }

  @Override
  public boolean hasCode(Address address) {
    throw touched();
  }

  @Override
  public BigInteger balance(Address account) {
    throw touched();
  }

  @Override
  public BigInteger nextNonce(Address account) {
    throw touched();
  }

  @Override
  public List<CallResult> call(List<Call> calls) {
    throw touched();
  }

  @Override
  public Quote quote(Call call) {
    throw touched();
  }

  @Override
  public Broadcast send(String rawTransaction) {
    throw touched();
  }

  @Override
  public Optional<Receipt> receipt(String transaction) {
    throw touched();
  }

  @Override
  public Head head() {
    throw touched();
  }

  @Override
  public List<Event> events(Address contract, List<String> topics, BigInteger fromBlock) {
    throw touched();
  }
}
