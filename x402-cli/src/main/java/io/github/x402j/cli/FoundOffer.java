// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.FacilitatorException;
import io.github.x402j.JsonText;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.client.Bazaar;
import io.github.x402j.client.ListedCall;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A resource of a list, as a person sees it.
 *
 * @param options the ways to pay that can be read, those in a known token first, the cheapest first
 * @param call how it is called, null if it is not called over HTTP or an example is missing
 */
record FoundOffer(Bazaar.Offer offer, List<InspectedOption> options, @Nullable ListedCall call) {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Comparator<InspectedOption> CHEAPEST_FIRST =
      Comparator.comparing(
          option -> dollars(option).orElse(BigDecimal.TEN.pow(80)), Comparator.naturalOrder());

  static FoundOffer of(Bazaar.Offer offer) {
    List<InspectedOption> options =
        offer.resource().accepts().stream().map(FoundOffer::option).sorted(CHEAPEST_FIRST).toList();
    ListedCall call;
    try {
      call = ListedCall.of(offer.resource(), Map.of());
    } catch (IllegalArgumentException e) {
      call = null;
    }
    return new FoundOffer(offer, options, call);
  }

  private static InspectedOption option(PaymentRequirements terms) {
    try {
      return InspectedOption.of(terms, null);
    } catch (FacilitatorException e) {
      throw new IllegalStateException(e); // no chain is asked
    }
  }

  private static Optional<BigDecimal> dollars(InspectedOption option) {
    Token token = option.token();
    return token == null || !isDollar(token)
        ? Optional.empty()
        : Optional.of(new BigDecimal(option.terms().amount().atomicUnits(), token.decimals()));
  }

  private static boolean isDollar(Token token) {
    return Stablecoin.of(token.network(), token.contract())
        .filter(Stablecoin::isDollar)
        .isPresent();
  }

  /** Returns whether it costs no more in a known token. */
  boolean costsAtMost(Price most) {
    return options.stream()
        .flatMap(option -> dollars(option).stream())
        .anyMatch(dollars -> dollars.compareTo(most.dollars()) <= 0);
  }

  private DiscoveredResource resource() {
    return offer.resource();
  }

  // ---- for people

  /** Returns some lines. All of the list's own text is shown harmless. */
  String text(boolean withSchema) {
    ResourceInfo info = resource().resource();
    Stream<String> shown =
        Stream.of(
                prices() + "  " + resource().operation().orElse("?") + " " + info.url(),
                about(info),
                takes())
            .map(Display::harmless);
    Stream<String> schema =
        withSchema ? Stream.of("schema: " + whole(resource().schema())) : Stream.empty();
    return Stream.of(shown, schema, pay().stream())
        .flatMap(lines -> lines)
        .filter(line -> !line.isBlank())
        .collect(Collectors.joining("\n  ", "", "\n\n"));
  }

  /** A schema is worth nothing cut. */
  private static String whole(Map<String, Object> schema) {
    return Display.whole(JsonText.text(schema));
  }

  private String prices() {
    return Stream.concat(
            options.stream().map(FoundOffer::price), resource().otherWaysToPay().stream())
        .distinct()
        .limit(4)
        .collect(Collectors.joining(", "));
  }

  private static String price(InspectedOption option) {
    PaymentRequirements terms = option.terms();
    Token token = option.token();
    String price =
        token == null
            ? terms.amount() + " units of " + terms.asset()
            : Display.price(terms.amount(), token);
    String scheme =
        terms.scheme().equals(PaymentRequirements.EXACT) ? "" : terms.scheme() + " up to ";
    return scheme + price + " on " + Display.name(terms.network());
  }

  private static String about(ResourceInfo info) {
    return Stream.of(
            Optional.ofNullable(info.serviceName()).orElse(""),
            Optional.ofNullable(info.description()).orElse(""),
            info.tags().isEmpty() ? "" : "[" + String.join(", ", info.tags()) + "]")
        .filter(text -> !text.isBlank())
        .collect(Collectors.joining(" - "));
  }

  private String takes() {
    Map<String, Object> input = resource().input();
    return Stream.of("pathParams", "queryParams", "body", "example")
        .flatMap(
            name ->
                Stream.ofNullable(input.get(name))
                    .map(example -> name + " " + JsonText.text(example)))
        .collect(Collectors.joining(", "));
  }

  /** Returns the command that pays, empty if there is none that a shell takes as it is meant. */
  Optional<String> pay() {
    if (call == null || options.isEmpty()) {
      return Optional.empty();
    }
    InspectedOption best = options.get(0);
    Token token = best.token();
    if (token == null || !isDollar(token) || !best.objections().isEmpty()) {
      return Optional.empty();
    }
    String method = call.method().equals("GET") ? "" : " -X " + call.method();
    String body = call.body();
    String type = call.contentType();
    if (body != null && !body.matches("(?s)[\\[{\\w].*")) {
      return Optional.empty(); // an option, or the name of a file whose content would be sent
    }
    String data =
        body == null || type == null
            ? ""
            : " -H " + quoted("Content-Type: " + type) + " --data " + quoted(body);
    String command =
        "x402 pay "
            + quoted(call.url().toString())
            + method
            + data
            + " --max "
            + quoted(Display.price(best.terms().amount(), token));
    return isPlain(command) ? Optional.of(command) : Optional.empty();
  }

  /** What a terminal shows differently, or a shell could take for something else, is no command. */
  private static boolean isPlain(String command) {
    return command.chars().allMatch(c -> c >= ' ' && c <= '~') && command.length() <= 1024;
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  // ---- for programs

  ObjectNode json() {
    try {
      ObjectNode json = (ObjectNode) MAPPER.readTree(DiscoveryMessages.write(resource()));
      json.put("bazaar", offer.bazaar().toString());
      options.stream()
          .findFirst()
          .flatMap(FoundOffer::dollars)
          .ifPresent(dollars -> json.put("dollars", dollars.stripTrailingZeros().toPlainString()));
      pay().ifPresent(command -> json.put("pay", command));
      return json;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // it was written here
    }
  }

  @Override
  public String toString() {
    return prices().toLowerCase(Locale.ROOT);
  }
}
