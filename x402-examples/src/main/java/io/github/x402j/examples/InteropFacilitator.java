// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorService;
import io.github.x402j.Token;
import io.github.x402j.evm.ExactEvmFacilitator;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.ledger.InMemoryPaymentLedger;
import io.github.x402j.servlet.FacilitatorServlet;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The facilitator of the interoperability suite: any tokens, payers that are contracts. */
@Command(name = "interop-facilitator", description = "Verifies and settles on any free port.")
public final class InteropFacilitator implements Callable<Integer> {
  @Option(names = "--rpc-url", required = true)
  URI rpcUrl = URI.create("");

  @Option(names = "--token", required = true)
  List<Address> tokens = new ArrayList<>();

  private InteropFacilitator() {}

  /** Runs until it is stopped. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new InteropFacilitator());
    Values.registerWith(command);
    System.exit(command.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Web3jChain chain = Web3jChain.at(rpcUrl);
    List<Token> settled = new ArrayList<>();
    for (Address token : tokens) {
      settled.add(OnChainToken.read(chain, token));
    }
    FacilitatorService.Builder service =
        FacilitatorService.builder(InMemoryPaymentLedger.withCapacity(10_000))
            .facilitator(
                ExactEvmFacilitator.builder(
                        settled.get(0).network(),
                        chain,
                        Keys.inEnvironment(Terminal.system(), "INTEROP_GAS_KEY"))
                    .acceptContractWallets()
                    .build());
    settled.forEach(service::token);
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder(FacilitatorServlet.of(service.build())), "/*");
    server.setHandler(webapp);
    server.start();
    String url = "http://127.0.0.1:" + connector.getLocalPort();
    Running.untilStopped(Terminal.system(), url, server::join, server::stop);
    return ExitCode.OK;
  }
}
