// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.regex.Pattern;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.util.bytes.Bytes32;
import org.hyperledger.besu.util.bytes.BytesValue;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a request, read strictly: what does not have the form it must have is a
 * JSON-RPC error.
 */
final class Params {

  private static final Pattern QUANTITY = Pattern.compile("0x[0-9a-fA-F]{1,64}");
  private static final Pattern BYTES = Pattern.compile("0x([0-9a-fA-F]{2})*");
  private static final Pattern ADDRESS = Pattern.compile("0x[0-9a-fA-F]{40}");
  private static final Pattern HASH = Pattern.compile("0x[0-9a-fA-F]{64}");

  private final @Nullable JsonNode values;

  Params(@Nullable JsonNode values) {
    if (values != null && !values.isArray() && !values.isNull()) {
      throw RpcError.invalidParams("params: expected an array");
    }
    this.values = values;
  }

  /** Returns a parameter, or null if it is absent or null. */
  @Nullable JsonNode optional(int index) {
    JsonNode value = values == null ? null : values.get(index);
    return value == null || value.isNull() ? null : value;
  }

  JsonNode required(int index) {
    JsonNode value = optional(index);
    if (value == null) {
      throw RpcError.invalidParams("missing value for required argument " + index);
    }
    return value;
  }

  Address address(int index) {
    return toAddress(required(index));
  }

  Hash hash(int index) {
    return toHash(required(index));
  }

  BytesValue bytes(int index) {
    return toBytes(required(index));
  }

  BigInteger quantity(int index) {
    return toQuantity(required(index));
  }

  static Address toAddress(JsonNode value) {
    return Address.fromHexString(text(value, ADDRESS, "an address"));
  }

  static Hash toHash(JsonNode value) {
    return Hash.wrap(Bytes32.wrap(BytesValue.fromHexString(text(value, HASH, "32 bytes"))));
  }

  static BytesValue toBytes(JsonNode value) {
    return BytesValue.fromHexString(text(value, BYTES, "bytes in hexadecimal"));
  }

  static BigInteger toQuantity(JsonNode value) {
    return new BigInteger(text(value, QUANTITY, "a quantity in hexadecimal").substring(2), 16);
  }

  static long toLong(JsonNode value) {
    BigInteger quantity = toQuantity(value);
    if (quantity.bitLength() > 63) {
      throw RpcError.invalidParams("quantity out of range: " + value.textValue());
    }
    return quantity.longValue();
  }

  private static String text(JsonNode value, Pattern form, String expected) {
    if (!value.isTextual() || !form.matcher(value.textValue()).matches()) {
      throw RpcError.invalidParams("invalid argument: expected " + expected + ", found " + value);
    }
    return value.textValue();
  }
}
