// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.Settlement;
import io.github.x402j.SettlementResponse;
import io.github.x402j.SignedPayment;
import io.github.x402j.SupportedKinds;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import java.util.List;
import java.util.Map;

/**
 * A facilitator that answers as the published ones do: it remembers nothing, and says {@code
 * success: false} with no transaction of one that is on its way.
 */
final class PublishedFacilitator extends RemoteServer {
  private static final int NODE = 2;

  private final EvmSigner gas;
  private EvmFacilitator evm;

  PublishedFacilitator(World world, EvmSigner gas) {
    super(world, "published");
    this.gas = gas;
  }

  @Override
  void open(Baton.Process newProcess) {
    evm = world.evm(NODE, gas, clock);
  }

  @Override
  void closed() {}

  @Override
  boolean isIdempotent() {
    return false;
  }

  @Override
  SimulatedNetwork.Reply handle(SimulatedNetwork.Request request) {
    if (request.path().equals("/supported")) {
      Network network = world.stage.token.network();
      return SimulatedNetwork.Reply.json(
          200,
          FacilitatorMessages.supported(
              new SupportedKinds(
                  List.of(kind(2, network.caip2()), kind(1, network.v1Name().orElseThrow())),
                  List.of(),
                  evm.signers())));
    }
    try {
      FacilitatorMessages.Request asked = FacilitatorMessages.readRequest(request.body());
      Verification checked = evm.check(asked.payload(), asked.requirements());
      if (!(checked instanceof Verification.Valid valid)) {
        return refuse(request, "invalid_payload");
      }
      Verification verified = evm.verify(valid.payment());
      if (verified instanceof Verification.Invalid invalid) {
        return refuse(request, invalid.reason().wireCode());
      }
      return request.path().equals("/verify")
          ? SimulatedNetwork.Reply.json(200, FacilitatorMessages.valid(valid.payment().payer()))
          : settle(request, valid.payment());
    } catch (MalformedPaymentException e) {
      return SimulatedNetwork.Reply.json(400, "{\"error\":\"bad request\"}");
    } catch (FacilitatorException e) {
      return request.path().equals("/verify")
          ? refuse(request, "unexpected_verify_error")
          : refuse(request, "unexpected_settle_error");
    }
  }

  private static SupportedKinds.Kind kind(int x402Version, String network) {
    return new SupportedKinds.Kind(x402Version, "exact", network, Map.of());
  }

  private SimulatedNetwork.Reply settle(SimulatedNetwork.Request request, SignedPayment payment)
      throws FacilitatorException {
    Settlement settlement = evm.settle(payment, transaction -> {});
    if (settlement instanceof Settlement.Settled settled) {
      return SimulatedNetwork.Reply.json(
          200,
          FacilitatorMessages.settlement(
              SettlementResponse.settled(payment.requirements().network(), settled),
              null,
              2,
              false));
    }
    return settlement instanceof Settlement.Failed failed
            && failed.reason() == ErrorReason.NONCE_ALREADY_USED
        ? refuse(request, "invalid_exact_evm_nonce_already_used")
        : refuse(request, "invalid_exact_evm_transaction_failed");
  }

  private SimulatedNetwork.Reply refuse(SimulatedNetwork.Request request, String reason) {
    String network = world.stage.token.network().caip2();
    return SimulatedNetwork.Reply.json(
        200,
        request.path().equals("/verify")
            ? "{\"isValid\":false,\"invalidReason\":\"%s\"}".formatted(reason)
            : "{\"success\":false,\"errorReason\":\"%s\",\"transaction\":\"\",\"network\":\"%s\"}"
                .formatted(reason, network));
  }
}
