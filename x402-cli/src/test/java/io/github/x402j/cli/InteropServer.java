// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.PrintWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The seller of the interoperability suite, with what {@code x402 serve} does not offer: several
 * tokens, a facilitator that settles nothing, and what an {@link InteropSale} adds. See
 * docs/interop.md.
 */
@Command(name = "interop-server", description = "Sells /premium and /fails on any free port.")
public final class InteropServer implements InteropProgram, Callable<Integer> {
  private Terminal terminal = Terminal.system();

  @Option(names = "--rpc-url", required = true)
  URI rpcUrl = URI.create("");

  @Option(names = "--token", required = true)
  List<Address> tokens = new ArrayList<>();

  @Option(names = "--pay-to", required = true)
  String payTo = "";

  @Option(names = "--facilitator", description = "Its URL. Default: the key in INTEROP_GAS_KEY.")
  @Nullable URI facilitatorUrl;

  @Option(names = "--without-chain", description = "Believe the facilitator.")
  boolean withoutChain;

  @Option(names = "--stub", description = "Check signatures, and settle nothing.")
  boolean stub;

  @Option(names = "--sale", description = "The class name of an InteropSale.")
  @Nullable String sale;

  InteropServer() {}

  /** Runs until it is stopped. */
  public static void main(String[] args) {
    System.exit(new InteropServer().run(Terminal.system(), args));
  }

  @Override
  public int run(Terminal newTerminal, String... args) {
    terminal = newTerminal;
    CommandLine command = new CommandLine(this);
    command.setErr(new PrintWriter(terminal.err(), true, UTF_8));
    OptionTypes.registerWith(command);
    return command.execute(args);
  }

  @Override
  public Integer call() throws Exception {
    Web3jChain chain = Web3jChain.at(rpcUrl);
    List<Token> sold = new ArrayList<>();
    for (Address token : tokens) {
      sold.add(OnChainToken.read(chain, token));
    }
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.open();
    server.addConnector(connector);
    String url = "http://127.0.0.1:" + connector.getLocalPort();
    server.setHandler(webapp(url, sold, chain));
    server.start();
    Foreground.untilStopped(terminal, url, server::join, server::stop);
    return ExitCode.OK;
  }

  private Facilitator facilitator(Network network, Web3jChain chain) {
    if (stub) {
      return new UnsettledFacilitator(EvmLocalChecks.withoutChain());
    }
    URI remote = facilitatorUrl;
    if (remote != null) {
      EvmLocalChecks checks =
          withoutChain
              ? EvmLocalChecks.withoutChain()
              : EvmLocalChecks.builder().chain(network, chain).acceptContractWallets().build();
      return HttpFacilitator.builder(remote, checks).build();
    }
    EvmSigner gasKey = terminal.signer("INTEROP_GAS_KEY");
    return EvmFacilitator.builder(network, chain, gasKey).acceptContractWallets().build();
  }

  private ServletContextHandler webapp(String url, List<Token> sold, Web3jChain chain)
      throws Exception {
    Facilitator facilitator = facilitator(sold.get(0).network(), chain);
    PaymentFilter.Builder filter =
        PaymentFilter.builder()
            .publicUrl(url)
            .facilitator(facilitator)
            .routes(
                Route.of("/premium").methods("GET", "POST").price("$0.01").description("Premium"),
                Route.of("/fails").price("$0.01").description("A handler that fails"),
                Route.of("/free").free());
    sold.forEach(token -> filter.accept(token, payTo));
    ServletContextHandler webapp = new ServletContextHandler("/");
    SampleServer.addServlets(webapp);
    String added = sale;
    if (added != null) {
      InteropHost.made(added, InteropSale.class)
          .set(new InteropSale.Shop(url, filter, webapp, sold, payTo, facilitator, chain));
    }
    PaymentFilter built = filter.build();
    webapp.addEventListener(
        new ServletContextListener() {
          @Override
          public void contextInitialized(ServletContextEvent event) {
            PaymentFilter.register(event.getServletContext(), built);
          }
        });
    return webapp;
  }
}
