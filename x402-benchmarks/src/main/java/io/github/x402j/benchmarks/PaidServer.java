// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Address;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import java.net.URI;
import java.time.Duration;

/**
 * A server that sells {@code /premium} for $0.01 and settles itself, with default settings: {@code
 * PaidServer RPC_URL TOKEN PAY_TO}. The gas keys are in {@code BENCH_GAS_KEYS}, with commas.
 */
final class PaidServer {
  /** As long as the packages that it is compared with let a payment be valid. */
  private static final Duration MAX_TIMEOUT = Duration.ofMinutes(5);

  private PaidServer() {}

  /** Runs until the input ends. */
  public static void main(String[] arguments) throws Exception {
    Web3jChain chain = Web3jChain.at(URI.create(arguments[0]));
    Token token = OnChainToken.read(chain, Address.parse(arguments[1]));
    String[] keys = System.getenv("BENCH_GAS_KEYS").split(",");
    EvmFacilitator.Builder facilitator =
        EvmFacilitator.builder(token.network(), chain, EvmSigner.ofPrivateKey(keys[0]));
    for (int i = 1; i < keys.length; i++) {
      facilitator.gasKey(EvmSigner.ofPrivateKey(keys[i]));
    }
    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl("http://127.0.0.1")
            .accept(token, arguments[2])
            .maxTimeout(MAX_TIMEOUT)
            .facilitator(facilitator.build())
            .routes(Route.get("/premium").price("$0.01").description("Premium"))
            .build();
    try (ConstantServer server = ConstantServer.start(filter, 15)) {
      System.out.println("READY " + server.url());
      while (System.in.read() >= 0) {
        // runs on
      }
    }
  }
}
