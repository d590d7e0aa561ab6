// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns the messages of the protocol into values and back, in versions 1 and 2 (specification 5,
 * HTTP transport).
 *
 * <p>Reading is strict: duplicate members, trailing text, wrong types, digits that are not ASCII
 * and anything too long or too deep are refused with {@link MalformedPaymentException}; unknown
 * members are ignored. All methods are pure functions.
 */
public final class PaymentCodec {
  /** The longest payment header that is read, in characters. */
  public static final int MAX_HEADER_LENGTH = 16 * 1024;

  /** The longest descriptor that is sent as a header, in characters: what clients read. */
  public static final int MAX_DESCRIPTOR_LENGTH = 8192;

  private PaymentCodec() {}

  /** Returns the value of {@code PAYMENT-REQUIRED}: base64 of the version 2 JSON. */
  public static String encodeRequired(PaymentRequired required) {
    return base64(Json.write(PaymentRequiredJson.v2(required)));
  }

  /**
   * Returns the body of a 402: the version 1 JSON. Its {@code accepts} leaves out what the deployed
   * client of version 1 does not know, as that client then refuses the whole descriptor: networks
   * that it has no name for, and other schemes and transfer methods.
   */
  public static String encodeRequiredV1(PaymentRequired required) {
    return Json.write(PaymentRequiredJson.v1(required));
  }

  /**
   * Returns the body of a 402 that every client can read: the version 1 JSON, or that of version 2
   * if version 1 would leave out every way to pay, as its {@code accepts} must not be empty.
   */
  public static String encodeRequiredBody(PaymentRequired required) {
    return encodeRequiredBody(required, required);
  }

  /**
   * Returns the body of a 402 whose offers differ by version: the version 1 JSON, or that of
   * version 2 if version 1 can name none of its offers.
   *
   * @param v1 what clients of version 1 can pay
   * @param v2 what clients of version 2 can pay
   */
  public static String encodeRequiredBody(PaymentRequired v1, PaymentRequired v2) {
    return v1.accepts().stream().anyMatch(PaymentCodec::isForV1)
        ? encodeRequiredV1(v1)
        : Json.write(PaymentRequiredJson.v2(v2));
  }

  /** Returns whether a descriptor of version 1 can hold the option; if not, it leaves it out. */
  public static boolean isForV1(PaymentRequirements option) {
    return PaymentRequiredJson.nameInV1(option).isPresent();
  }

  /**
   * Returns the descriptor in a {@code PAYMENT-REQUIRED} header. Ways to pay that this library does
   * not know (other schemes, chains that are not EVM) or cannot read are left out; {@link
   * ReceivedDescriptor} tells them.
   *
   * @throws MalformedPaymentException if it is not base64 of a descriptor
   */
  public static PaymentRequired decodeRequired(String header) throws MalformedPaymentException {
    return ReceivedDescriptor.inHeader(header, null).required();
  }

  /**
   * Returns the descriptor in the body of a 402, of either version. Ways to pay that this library
   * does not know or cannot read are left out; {@link ReceivedDescriptor} tells them.
   *
   * @throws MalformedPaymentException if it is no descriptor
   */
  public static PaymentRequired decodeRequiredBody(String body) throws MalformedPaymentException {
    return ReceivedDescriptor.inBody(body, null).required();
  }

  /**
   * Returns the version that the body of a 402 says it is in, 1 or 2.
   *
   * @throws MalformedPaymentException if it is no JSON object or says another or none
   */
  public static int versionOfRequiredBody(String body) throws MalformedPaymentException {
    return versionOfRequired(Json.parseObject(body));
  }

  static int versionOfRequired(JsonNode message) throws MalformedPaymentException {
    if (Json.wholeNumber(message, "", "x402Version") == 2) {
      return 2;
    }
    requireVersion(message, 1);
    return 1;
  }

  /** Returns the value of the payment header: base64 of the JSON in the payload's own version. */
  public static String encodePayload(PaymentPayload payload) {
    return base64(payloadJson(payload));
  }

  /** Returns the payload as JSON text in its own version. */
  public static String payloadJson(PaymentPayload payload) {
    return Json.write(payloadNode(payload));
  }

  static ObjectNode payloadNode(PaymentPayload payload) {
    ObjectNode json = Json.newObject().put("x402Version", payload.x402Version());
    PaymentRequirements accepted = payload.accepted();
    if (accepted == null) {
      json.put("scheme", payload.scheme()).put("network", v1Name(payload.network()));
    }
    json.set("payload", Json.fromJdk(payload.payload()));
    if (!payload.extensions().isEmpty()) {
      json.set("extensions", Json.fromJdk(payload.extensions()));
    }
    ResourceInfo resource = payload.resource();
    if (accepted != null && resource != null) {
      set(json, "resource", resource.received(), () -> PaymentRequiredJson.v2(resource));
    }
    if (accepted != null) {
      set(json, "accepted", accepted.received(), () -> PaymentRequiredJson.v2(accepted));
    }
    return json;
  }

  /** What was read goes back as it was written. */
  private static void set(
      ObjectNode json, String name, @Nullable String received, Supplier<ObjectNode> own) {
    if (received == null) {
      json.set(name, own.get());
    } else {
      json.putRawValue(name, new RawValue(received));
    }
  }

  /**
   * Returns the payload in a payment header.
   *
   * @param x402Version the version whose header it came in: 2 for {@code PAYMENT-SIGNATURE}, 1 for
   *     {@code X-PAYMENT}
   * @throws MalformedPaymentException if it is longer than {@link #MAX_HEADER_LENGTH}, not base64,
   *     not JSON, not of this version, or a field is missing or mistyped
   */
  public static PaymentPayload decodePayload(String header, int x402Version)
      throws MalformedPaymentException {
    requireLength(header);
    return readPayload(Json.parseObject(text(header)), x402Version);
  }

