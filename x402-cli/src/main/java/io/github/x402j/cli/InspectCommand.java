// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Address;
import io.github.x402j.ReceivedDescriptor;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a URL costs. */
@Command(
    name = "inspect",
    description = {
      "Shows what a URL costs: price, network, token, recipient and window.",
      "Verifies signed offers. Pays nothing and needs no key.",
      "Exits with 6 if a signed offer is false."
    })
final class InspectCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin final RequestOptions what = new RequestOptions();

  @Option(
      names = "--rpc-url",
      paramLabel = "URL",
      defaultValue = "${env:X402_RPC_URL}",
      description =
          "A node to read unknown tokens from, their decimals for example. Default:"
              + " $$X402_RPC_URL.")
  @Nullable URI rpcUrl;

  @Option(
      names = "--jwks",
      paramLabel = "FILE|URL",
      description = "The seller's public keys, to verify signed offers (jws).")
  @Nullable String jwks;

  @Option(
      names = "--signer",
      paramLabel = "ADDRESS",
      description =
          "An account that can sign offers (eip712) besides the recipient. Can be repeated.")
  List<Address> signers = List.of();

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    HttpRequest request = what.request();
    OfferSigners trusted = OfferSigners.of(Set.copyOf(signers), jwks);
    try (Progress waiting = Progress.waitingFor(terminal, "an answer of " + what.url.getHost())) {
      UnpaidAnswer asked = UnpaidAnswer.of(request);
      ReceivedDescriptor descriptor = asked.descriptor();
      if (descriptor == null) {
        printFree(asked);
        return ExitCode.OK;
      }
      Inspection inspection = Inspection.of(asked, descriptor, rpcUrl, trusted);
      if (json) {
        print(inspection.json());
      } else {
        inspection.print(terminal.out());
      }
      return inspection.hasFalseOffer() ? ExitCode.NOT_VERIFIED : ExitCode.OK;
    }
  }

  private void printFree(UnpaidAnswer asked) {
    if (json) {
      ObjectNode free = JsonNodeFactory.instance.objectNode().put("status", asked.status());
      free.putArray("accepts");
      print(free);
    } else {
      terminal.out().println(asked.status() + ", no payment is asked for");
    }
  }

  private void print(ObjectNode object) {
    terminal.out().writeBytes((object + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
