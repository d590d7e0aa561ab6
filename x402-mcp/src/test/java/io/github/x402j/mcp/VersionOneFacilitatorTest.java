// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.gate.PaymentGate;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A facilitator that settles payments of version 1 alone: a caller is told what it can pay. */
class VersionOneFacilitatorTest {

  @Test
  void asksForAPaymentOfThatVersion() {
    PaidTools tools =
        PaidTools.start(
            PaymentGate.builder().facilitator(new VersionOne()).build(),
            Usdc.BASE_SEPOLIA,
            Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192"),
            List.of(
                PricedTool.of(
                    McpTestServer.tool("secret", "Tells it", "to"),
                    "$0.01",
                    request -> {
                      throw new AssertionError("runs unpaid");
                    })));
    CallToolResult asked = tools.call(new CallToolRequest("secret", Map.of("to", "me")));

    assertThat(asked.isError()).isTrue();
    assertThat(asked.structuredContent().toString())
        .contains("x402Version=1", "maxAmountRequired=10000")
        .doesNotContain("payment_undecided");
  }

  /** Is never asked about a payment here. */
  private static final class VersionOne implements Facilitator {
    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return true;
    }

    @Override
    public boolean supports(int x402Version, String scheme, Network network) {
      return x402Version == 1;
    }

    @Override
    public Optional<String> supported() {
      return Optional.of("version 1 alone");
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements) {
      throw new AssertionError();
    }

    @Override
    public Verification verify(SignedPayment payment) {
      throw new AssertionError();
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      throw new AssertionError();
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions)
        throws FacilitatorException {
      throw new FacilitatorException("not asked");
    }
  }
}
