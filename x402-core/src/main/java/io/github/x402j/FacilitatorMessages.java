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
import org.jspecify.annotations.Nullable;

/** The messages between a seller and a facilitator (specification 7), in both versions. */
public final class FacilitatorMessages {
  private static final String ALL_EVM = "eip155:*";
  private static final String DIGEST = "digest";
  private static final String REPEATED = "repeated";

  /** The request header of {@code /settle} by which a seller claims its own settlement again. */
  public static final String IDEMPOTENCY_KEY = "Idempotency-Key";

  private FacilitatorMessages() {}

  /** A verify or settle request. */
  public record Request(PaymentPayload payload, PaymentRequirements requirements) {}

  /** A verify answer that is one; {@code reason} is the code as it was written. */
  public record Verified(boolean isValid, Optional<String> reason, Optional<Address> payer) {}

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
      boolean repeated) {}

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
        payer(json));
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
        !Json.isAbsent(json, REPEATED) && Json.bool(json, "", REPEATED));
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
              Json.string(kind, "kinds[].", "network")));
    }
    return new SupportedKinds(kinds, signers(json));
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
    JsonNode json = Json.parseObject(body);
    long version = Json.wholeNumber(json, "", "x402Version");
    if (version != 1 && version != 2) {
      throw new MalformedPaymentException(
          ErrorReason.INVALID_X402_VERSION, "x402Version: expected 1 or 2");
    }
    PaymentPayload payload =
        PaymentCodec.readPayload(Json.object(json, "", "paymentPayload"), (int) version);
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
   * @param repeated whether it was settled, or was to be, for another than the asker
   */
  public static String settlement(SettlementResponse response, int x402Version, boolean repeated) {
    return Json.write(marked(PaymentCodec.settlementNode(response, x402Version), repeated));
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

  public static String supported(List<Network> networks, Set<Address> signers) {
    ObjectNode json = Json.newObject();
    ArrayNode kinds = json.putArray("kinds");
    for (Network network : networks) {
      kinds
          .addObject()
          .put("x402Version", 2)
          .put("scheme", PaymentRequirements.EXACT)
          .put("network", network.caip2());
      network
          .v1Name()
          .ifPresent(
              name ->
                  kinds
                      .addObject()
                      .put("x402Version", 1)
                      .put("scheme", PaymentRequirements.EXACT)
                      .put("network", name));
    }
    json.putArray("extensions");
    ArrayNode accounts = json.putObject("signers").putArray(ALL_EVM);
    signers.forEach(signer -> accounts.add(signer.text()));
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
