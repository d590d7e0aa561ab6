// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.gate.InMemorySignInStore;
import io.github.x402j.gate.SignInStore;

class InMemorySignInStoreContractTest extends SignInStoreContract {
  @Override
  public SignInStore emptyStore() {
    return InMemorySignInStore.withCapacity(1000);
  }
}
