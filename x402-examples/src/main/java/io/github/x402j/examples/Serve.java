// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Address;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmFacilitator;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.URI;
import java.util.Set;

/** A server that stays up, on the chain in the JVM or on one that is there already. */
final class Serve {
  static final Set<String> OPTIONS =
      Set.of(
          "--port",
          "--rpc-url",
          "--chain-id",
          "--token",
          "--pay-to",
          "--gas-key-env",
          "--public-url");

  private Serve() {}

  static void run(Options options, PrintStream out) throws Exception {
    if (options.has("--rpc-url")) {
      onChain(options, out);
    } else {
      onLocalChain(options, out);
    }
  }

  private static void onChain(Options options, PrintStream out) throws Exception {
    String because = "with --rpc-url";
    Web3jChain chain = Web3jChain.at(URI.create(options.require("--rpc-url", because)));
    Token token = OnChainToken.read(chain, Address.parse(options.require("--token", because)));
    EvmSigner gasKey = EvmSigner.fromEnvironment(options.require("--gas-key-env", because));
    try (ExampleServer server =
        start(options, chain, token, options.require("--pay-to", because), gasKey)) {
      out.println("pay        payers need a key with " + token.name() + " on " + token.network());
      serve(server, out);
    }
  }

  private static void onLocalChain(Options options, PrintStream out) throws Exception {
    try (LocalChain chain =
        LocalChain.start(options.number("--chain-id", LocalChain.DEFAULT_CHAIN_ID))) {
      TestUsdc usdc = chain.deployUsdc();
      TestWallet payer = TestWallet.random();
      TestWallet gas = TestWallet.random();
      usdc.mint(payer.address(), 100_000_000);
      chain.fund(gas.address(), BigInteger.TEN.pow(18));
      String payTo = options.get("--pay-to").orElse(TestWallet.random().address());
      Token token = Demo.token(chain, usdc);
      try (ExampleServer server =
          start(
              options,
              Web3jChain.at(chain.rpcUrl()),
              token,
              payTo,
              EvmSigner.ofPrivateKey(gas.privateKey()))) {
        printLocal(out, server, chain, token, payer);
        serve(server, out);
      }
    }
  }

  private static ExampleServer start(
      Options options, Web3jChain chain, Token token, String payTo, EvmSigner gasKey)
      throws Exception {
    ExactEvmFacilitator facilitator =
        ExactEvmFacilitator.builder(token.network(), chain, gasKey).build();
    return ExampleServer.start(
        (int) options.number("--port", 8402),
        options.get("--public-url").orElse(""),
        token,
        payTo,
        facilitator);
  }

  private static void printLocal(
      PrintStream out, ExampleServer server, LocalChain chain, Token token, TestWallet payer) {
    String url = server.url();
    String pay =
        "mvn -q -pl x402-examples -am compile exec:java -Dexec.args=\"pay "
            + url
            + "/premium --rpc-url "
            + chain.rpcUrl()
            + " --token "
            + token.contract()
            + " --key-env DEMO_KEY --max \\$0.05";
    out.println("chain      " + token.network() + " at " + chain.rpcUrl());
    out.println("token      " + token.contract());
    out.println("demo payer " + payer.address() + ", holds $100 of the test token");
    out.println("\ntry, in another shell:\n");
    out.println("  export DEMO_KEY=" + payer.privateKey());
    out.println("  curl -i " + url + "/free");
    out.println("  curl -i " + url + "/premium                      # 402 and how to pay");
    out.println("  " + pay + "\"");
    out.println("  HEADER=$(" + pay + " --header\")");
    out.println("  curl -i -H \"$HEADER\" " + url + "/premium       # 200, once");
    out.println("\nroutes: /free /premium /annotated /report/{id} /fails /health\n");
  }

  private static void serve(ExampleServer server, PrintStream out) throws InterruptedException {
    Thread stop =
        new Thread(
            () -> {
              try {
                server.close();
              } catch (Exception e) {
                out.println("stopping: " + e);
              }
            });
    Runtime.getRuntime().addShutdownHook(stop);
    out.println("READY " + server.url());
    out.flush();
    server.join();
  }
}
