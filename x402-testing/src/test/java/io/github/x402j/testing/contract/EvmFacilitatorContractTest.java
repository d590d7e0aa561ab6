// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;

class EvmFacilitatorContractTest extends FacilitatorContract {
  @Override
  public Facilitator reach(EvmFacilitator local, Token settled) {
    return local;
  }
}
