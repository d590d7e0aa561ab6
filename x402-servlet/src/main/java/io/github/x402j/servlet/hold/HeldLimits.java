// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import java.io.IOException;

/**
 * How much of a handler's output is held back until the payment is settled.
 *
 * @param maxBytes bytes of body, at least 1; a longer body fails the response
 * @param memoryBytes bytes of body that stay in memory, at least 0; the rest goes to a temporary
 *     file. {@code maxBytes} or more means that no file is used
 * @param maxHeaderBytes bytes of header names and values, at least 1. A container refuses to send a
 *     head above its own limit, and finds that out after settlement only
 */
public record HeldLimits(long maxBytes, int memoryBytes, int maxHeaderBytes) {
  /** 8 MiB of body. */
  public static final long DEFAULT_MAX_BYTES = 8L * 1024 * 1024;

  /**
   * 6 KiB of headers: 8 KiB, which Tomcat allows by default, less room for those of other filters.
   */
  private static final int DEFAULT_MAX_HEADER_BYTES = 6 * 1024;

  /**
   * @throws IllegalArgumentException if a limit is out of its range
   */
  public HeldLimits {
    if (maxBytes < 1 || memoryBytes < 0 || maxHeaderBytes < 1) {
      throw new IllegalArgumentException(
          "limits of a held response: expected maxBytes >= 1, memoryBytes >= 0, maxHeaderBytes >= 1; found %d, %d, %d"
              .formatted(maxBytes, memoryBytes, maxHeaderBytes));
    }
  }

  /** Returns limits for a body that stays in memory, and for responses without receipts. */
  public static HeldLimits inMemory(long maxBytes) {
    int memory = (int) Math.min(Integer.MAX_VALUE, maxBytes);
    return new HeldLimits(maxBytes, memory, DEFAULT_MAX_HEADER_BYTES);
  }

  /** Returns these limits with another one for the body. */
  public HeldLimits withMaxBytes(long bytes) {
    return new HeldLimits(bytes, memoryBytes, maxHeaderBytes);
  }

  /** Returns these limits with a temporary file for what is longer than this. */
  public HeldLimits withMemoryBytes(int bytes) {
    return new HeldLimits(maxBytes, bytes, maxHeaderBytes);
  }

  /** Returns these limits with another one for the headers of a handler. */
  public HeldLimits withMaxHeaderBytes(int bytes) {
    return new HeldLimits(maxBytes, memoryBytes, bytes);
  }

  /**
   * Thrown to a handler that writes more than may be held back. The response has failed from then
   * on, also if the handler ignores this exception.
   */
  public static final class OverflowException extends IOException {
    private static final long serialVersionUID = 1L;

    OverflowException(String what, long limit) {
      super(
          "the %s of a paid response exceeds %d bytes: raise %s, or settle first"
              .formatted(
                  what, limit, what.equals("head") ? "headerLimit" : "the limit of the buffer"));
    }
  }
}
