// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The messages between a seller and a facilitator (specification 7), in both versions. */
public final class FacilitatorMessages {
  private static final String ALL_EVM = "eip155:*";
  private static final String DIGEST = "digest";
  private static final String X402_VERSION = "x402Version";
  private static final String REPEATED = "repeated";

  /** The request header of {@code /settle} by which a seller claims its own settlement again. */
  public static final String IDEMPOTENCY_KEY = "Idempotency-Key";

  /** The response header of {@code /verify} and {@code /settle} that tells of extensions. */
  public static final String EXTENSION_RESPONSES = "EXTENSION-RESPONSES";

  /** The longest value of {@link #EXTENSION_RESPONSES} that is read or written, in characters. */
  public static final int MAX_EXTENSION_RESPONSES = 4096;

  private static final Pattern ERROR_TYPE = Pattern.compile("[a-z][a-z_]{0,63}");

  private FacilitatorMessages() {}

  /** A verify or settle request. */
  public record Request(PaymentPayload payload, PaymentRequirements requirements) {}

  /**
   * A verify answer that is one.
   *
   * @param reason the code as it was written
   * @param message why it is invalid, in the other side's words
   * @param extensions by name. JSON as JDK types
   * @param extra what the scheme adds. JSON as JDK types
   */
  public record Verified(
      boolean isValid,
      Optional<String> reason,
      Optional<Address> payer,
      Optional<String> message,
      Map<String, Object> extensions,
      Map<String, Object> extra) {}

  /**
   * A settle answer that is one.
   *
   * @param transaction as it was written, empty if there is none
   * @param network empty if it names none that can be read
   * @param errorReason the code as it was written, empty if there is none
   * @param asset the token that it says was moved
   * @param payTo who it says was paid
   * @param digest what it says was signed
   * @param repeated whether it says that it has given this answer to another claimant before, or
   *     keeps the payment for another
   * @param message why it failed, in the other side's words
   * @param extensions by name. JSON as JDK types
   * @param extra what the scheme adds. JSON as JDK types
   */
  public record Settled(
      boolean success,
      String transaction,
      Optional<Network> network,
      Optional<Address> payer,
      Optional<TokenAmount> amount,
      String errorReason,
      Optional<Address> asset,
      Optional<Address> payTo,
      Optional<Bytes32> digest,
      boolean repeated,
      Optional<String> message,
      Map<String, Object> extensions,
      Map<String, Object> extra) {}

  // ---- the seller's side

  /**
   * Returns the request for {@code /verify} and {@code /settle}. What the payer returned of the
   * extensions goes along.
   *
   * @param resource is named in version 1 where the payment does not say what it is for
   */
  public static String request(SignedPayment payment, ResourceInfo resource) {
    PaymentPayload payload = payment.payload();
    ResourceInfo paidFor = payload.resource();
    ObjectNode json = Json.newObject().put("x402Version", payload.x402Version());
    json.set("paymentPayload", PaymentCodec.payloadNode(payload));
    json.set(
        "paymentRequirements",
        requirements(payload, payment.requirements(), paidFor == null ? resource : paidFor));
    return Json.write(json);
  }

  private static ObjectNode requirements(
      PaymentPayload payload, PaymentRequirements requirements, ResourceInfo resource) {
    return payload.x402Version() == 1
        ? PaymentRequiredJson.v1(
            requirements, PaymentCodec.networkText(requirements.network(), 1), resource)
        : PaymentRequiredJson.v2(requirements);
  }

  public static Verified readVerified(String body) throws MalformedPaymentException {
    JsonNode json = Json.parseObject(body);
    return new Verified(
        Json.bool(json, "", "isValid"),
        Json.optionalString(json, "", "invalidReason"),
        payer(json),
        text(json, "invalidMessage"),
        objectOrNothing(json, "extensions"),
        objectOrNothing(json, "extra"));
  }

  /** A failure need not name a network. A success that names none is refused later. */
  public static Settled readSettled(String body) throws MalformedPaymentException {
    JsonNode json = Json.parseObject(body);
    boolean success = Json.bool(json, "", "success");
    String network = Json.optionalString(json, "", "network").orElse("");
    return new Settled(
        success,
        Json.optionalString(json, "", "transaction").orElse(""),
        network(network),
        payer(json),
        Optional.ofNullable(PaymentCodec.optional(json, "amount", TokenAmount::parse)),
        Json.optionalString(json, "", "errorReason").orElse(""),
        Optional.ofNullable(PaymentCodec.optional(json, "asset", Address::parse)),
        Optional.ofNullable(PaymentCodec.optional(json, "payTo", Address::parse)),
        Optional.ofNullable(
            PaymentCodec.optional(json, DIGEST, text -> Bytes32.parse(DIGEST, text))),
        !Json.isAbsent(json, REPEATED) && Json.bool(json, "", REPEATED),
        text(json, "errorMessage"),
        objectOrNothing(json, "extensions"),
        objectOrNothing(json, "extra"));
  }

