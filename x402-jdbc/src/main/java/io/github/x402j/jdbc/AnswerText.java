// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.extension.StoredAnswer;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A stored answer as texts that fit a column: status, headers and body, each with its length. */
final class AnswerText {
  /** Every database takes a text of this length. */
  private static final int MAX_PART = 16_000;

  private AnswerText() {}

  /** Returns the answer in parts. */
  static List<String> of(StoredAnswer answer) {
    List<byte[]> fields = new ArrayList<>();
    answer
        .headers()
        .forEach(
            (name, values) ->
                values.forEach(
                    value -> {
                      fields.add(name.getBytes(UTF_8));
                      fields.add(value.getBytes(UTF_8));
                    }));
    fields.add(answer.body());
    int length =
        2 * Integer.BYTES + fields.stream().mapToInt(each -> each.length + Integer.BYTES).sum();
    ByteBuffer bytes = ByteBuffer.allocate(length).putInt(answer.status()).putInt(fields.size());
    fields.forEach(each -> bytes.putInt(each.length).put(each));
    return split(Base64.getEncoder().encodeToString(bytes.array()));
  }

  private static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    for (int at = 0; at < text.length(); at += MAX_PART) {
      parts.add(text.substring(at, Math.min(text.length(), at + MAX_PART)));
    }
    return parts;
  }

  /** Returns the answer, empty if the parts are not those of one. */
  static Optional<StoredAnswer> parse(List<String> parts) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(String.join("", parts)));
      int status = bytes.getInt();
      int fields = bytes.getInt();
      Map<String, List<String>> headers = new LinkedHashMap<>();
      for (int at = 0; at + 1 < fields; at += 2) {
        String name = new String(field(bytes), UTF_8);
        headers
            .computeIfAbsent(name, any -> new ArrayList<>())
            .add(new String(field(bytes), UTF_8));
      }
      return Optional.of(StoredAnswer.of(status, headers, field(bytes)));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] field(ByteBuffer bytes) {
    int length = bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw new IllegalArgumentException("length");
    }
    byte[] field = new byte[length];
    bytes.get(field);
    return field;
  }
}
