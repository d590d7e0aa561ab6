// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.extension.AnswerStore;
import io.github.x402j.extension.InMemoryAnswerStore;
import java.time.Clock;

class InMemoryAnswerStoreContractTest extends AnswerStoreContract {
  @Override
  public AnswerStore emptyStore(Clock time) {
    return InMemoryAnswerStore.by(time);
  }
}