  /** What decides nothing need not have the type that the document gives it. */
  private static Optional<String> text(JsonNode json, String name) {
    return Optional.ofNullable(json.get(name)).map(JsonNode::textValue);
  }

  private static Map<String, Object> objectOrNothing(JsonNode json, String name)
      throws MalformedPaymentException {
    JsonNode member = json.get(name);
    return member == null || !member.isObject() ? Map.of() : Json.toMap(member, name);
  }

  /** Returns the {@code errorType} of the body of an error, if it is no more than a name. */
  public static Optional<String> errorType(String body) {
    try {
      return text(Json.parseObject(body), "errorType")
          .filter(type -> ERROR_TYPE.matcher(type).matches());
    } catch (MalformedPaymentException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns what {@code EXTENSION-RESPONSES} says, by the names of extensions.
   *
   * @throws MalformedPaymentException if it is too long, or not base64 of a JSON object of objects
   */
  public static Map<String, Object> readExtensionResponses(String header)
      throws MalformedPaymentException {
    if (header.length() > MAX_EXTENSION_RESPONSES) {
      throw new MalformedPaymentException(
          "expected at most " + MAX_EXTENSION_RESPONSES + " characters");
    }
    JsonNode json = Json.parseObject(PaymentCodec.text(header));
    for (JsonNode response : json) {
      if (!response.isObject()) {
        throw new MalformedPaymentException("expected an object for each extension");
      }
    }
    return Json.toMap(json, EXTENSION_RESPONSES);
  }

  /**
   * Returns the value of {@code EXTENSION-RESPONSES}, empty if it would be too long.
   *
   * @param responses by the names of extensions
   */
  public static Optional<String> extensionResponses(Map<String, Object> responses) {
    return Optional.of(PaymentCodec.base64(Json.write(Json.fromJdk(responses))))
        .filter(header -> header.length() <= MAX_EXTENSION_RESPONSES);
  }

  private static Optional<Network> network(String text) {
    Optional<Network> v1 = Network.ofV1Name(text);
    try {
      return v1.isPresent() ? v1 : Optional.of(Network.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Some write an empty text where there is no payer. */
  private static Optional<Address> payer(JsonNode json) throws MalformedPaymentException {
    return Json.optionalString(json, "", "payer").orElse("").isEmpty()
        ? Optional.empty()
        : Optional.of(PaymentRequiredJson.parsed(json, "", "payer", Address::parse));
  }

  /** Returns the code of ours for one of a facilitator's. */
  public static ErrorReason reason(String code) {
    return switch (code) {
      case "invalid_exact_evm_insufficient_balance" -> ErrorReason.INSUFFICIENT_FUNDS;
      case "invalid_exact_evm_signature", "invalid_exact_evm_failed_to_parse_signature" ->
          ErrorReason.INVALID_SIGNATURE;
      case "invalid_exact_evm_recipient_mismatch" -> ErrorReason.RECIPIENT_MISMATCH;
      case "invalid_exact_evm_network_mismatch", "unsupported_network" ->
          ErrorReason.INVALID_NETWORK;
      case "invalid_exact_evm_authorization_value" -> ErrorReason.VALUE_MISMATCH;
      case "invalid_exact_evm_transaction_failed",
          "invalid_exact_evm_transaction_simulation_failed" ->
          ErrorReason.INVALID_TRANSACTION_STATE;
      default -> ErrorReason.ofWireCode(code).orElse(ErrorReason.UNEXPECTED_VERIFY_ERROR);
    };
  }

  /** Reads only the members that this library needs. */
  public static SupportedKinds readSupported(String body) throws MalformedPaymentException {
    JsonNode json = Json.parseObject(body);
    List<SupportedKinds.Kind> kinds = new ArrayList<>();
    for (JsonNode kind : Json.array(json, "", "kinds")) {
      if (!kind.isObject()) {
        throw new MalformedPaymentException("kinds[]: expected an object");
      }
      kinds.add(
          new SupportedKinds.Kind(
              Json.wholeNumber(kind, "kinds[].", "x402Version"),
              Json.string(kind, "kinds[].", "scheme"),
              Json.string(kind, "kinds[].", "network"),
              objectOrNothing(kind, "extra")));
    }
    return new SupportedKinds(kinds, extensions(json), signers(json));
  }

  private static List<String> extensions(JsonNode json) {
    List<String> names = new ArrayList<>();
    for (JsonNode name : json.path("extensions")) {
      if (name.isTextual()) {
        names.add(name.textValue());
      }
    }
    return names;
  }

  private static Set<Address> signers(JsonNode json) throws MalformedPaymentException {
    Set<Address> signers = new LinkedHashSet<>();
    if (Json.isAbsent(json, "signers")) {
      return signers;
    }
    for (Map.Entry<String, JsonNode> chain : Json.object(json, "", "signers").properties()) {
      if (chain.getKey().startsWith("eip155:") && chain.getValue().isArray()) {
        for (JsonNode signer : chain.getValue()) {
          signers.add(address(signer));
        }
      }
    }
    return signers;
  }

  private static Address address(JsonNode text) throws MalformedPaymentException {
    try {
      return Address.parse(text.asText());
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("signers: " + e.getMessage());
    }
  }

  // ---- the facilitator's side

  public static Request readRequest(String body) throws MalformedPaymentException {
    JsonNode json = Json.parseEnvelope(body);
    JsonNode payment = Json.object(json, "", "paymentPayload");
    // The specification has the version in both places, and some clients send it in one.
    long version =
        Json.isAbsent(json, X402_VERSION)
            ? Json.wholeNumber(payment, "paymentPayload.", X402_VERSION)
            : Json.wholeNumber(json, "", X402_VERSION);
    if (version != 1 && version != 2) {
      throw new MalformedPaymentException(
          ErrorReason.INVALID_X402_VERSION, "x402Version: expected 1 or 2");
    }
    PaymentPayload payload = PaymentCodec.readPayload(payment, (int) version);
    JsonNode requirements = Json.object(json, "", "paymentRequirements");
    return new Request(
        payload,
        version == 1
            ? PaymentRequiredJson.readRequirementsV1(requirements, "paymentRequirements.")
            : PaymentRequiredJson.readRequirementsV2(requirements, "paymentRequirements."));
  }

  public static String valid(Address payer) {
    return Json.write(Json.newObject().put("isValid", true).put("payer", payer.text()));
  }

  public static String invalid(ErrorReason reason, String detail, @Nullable Address payer) {
    ObjectNode json =
        Json.newObject()
            .put("isValid", false)
            .put("invalidReason", reason.wireCode())
            .put("invalidMessage", detail);
    if (payer != null) {
      json.put("payer", payer.text());
    }
    return Json.write(json);
  }

  /** The specification asks for a network even where the request could not be read. */
  public static String malformedSettlement(ErrorReason reason, String detail) {
    return Json.write(
        Json.newObject()
            .put("success", false)
            .put("errorReason", reason.wireCode())
            .put("errorMessage", detail)
            .put("transaction", "")
            .put("network", ""));
  }

  /**
   * The answer for a payment that was not settled, or not yet.
   *
   * @param detail why, for people, without a secret; null to say nothing
   * @param repeated whether it was settled, or was to be, for another than the asker
   */
  public static String settlement(
      SettlementResponse response, @Nullable String detail, int x402Version, boolean repeated) {
    ObjectNode json = PaymentCodec.settlementNode(response, x402Version);
    if (detail != null) {
      json.put("errorMessage", detail);
    }
    return Json.write(marked(json, repeated));
  }

  /**
   * The answer for a payment that was settled, with more about it than the specification asks for:
   * a seller can compare what was moved with what it is owed.
   *
   * @param repeated whether another than the asker may have had this answer before
   */
  public static String settled(
      SettlementResponse response, SignedPayment payment, boolean repeated) {
    ObjectNode json =
        PaymentCodec.settlementNode(response, payment.payload().x402Version())
            .put("asset", payment.requirements().asset().text())
            .put("payTo", payment.requirements().payTo().text())
            .put(DIGEST, payment.digest().text());
    return Json.write(marked(json, repeated));
  }

  private static ObjectNode marked(ObjectNode json, boolean repeated) {
    return repeated ? json.put(REPEATED, true) : json;
  }

  /** The answer of {@code /supported}. */
  public static String supported(SupportedKinds supported) {
    ObjectNode json = Json.newObject();
    ArrayNode kinds = json.putArray("kinds");
    for (SupportedKinds.Kind kind : supported.kinds()) {
      ObjectNode each =
          kinds
              .addObject()
              .put(X402_VERSION, kind.x402Version())
              .put("scheme", kind.scheme())
              .put("network", kind.network());
      if (!kind.extra().isEmpty()) {
        each.set("extra", Json.fromJdk(kind.extra()));
      }
    }
    ArrayNode extensions = json.putArray("extensions");
    supported.extensions().forEach(extensions::add);
    ArrayNode accounts = json.putObject("signers").putArray(ALL_EVM);
    supported.signers().stream().map(Address::text).sorted().forEach(accounts::add);
    return Json.write(json);
  }

  public static String health(String status) {
    return Json.write(Json.newObject().put("status", status));
  }

  /** Health with the reason why it is not up. */
  public static String health(String status, String reason) {
    return Json.write(Json.newObject().put("status", status).put("reason", reason));
  }
}
