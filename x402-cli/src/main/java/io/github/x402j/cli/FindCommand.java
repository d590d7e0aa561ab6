// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.client.Bazaar;
import io.github.x402j.client.Bazaar.Found;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finds what can be bought. */
@Command(
    name = "find",
    description = {
      "Finds what can be bought, in the lists of facilitators, and shows the line that pays.",
      "Pays nothing and needs no key. The lists are the word of strangers: x402 inspect asks the"
          + " seller."
    })
final class FindCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      paramLabel = "WORD",
      arity = "0..*",
      description = "Words that describe it. Default: all.")
  List<String> words = List.of();

  @Option(
      names = "--bazaar",
      paramLabel = "URL",
      split = ",",
      defaultValue = "${env:X402_BAZAAR:-" + Bazaar.CDP + "}",
      description =
          "A facilitator whose list is searched. Can be repeated. Default: $$X402_BAZAAR, or "
              + Bazaar.CDP
              + ".")
  List<URI> bazaars = List.of();

  @Option(
      names = "--network",
      paramLabel = "NETWORK",
      description = "Only what can be paid on this chain: base, or eip155:8453.")
  @Nullable String network;

  @Option(
      names = "--max",
      paramLabel = "PRICE",
      description = "Only what costs at most this, such as '$0.05', in a known token.")
  @Nullable Price max;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "The most results of each list, 1 to 100. Default: ${DEFAULT-VALUE}.")
  int limit;

  @Option(names = "--schema", description = "Also show the JSON Schema of input and output.")
  boolean schema;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  FindCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    DiscoveryQuery query = DiscoveryQuery.words(String.join(" ", words)).limit(limit);
    if (network != null) {
      query = query.network(parsed(network));
    }
    Bazaar bazaar = Bazaar.at(bazaars.stream().map(URI::toString).toArray(String[]::new));
    Found found;
    try (Progress waiting = Progress.waitingFor(terminal, "the lists")) {
      found = bazaar.search(query);
    }
    List<FoundOffer> offers =
        found.offers().stream()
            .map(FoundOffer::of)
            .filter(offer -> max == null || offer.costsAtMost(max))
            .toList();
    if (json) {
      print(json(offers, found.failures()));
    } else {
      offers.forEach(offer -> terminal.out().writeBytes(offer.text(schema).getBytes(UTF_8)));
      found
          .failures()
          .forEach(
              (url, why) -> terminal.err().println("x402: " + url + ": " + Display.harmless(why)));
      if (offers.isEmpty()) {
        terminal.err().println("nothing found");
      }
    }
    boolean allFailed = found.failures().size() == bazaars.size();
    return allFailed ? ExitCode.FAILED : ExitCode.OK;
  }

  private static Network parsed(String text) {
    try {
      return Network.named(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--network: " + e.getMessage());
    }
  }

  private static ObjectNode json(List<FoundOffer> offers, Map<URI, String> failures) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    ArrayNode all = object.putArray("offers");
    offers.forEach(offer -> all.add(offer.json()));
    ObjectNode failed = object.putObject("failures");
    failures.forEach((url, why) -> failed.put(url.toString(), why));
    return object;
  }

  private void print(ObjectNode object) {
    terminal.out().writeBytes((object + "\n").getBytes(UTF_8));
  }
}
