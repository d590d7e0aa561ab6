// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.InMemoryDiscoveryCatalog;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.servlet.FacilitatorServlet;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a facilitator, which verifies and settles for sellers that have no gas key. */
@Command(
    name = "facilitator",
    description = {
      "Runs a facilitator: /verify, /settle, /supported and /health.",
      "Lists what was paid for, in memory: /discovery/resources and /discovery/search."
    })
final class FacilitatorCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8404",
      description = "Port on 127.0.0.1, 0 for a free one. Default: ${DEFAULT-VALUE}.")
  int port;

  @Option(
      names = "--rpc-url",
      paramLabel = "URL",
      required = true,
      description = "The node of the chain.")
  URI rpcUrl = URI.create("");

  @Option(
      names = "--gas-key-env",
      paramLabel = "NAME",
      required = true,
      split = ",",
      description =
          "The environment variables with the private keys that pay gas. With several,"
              + " payments settle in parallel.")
  List<String> gasKeyVariables = List.of();

  @Option(
      names = "--token",
      paramLabel = "ADDRESS",
      split = ",",
      description =
          "A token to settle. Its name and version are read from the chain. Default: the chain's"
              + " USDC.")
  List<Address> tokens = List.of();

  @Option(
      names = "--accept-contract-wallets",
      description = "Also accept payments of contract wallets (EIP-1271).")
  boolean contractWallets;

  @Option(names = "--json", description = "Print JSON: {\"ready\":URL}.")
  boolean json;

  FacilitatorCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    Web3jChain chain = Web3jChain.at(rpcUrl);
    Network network = new Network(chain.chainId());
    FacilitatorService.Builder service =
        FacilitatorService.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(InMemoryPaymentLedger.DEFAULT_CAPACITY))
            .catalog(InMemoryDiscoveryCatalog.create())
            .facilitator(settling(chain, network));
    settled(chain, network).forEach(service::token);

    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    server.addConnector(connector);
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder(FacilitatorServlet.of(service.build())), "/*");
    server.setHandler(webapp);
    try {
      server.start();
    } catch (Exception e) {
      server.stop(); // or its threads keep the process alive
      throw e;
    }
    String url = "http://127.0.0.1:" + connector.getLocalPort();
    Foreground.untilStopped(terminal, url, json, server::join, server::stop);
    return ExitCode.OK;
  }

  private EvmFacilitator settling(Web3jChain chain, Network network) {
    List<EvmSigner> keys =
        gasKeyVariables.stream().map(name -> terminal.signer(name.trim())).toList();
    EvmFacilitator.Builder builder = EvmFacilitator.builder(network, chain, keys.get(0));
    keys.stream().skip(1).forEach(builder::gasKey);
    return contractWallets ? builder.acceptContractWallets().build() : builder.build();
  }

  private List<Token> settled(Web3jChain chain, Network network) throws Exception {
    List<Token> settled = new ArrayList<>();
    for (Address token : tokens) {
      settled.add(OnChainToken.read(chain, token));
    }
    if (settled.isEmpty()) {
      settled.add(
          Stablecoin.dollarOn(network)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "--token: needed, as no stablecoin is known on " + network)));
    }
    return settled;
  }
}
