// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor of a foreign seller, as far as it can be read.
 *
 * <p>A way to pay that is known here is read strictly, or left out. The rest is read as published
 * clients read it: another way to pay that cannot be read does no harm; what is optional counts as
 * absent where it is null or of another type than the specification says.
 *
 * @param x402Version the version that the descriptor is in, 1 or 2
 * @param required the descriptor; it may have no way to pay
 * @param leftOut what else it offers, at most {@value #MAX_LEFT_OUT}
 * @param uncounted how many more it offers that are not in the lists
 */
public record ReceivedDescriptor(
    int x402Version, PaymentRequired required, List<OtherOffer> leftOut, int uncounted) {
  private static final int MAX_READ = 200;
  private static final int MAX_LEFT_OUT = 20;
  private static final int SHOWN = 5;

  /** Copies the list. */
  public ReceivedDescriptor {
    leftOut = List.copyOf(leftOut);
  }

  /**
   * A way to pay that is left out: its scheme or its kind of network is not known here, or it
   * cannot be read.
   *
   * @param scheme the seller's word for it, made harmless: at most 48 printable ASCII characters
   *     without spaces, {@code ?} in place of any other character, and of what is no text
   * @param network the same for the network
   * @param isMalformed whether it is of a kind that is known here, or of none, and cannot be read
   * @param reason what is wrong with it, in words that repeat nothing of it
   */
  public record OtherOffer(String scheme, String network, boolean isMalformed, String reason) {
    private static final int LONGEST = 48;

    private static OtherOffer of(JsonNode option, boolean isMalformed, String reason) {
      return new OtherOffer(
          harmless(option.path("scheme")), harmless(option.path("network")), isMalformed, reason);
    }

    private static String harmless(JsonNode word) {
      if (!word.isTextual() || word.textValue().isEmpty()) {
        return "?";
      }
      String text = word.textValue();
      return text.substring(0, Math.min(text.length(), LONGEST))
              .replaceAll("[^A-Za-z0-9:._*-]", "?")
          + (text.length() > LONGEST ? "..." : "");
    }

    /** Returns scheme, network and reason, such as {@code upto on eip155:8453 (scheme: ...)}. */
    @Override
    public String toString() {
      return scheme + " on " + network + " (" + reason + ")";
    }
  }

  /**
   * Reads the value of a {@code PAYMENT-REQUIRED} header.
   *
   * @param asked the URL that was asked, for a descriptor that does not name its resource
   * @throws MalformedPaymentException if it is not base64 of a descriptor
   */
  public static ReceivedDescriptor ofHeader(String header, String asked)
      throws MalformedPaymentException {
    return inHeader(header, asked);
  }

  /**
   * Reads the body of a 402, of either version.
   *
   * @param asked the URL that was asked, for a descriptor that does not name its resource
   * @throws MalformedPaymentException if it is no descriptor
   */
  public static ReceivedDescriptor ofBody(String body, String asked)
      throws MalformedPaymentException {
    return inBody(body, asked);
  }

  /** The same; without a URL that was asked, the descriptor must name its resource. */
  static ReceivedDescriptor inHeader(String header, @Nullable String asked)
      throws MalformedPaymentException {
    JsonNode message = Json.parseObject(PaymentCodec.text(header));
    PaymentCodec.requireVersion(message, 2);
    return read(message, 2, asked);
  }

  static ReceivedDescriptor inBody(String body, @Nullable String asked)
      throws MalformedPaymentException {
    JsonNode message = Json.parseObject(body);
    return read(message, PaymentCodec.versionOfRequired(message), asked);
  }

  private static ReceivedDescriptor read(JsonNode message, int version, @Nullable String asked)
      throws MalformedPaymentException {
    Reading reading = new Reading(version);
    Json.array(message, "", "accepts").forEach(reading::add);
    ResourceInfo resource =
        version == 1
            ? resourceV1(reading.firstRead, asked)
            : resourceV2(message.path("resource"), asked);
    String error = message.path("error").textValue();
    Map<String, Object> extensions =
        version == 2 && message.path("extensions").isObject()
            ? Json.optionalMapWithNulls(message, "", "extensions")
            : Map.of();
    return new ReceivedDescriptor(
        version,
        new PaymentRequired(resource, reading.accepts, error, extensions),
        reading.leftOut,
        reading.uncounted);
  }

  /** Sorts the ways to pay. */
  private static final class Reading {
    private final int version;
    private final List<PaymentRequirements> accepts = new ArrayList<>();
    private final List<OtherOffer> leftOut = new ArrayList<>();
    private @Nullable JsonNode firstRead;
    private int uncounted;
    private int seen;

    private Reading(int version) {
      this.version = version;
    }

    private void add(JsonNode option) {
      if (seen++ >= MAX_READ) {
        uncounted++;
        return;
      }
      try {
        String unknown = unknownKind(option, version);
        if (unknown == null) {
          accepts.add(option(option, version));
          firstRead = firstRead == null ? option : firstRead;
        } else {
          leaveOut(OtherOffer.of(option, false, unknown));
        }
      } catch (MalformedPaymentException e) {
        leaveOut(OtherOffer.of(option, true, String.valueOf(e.getMessage())));
      }
    }

    private void leaveOut(OtherOffer other) {
      if (leftOut.size() < MAX_LEFT_OUT) {
        leftOut.add(other);
      } else {
        uncounted++;
      }
    }
  }

  /** Returns why a way to pay is of a kind that is not known here, null if it is known. */
  private static @Nullable String unknownKind(JsonNode option, int version)
      throws MalformedPaymentException {
    if (!option.isObject()) {
      throw new MalformedPaymentException("expected an object");
    }
    if (!Json.string(option, "", "scheme").equals(PaymentRequirements.EXACT)) {
      return "scheme: not known here";
    }
    String network = Json.string(option, "", "network");
    boolean isKnown =
        version == 1 ? networkInV1(network).isPresent() : network.startsWith("eip155:");
    return isKnown ? null : "network: not known here";
  }

  /** Some sellers write the identifier of version 2. The payment needs the name of version 1. */
  private static Optional<Network> networkInV1(String text) {
    Optional<Network> named = Network.ofV1Name(text);
    if (named.isPresent() || !text.startsWith("eip155:")) {
      return named;
    }
    try {
      return Optional.of(Network.parse(text)).filter(network -> network.v1Name().isPresent());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Reads a way to pay strictly: a payment is built from it. */
  private static PaymentRequirements option(JsonNode option, int version)
      throws MalformedPaymentException {
    Optional<Network> network =
        version == 1 ? networkInV1(Json.string(option, "", "network")) : Optional.empty();
    return network.isPresent()
        ? PaymentRequiredJson.readRequirementsV1(option, "", network.get())
        : PaymentRequiredJson.readRequirementsV2(option, "").withReceived(Json.write(option));
  }

  private static ResourceInfo resourceV2(JsonNode resource, @Nullable String asked)
      throws MalformedPaymentException {
    return asked == null || hasUrl(resource, "url")
        ? PaymentRequiredJson.readResource(resource).withReceived(Json.write(resource))
        : ResourceInfo.of(asked);
  }

  private static ResourceInfo resourceV1(@Nullable JsonNode option, @Nullable String asked)
      throws MalformedPaymentException {
    if (option == null && asked == null) {
      throw new MalformedPaymentException("accepts: no way to pay that is known here");
    }
    return option != null && (asked == null || hasUrl(option, "resource"))
        ? PaymentRequiredJson.readResourceV1(option)
        : ResourceInfo.of(String.valueOf(asked));
  }

  private static boolean hasUrl(JsonNode object, String name) {
    JsonNode url = object.path(name);
    return url.isTextual() && !url.textValue().isBlank();
  }

  /** Returns what was left out, for a message: a few, and how many more; empty if nothing was. */
  public String othersText() {
    int more = Math.max(0, leftOut.size() - SHOWN) + uncounted;
    return Stream.concat(
            leftOut.stream().limit(SHOWN).map(OtherOffer::toString),
            more == 0 ? Stream.empty() : Stream.of(more + " more"))
        .collect(joining(", "));
  }
}
