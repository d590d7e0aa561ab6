// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.facilitator.CdpAuthentication;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.facilitator.LocalChecks;
import io.github.x402j.facilitator.PayAiAuthentication;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.URI;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a server that sells, on a chain in the JVM or on one with a node. */
@Command(
    name = "serve",
    description = {
      "Runs a server that sells /premium, /annotated, /report/{id} and others.",
      "Without --rpc-url it sells on a chain in the JVM and prints a funded key to pay with."
    })
final class ServeCommand implements Callable<Integer> {
  /** The output of {@code mvn exec:java} cannot be captured: Maven 3.8 adds escape sequences. */
  private static final String LAUNCHER = "x402-cli/bin/x402";

  private final Terminal terminal;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8402",
      description = "Port on 127.0.0.1, 0 for a free one. Default: ${DEFAULT-VALUE}.")
  int port;

  @Option(
      names = "--public-url",
      paramLabel = "URL",
      description = "The URL that clients use. Default: the server's own address.")
  @Nullable String publicUrl;

  @Option(
      names = "--chain-id",
      paramLabel = "N",
      description = "Chain id of the chain in the JVM. Default: " + LocalChain.DEFAULT_CHAIN_ID)
  long chainId = LocalChain.DEFAULT_CHAIN_ID;

  @Option(
      names = "--rpc-url",
      paramLabel = "URL",
      description =
          "The node of the chain to sell on. Needs --token, --pay-to, and --gas-key-env or"
              + " --facilitator.")
  @Nullable URI rpcUrl;

  @Option(
      names = "--facilitator",
      paramLabel = "URL",
      description =
          "The facilitator that verifies and settles, in place of a gas key. With --rpc-url its"
              + " answers are checked on the chain; without, --token must be a known stablecoin.")
  @Nullable URI facilitatorUrl;

  @Option(
      names = "--facilitator-key",
      paramLabel = "KIND",
      description =
          "Whose API key the facilitator gets: cdp, from the environment variables CDP_API_KEY_ID and"
              + " CDP_API_KEY_SECRET, or payai, from PAYAI_API_KEY_ID and PAYAI_API_KEY_SECRET. Default: none.")
  @Nullable String apiKey;

  @Option(
      names = "--token",
      paramLabel = "ADDRESS",
      description = "The token that is accepted. Its name and version are read from the chain.")
  @Nullable Address token;

  @Option(
      names = "--pay-to",
      paramLabel = "ADDRESS",
      description = "The recipient of the payments.")
  @Nullable String payTo;

  @Option(
      names = "--gas-key-env",
      paramLabel = "NAME",
      description = "The environment variable with the private key that pays gas.")
  @Nullable String gasKeyVariable;

  @Option(
      names = "--accept-contract-wallets",
      description = "Also accept payments of contract wallets (EIP-1271).")
  boolean contractWallets;

  @Option(
      names = "--json",
      description = "Print JSON, one object a line. The last is {\"ready\":URL}.")
  boolean json;

  ServeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    URI node = rpcUrl;
    URI remote = facilitatorUrl;
    if (apiKey != null && remote == null) {
      throw new IllegalArgumentException("--facilitator-key: needs --facilitator");
    }
    if (remote != null) {
      if (gasKeyVariable != null) {
        throw new IllegalArgumentException(
            "--facilitator: the facilitator pays the gas; leave --gas-key-env out");
      }
      through(remote, node);
    } else if (node != null) {
      onChain(node);
    } else {
      onLocalChain();
    }
    return ExitCode.OK;
  }

  private void onChain(URI node) throws Exception {
    Web3jChain chain = Web3jChain.at(node);
    Token sold = OnChainToken.read(chain, required(token, "--token"));
    String payee = required(payTo, "--pay-to");
    EvmSigner gasKey = terminal.signer(required(gasKeyVariable, "--gas-key-env"));
    try (SampleServer server = start(chain, sold, payee, gasKey)) {
      if (!json) {
        terminal
            .out()
            .println(
                "pay        payers need a key that holds " + sold.name() + " on " + sold.network());
      }
      serve(server);
    }
  }

  private void through(URI remote, @Nullable URI node) throws Exception {
    Address contract = required(token, "--token");
    String payee = required(payTo, "--pay-to");
    Token sold;
    LocalChecks checks;
    if (node == null) {
      sold = known(contract);
      checks = EvmLocalChecks.withoutChain();
    } else {
      Web3jChain chain = Web3jChain.at(node);
      sold = OnChainToken.read(chain, contract);
      EvmLocalChecks.Builder builder = EvmLocalChecks.builder().chain(sold.network(), chain);
      checks = contractWallets ? builder.acceptContractWallets().build() : builder.build();
    }
    HttpFacilitator.Builder builder = HttpFacilitator.builder(remote, checks);
    if (apiKey != null) {
      builder.authentication(credentials(apiKey));
    }
    Facilitator facilitator = builder.build();
    String url = publicUrl == null ? "" : publicUrl;
    try (SampleServer server = SampleServer.start(port, url, sold, payee, facilitator)) {
      serve(server);
    }
  }

  private HttpFacilitator.Authentication credentials(String kind) {
    return switch (kind) {
      case "cdp" ->
          CdpAuthentication.of(
              terminal.environment().apply("CDP_API_KEY_ID"),
              terminal.environment().apply("CDP_API_KEY_SECRET"));
      case "payai" ->
          PayAiAuthentication.of(
              terminal.environment().apply("PAYAI_API_KEY_ID"),
              terminal.environment().apply("PAYAI_API_KEY_SECRET"));
      default -> throw new IllegalArgumentException("--facilitator-key: expected cdp or payai");
    };
  }

  private static Token known(Address contract) {
    List<Token> known =
        Stablecoin.all().stream()
            .map(Stablecoin::token)
            .filter(token -> token.contract().equals(contract))
            .toList();
    if (known.size() != 1) {
      throw new IllegalArgumentException(
          known.isEmpty()
              ? "--rpc-url: needed, as --token is not a known stablecoin"
              : "--rpc-url: needed, as --token is on several networks");
    }
    return known.get(0);
  }

  private static <T> T required(@Nullable T value, String option) {
    if (value == null) {
      throw new IllegalArgumentException(option + ": needed with --rpc-url and with --facilitator");
    }
    return value;
  }

  private void onLocalChain() throws Exception {
    try (LocalChain chain = LocalChain.start(chainId)) {
      TestUsdc usdc = chain.deployUsdc();
      TestWallet payer = TestWallet.random();
      TestWallet gas = TestWallet.random();
      usdc.mint(payer.address(), 100_000_000);
      chain.fund(gas.address(), BigInteger.TEN.pow(18));
      String payee = payTo == null ? TestWallet.random().address() : payTo;
      Token sold = token(chain, usdc);
      EvmSigner gasKey = EvmSigner.ofPrivateKey(gas.privateKey());
      try (SampleServer server = start(Web3jChain.at(chain.rpcUrl()), sold, payee, gasKey)) {
        if (json) {
          terminal.out().println(local(chain, sold, payer));
        } else {
          printLocal(terminal.out(), server, chain, sold, payer);
        }
        serve(server);
      }
    }
  }

  private SampleServer start(Web3jChain chain, Token sold, String payee, EvmSigner gasKey)
      throws Exception {
    EvmFacilitator.Builder builder = EvmFacilitator.builder(sold.network(), chain, gasKey);
    EvmFacilitator facilitator =
        contractWallets ? builder.acceptContractWallets().build() : builder.build();
    return SampleServer.start(port, publicUrl == null ? "" : publicUrl, sold, payee, facilitator);
  }

  /** Returns what a script needs to pay. The key holds test tokens alone. */
  private static ObjectNode local(LocalChain chain, Token token, TestWallet payer) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("network", token.network().caip2())
        .put("rpcUrl", chain.rpcUrl().toString())
        .put("token", token.contract().text())
        .put("demoPayer", payer.address())
        .put("demoKey", payer.privateKey());
  }

  private static Token token(LocalChain chain, TestUsdc usdc) {
    return new Token(
        new Network(chain.chainId()),
        Address.parse(usdc.address()),
        usdc.decimals(),
        usdc.name(),
        usdc.version());
  }

  /** Prints lines for another shell, in the root of the clone; each works when it is pasted. */
  private static void printLocal(
      PrintStream out, SampleServer server, LocalChain chain, Token token, TestWallet payer) {
    String url = server.url();
    String pay =
        LAUNCHER
            + " pay "
            + url
            + "/premium --rpc-url "
            + chain.rpcUrl()
            + " --token "
            + token.contract()
            + " --key-env DEMO_KEY --max '$0.05'";
    out.println("chain      " + token.network() + " at " + chain.rpcUrl());
    out.println("token      " + token.contract());
    out.println("demo payer " + payer.address() + ", holds $100 of the test token");
    out.println("\ntry in another shell, in the same directory:\n");
    out.println("  export DEMO_KEY=" + payer.privateKey());
    out.println("  curl -i " + url + "/free");
    out.println("  curl -i " + url + "/premium   # 402 and how to pay");
    out.println("  " + pay);
    out.println("  HEADER=$(" + pay + " --header)");
    out.println("  curl -i -H \"$HEADER\" " + url + "/premium   # 200, once");
    out.println("\nroutes: /free /premium /annotated /report/{id} /pass /fails /health\n");
  }

  private void serve(SampleServer server) throws InterruptedException {
    Foreground.untilStopped(terminal, server.url(), json, server::join, server::close);
  }
}