  /** The cap on a payment header, before anything of it is decoded. */
  static void requireLength(String header) throws MalformedPaymentException {
    requireLength(header, MAX_HEADER_LENGTH);
  }

  /** The same for a header with a cap of its own. */
  static void requireLength(String header, int most) throws MalformedPaymentException {
    if (header.length() > most) {
      throw new MalformedPaymentException("the header is longer than " + most + " characters");
    }
  }

  static PaymentPayload readPayload(JsonNode message, int x402Version)
      throws MalformedPaymentException {
    requireVersion(message, x402Version);
    Map<String, Object> payload = Json.toMap(Json.object(message, "", "payload"), "payload");
    if (x402Version == 1) {
      return PaymentPayload.v1(
          Json.string(message, "", "scheme"), PaymentRequiredJson.v1Network(message, ""), payload);
    }
    PaymentRequirements accepted =
        PaymentRequiredJson.readRequirementsV2(Json.object(message, "", "accepted"), "accepted.");
    return PaymentPayload.v2(accepted, payload)
        .withResource(PaymentRequiredJson.readReturnedResource(message))
        .withExtensions(Json.optionalMapWithNulls(message, "", "extensions"));
  }

  /**
   * Returns the value of {@code PAYMENT-RESPONSE} (version 2) or {@code X-PAYMENT-RESPONSE}
   * (version 1).
   */
  public static String encodeSettlement(SettlementResponse response, int x402Version) {
    return base64(Json.write(settlementNode(response, x402Version)));
  }

  static ObjectNode settlementNode(SettlementResponse response, int x402Version) {
    ObjectNode json = Json.newObject().put("success", response.success());
    if (response.errorReason() != null) {
      json.put("errorReason", response.errorReason());
    }
    json.put("transaction", response.transaction())
        .put("network", networkText(response.network(), x402Version));
    Address payer = response.payer();
    if (payer != null) {
      json.put("payer", payer.text());
    }
    TokenAmount amount = response.amount();
    if (amount != null && x402Version == 2) {
      json.put("amount", amount.toString());
    }
    if (!response.extensions().isEmpty()) {
      json.set("extensions", Json.fromJdk(response.extensions()));
    }
    return json;
  }

  /**
   * Returns the settlement in a response header of either version.
   *
   * @throws MalformedPaymentException if it is not base64 of a settlement
   */
  public static SettlementResponse decodeSettlement(String header)
      throws MalformedPaymentException {
    return readSettlement(Json.parseObject(text(header)));
  }

  /**
   * Returns the settlement in a JSON text, as transports without headers carry it.
   *
   * @throws MalformedPaymentException if it is no settlement
   */
  public static SettlementResponse decodeSettlementJson(String json)
      throws MalformedPaymentException {
    return readSettlement(Json.parseObject(json));
  }

  static SettlementResponse readSettlement(JsonNode json) throws MalformedPaymentException {
    boolean success = Json.bool(json, "", "success");
    String transaction = Json.optionalString(json, "", "transaction").orElse("");
    if (success && !Bytes32.isCanonical(transaction)) {
      throw new MalformedPaymentException("transaction: expected a hash, as success is true");
    }
    return new SettlementResponse(
        success,
        transaction,
        anyNetwork(json),
        optional(json, "payer", Address::parse),
        Json.optionalString(json, "", "errorReason").orElse(null),
        optional(json, "amount", TokenAmount::parse),
        Json.optionalMap(json, "", "extensions"));
  }

  /** Returns a JSON object {@code {"error": code, "detail": text}}, the body of a 400 or 503. */
  public static String errorBody(ErrorReason reason, String detail) {
    return errorBody(reason.wireCode(), detail);
  }

  /** Returns the body of an error that only a transport knows: {@code error} and {@code detail}. */
  public static String errorBody(String code, String detail) {
    return Json.write(Json.newObject().put("error", code).put("detail", detail));
  }

  static void requireVersion(JsonNode message, int x402Version) throws MalformedPaymentException {
    if (Json.wholeNumber(message, "", "x402Version") != x402Version) {
      throw new MalformedPaymentException(
          ErrorReason.INVALID_X402_VERSION, "x402Version: expected " + x402Version);
    }
  }

  private static Network anyNetwork(JsonNode json) throws MalformedPaymentException {
    Optional<Network> v1 = Network.ofV1Name(Json.string(json, "", "network"));
    return v1.isPresent() ? v1.get() : PaymentRequiredJson.caip2(json, "");
  }

  static <T> @Nullable T optional(JsonNode json, String name, Function<String, T> parse)
      throws MalformedPaymentException {
    return Json.isAbsent(json, name) ? null : PaymentRequiredJson.parsed(json, "", name, parse);
  }

  static String networkText(Network network, int x402Version) {
    return x402Version == 1 ? v1Name(network) : network.caip2();
  }

  private static String v1Name(Network network) {
    return network
        .v1Name()
        .orElseThrow(() -> new IllegalArgumentException(network + " has no name in version 1"));
  }

  static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  /** Decodes standard base64 and base64url, padded or not; the bytes must be UTF-8. */
  static String text(String base64) throws MalformedPaymentException {
    boolean urlAlphabet = base64.indexOf('-') >= 0 || base64.indexOf('_') >= 0;
    try {
      byte[] bytes = (urlAlphabet ? Base64.getUrlDecoder() : Base64.getDecoder()).decode(base64);
      // A new decoder reports what is not UTF-8; String's constructor would replace it.
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("the header is not base64");
    } catch (CharacterCodingException e) {
      throw new MalformedPaymentException("the header is not base64 of UTF-8 text");
    }
  }
}
