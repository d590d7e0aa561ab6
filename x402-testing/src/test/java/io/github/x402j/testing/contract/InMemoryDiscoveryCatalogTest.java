// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.gate.DiscoveryCatalog;
import io.github.x402j.gate.InMemoryDiscoveryCatalog;

class InMemoryDiscoveryCatalogTest extends DiscoveryCatalogContract {
  @Override
  public DiscoveryCatalog emptyCatalog(int capacity) {
    return InMemoryDiscoveryCatalog.withCapacity(capacity);
  }
}
