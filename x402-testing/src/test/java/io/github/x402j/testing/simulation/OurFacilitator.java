// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.evm.EvmSigner;
import io.github.x402j.gate.FacilitatorService;

/** A facilitator service of ours, with a gas key and a ledger that lasts. */
final class OurFacilitator extends RemoteServer {
  private static final int NODE = 1;

  private final EvmSigner gas;
  private final LedgerStore ledger;
  private FacilitatorService service;

  OurFacilitator(World world, EvmSigner gas, LedgerStore ledger) {
    super(world, "facilitator");
    this.gas = gas;
    this.ledger = ledger;
  }

  @Override
  void open(Baton.Process newProcess) {
    service =
        FacilitatorService.builder()
            .facilitator(world.evm(NODE, gas, clock))
            .token(world.stage.token)
            .ledger(ledger.viewOf(newProcess))
            .clock(clock)
            .build();
    service.start();
  }

  @Override
  void closed() {
    ledger.killed();
  }

  @Override
  void recover() {
    super.recover();
    ledger.recover();
  }

  @Override
  boolean isIdempotent() {
    return true;
  }

  @Override
  SimulatedNetwork.Reply handle(SimulatedNetwork.Request request) {
    FacilitatorService.Answer answer =
        switch (request.path()) {
          case "/supported" -> service.supported();
          case "/verify" -> service.verify(request.body());
          default -> service.settle(request.body(), request.header("Idempotency-Key").orElse(null));
        };
    return SimulatedNetwork.Reply.json(answer.status(), answer.json());
  }
}
