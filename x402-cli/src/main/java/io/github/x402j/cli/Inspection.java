// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ReceivedDescriptor;
import io.github.x402j.ReceivedDescriptor.OtherOffer;
import io.github.x402j.Token;
import java.io.PrintStream;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A descriptor as a payer sees it, in text for a person and in JSON for programs. */
final class Inspection {
  private final UnpaidAnswer asked;
  private final ReceivedDescriptor descriptor;
  private final PaymentRequired required;
  private final List<InspectedOption> options;
  private final List<InspectedOffer> offers;
  private final List<String> warnings;
  private final List<URI> fetched;

  private Inspection(
      UnpaidAnswer asked,
      ReceivedDescriptor descriptor,
      List<InspectedOption> options,
      List<InspectedOffer> offers,
      List<URI> fetched) {
    this.asked = asked;
    this.descriptor = descriptor;
    this.required = descriptor.required();
    this.options = options;
    this.offers = offers;
    this.fetched = fetched;
    this.warnings = warnings(asked.url(), required);
  }

  /**
   * Reads a descriptor.
   *
   * @param rpcUrl the node to read unknown tokens from, or null
   * @param signers the accounts and keys whose signatures on offers count
   */
  static Inspection of(
      UnpaidAnswer asked, ReceivedDescriptor descriptor, @Nullable URI rpcUrl, OfferSigners signers)
      throws FacilitatorException {
    PaymentRequired required = descriptor.required();
    List<InspectedOption> options = new ArrayList<>();
    for (PaymentRequirements terms : required.accepts()) {
      options.add(InspectedOption.of(terms, rpcUrl));
    }
    List<InspectedOffer> offers = InspectedOffer.all(asked.url(), required, signers, Instant.now());
    return new Inspection(asked, descriptor, options, offers, List.copyOf(signers.fetched()));
  }

  private static List<String> warnings(URI url, PaymentRequired required) {
    List<String> warnings = new ArrayList<>();
    if (!host(url).equals(hostOf(required.resource().url()))) {
      warnings.add("the descriptor names a resource of another host");
    }
    if (required.accepts().isEmpty()) {
      warnings.add("none of its ways to pay is known here");
    }
    return warnings;
  }

  private static String host(URI url) {
    return String.valueOf(url.getHost()).toLowerCase(Locale.ROOT);
  }

  private static String hostOf(String url) {
    try {
      return host(URI.create(url));
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  void print(PrintStream out) {
    out.println("402 Payment Required, x402 version " + descriptor.x402Version());
    line(out, "resource", Display.harmless(required.resource().url()));
    String description = required.resource().description();
    if (description != null) {
      line(out, "", Display.harmless(description));
    }
    String error = required.error();
    if (error != null) {
      line(out, "because", Display.harmless(error));
    }
    for (int at = 0; at < options.size(); at++) {
      out.println("\nway to pay " + (at + 1) + " of " + options.size());
      print(out, options.get(at));
      offersFor(at).forEach(offer -> line(out, "offer", offer.text()));
    }
    descriptor.leftOut().forEach(other -> out.println("\nnot usable here: " + other));
    if (descriptor.uncounted() > 0) {
      out.println("\nand " + descriptor.uncounted() + " more");
    }
    offersFor(-1).forEach(offer -> out.println("\nanother signed offer: " + offer.text()));
    fetched.forEach(url -> out.println("\nfetched, as an offer named it: " + url));
    warnings.forEach(warning -> out.println("\nwarning: " + warning));
  }

  /** Returns the offers for a way to pay; with -1, those for none of them. */
  private List<InspectedOffer> offersFor(int option) {
    return offers.stream().filter(offer -> offer.option() == option).toList();
  }

  /** Returns whether a signed offer is false. */
  boolean hasFalseOffer() {
    return offers.stream().anyMatch(offer -> offer.verdict() == InspectedOffer.Verdict.FALSE);
  }

  private static void print(PrintStream out, InspectedOption option) {
    PaymentRequirements terms = option.terms();
    line(out, "price", option.price());
    line(out, "network", Display.name(terms.network()));
    line(out, "token", option.tokenText());
    line(out, "recipient", terms.payTo().text());
    line(out, "window", "an authorization for at most " + terms.maxTimeout().toSeconds() + " s");
    option.objections().forEach(objection -> line(out, "objection", objection));
  }

  private static void line(PrintStream out, String name, String value) {
    out.printf("  %-10s %s%n", name, value);
  }

  ObjectNode json() {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("status", asked.status())
            .put("x402Version", descriptor.x402Version());
    ObjectNode resource = json.putObject("resource").put("url", required.resource().url());
    if (required.resource().description() != null) {
      resource.put("description", required.resource().description());
    }
    if (required.error() != null) {
      json.put("error", required.error());
    }
    ArrayNode accepts = json.putArray("accepts");
    options.forEach(option -> accepts.add(json(option)));
    ArrayNode others = json.putArray("others");
    for (OtherOffer other : descriptor.leftOut()) {
      others
          .addObject()
          .put("scheme", other.scheme())
          .put("network", other.network())
          .put("reason", other.reason());
    }
    ArrayNode signed = json.putArray("offers");
    offers.forEach(offer -> signed.add(json(offer)));
    ArrayNode documents = json.putArray("fetched");
    fetched.forEach(url -> documents.add(url.toString()));
    ArrayNode said = json.putArray("warnings");
    warnings.forEach(said::add);
    return json;
  }

  private static ObjectNode json(InspectedOption option) {
    PaymentRequirements terms = option.terms();
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("scheme", terms.scheme())
            .put("network", terms.network().caip2())
            .put("networkName", Display.name(terms.network()))
            .put("amount", terms.amount().toString());
    Token token = option.token();
    if (token != null) {
      json.put("price", Display.price(terms.amount(), token));
    }
    json.put("asset", terms.asset().text())
        .put("assetKnown", option.coin() != null)
        .put("payTo", terms.payTo().text())
        .put("maxTimeoutSeconds", terms.maxTimeout().toSeconds());
    ArrayNode objections = json.putArray("objections");
    option.objections().forEach(objections::add);
    return json;
  }

  private static ObjectNode json(InspectedOffer inspected) {
    SignedOffer offer = inspected.offer();
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("format", offer.format())
            .put("verdict", inspected.verdict().text());
    if (inspected.option() >= 0) {
      json.put("acceptIndex", inspected.option()); // in "accepts" above
    }
    if (offer.account() != null) {
      json.put("signer", offer.account().text());
    }
    if (offer.kid() != null) {
      json.put("kid", offer.kid());
    }
    if (!inspected.note().isEmpty()) {
      json.put("note", inspected.note());
    }
    if (inspected.until() != null) {
      json.put("validUntil", inspected.until().getEpochSecond());
    }
    ArrayNode objections = json.putArray("objections");
    inspected.objections().forEach(objections::add);
    return json;
  }
}
