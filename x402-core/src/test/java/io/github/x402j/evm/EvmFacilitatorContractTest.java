// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorContract;
import io.github.x402j.Token;

class EvmFacilitatorContractTest extends FacilitatorContract {
  @Override
  public Facilitator reach(EvmFacilitator local, Token settled) {
    return local;
  }
}
