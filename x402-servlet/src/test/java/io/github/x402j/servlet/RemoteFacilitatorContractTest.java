// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.testing.contract.FacilitatorContract;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Over HTTP, through the servlet: a facilitator behind a facilitator is one. */
class RemoteFacilitatorContractTest extends FacilitatorContract {
  private @Nullable TestContainer container;

  @Override
  public Facilitator reach(EvmFacilitator local, Token settled) {
    FacilitatorServlet servlet =
        FacilitatorServlet.of(
            FacilitatorService.builder()
                .ledger(InMemoryPaymentLedger.withCapacity(1000))
                .facilitator(local)
                .token(settled)
                .build());
    TestContainer running =
        TestContainer.on(Stack.JETTY)
            .start(context -> TestContainer.addServlet(context, "facilitator", servlet, "/x402/*"));
    container = running;
    return HttpFacilitator.builder(
            URI.create(running.url() + "/x402"), EvmLocalChecks.withoutChain())
        .settleIsIdempotent()
        .requestTimeout(Duration.ofSeconds(20))
        .verifyTimeout(Duration.ofSeconds(20))
        .build();
  }

  @Override
  public void release() {
    if (container != null) {
      container.close();
    }
  }
}
