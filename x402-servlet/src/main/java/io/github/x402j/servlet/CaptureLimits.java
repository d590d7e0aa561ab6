// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

/**
 * How much of a handler's output is held back until the payment is settled.
 *
 * @param maxBytes bytes of body; one more fails the response, at least 1
 * @param memoryBytes bytes of body that stay in memory; what is more goes to a temporary file. At
 *     least 0; {@code maxBytes} or more means that no file is used
 * @param maxHeaderBytes bytes of header names and values, at least 1. Containers refuse to send a
 *     head above their own limit, which they would find out after settlement only
 */
record CaptureLimits(long maxBytes, int memoryBytes, int maxHeaderBytes) {
  /** 8 MiB of body. */
  static final long DEFAULT_MAX_BYTES = 8L * 1024 * 1024;

  /** 1 MiB of it in memory. */
  static final int DEFAULT_MEMORY_BYTES = 1024 * 1024;

  /**
   * 6 KiB of headers: 8 KiB, which Tomcat allows by default, less room for those of other filters.
   */
  static final int DEFAULT_MAX_HEADER_BYTES = 6 * 1024;

  /** Less where receipts are handed out, which need their own room in the same 8 KiB. */
  static final int MAX_HEADER_BYTES_WITH_RECEIPTS = 3584;

  CaptureLimits {
    if (maxBytes < 1 || memoryBytes < 0 || maxHeaderBytes < 1) {
      throw new IllegalArgumentException(
          "capture limits: expected maxBytes >= 1, memoryBytes >= 0, maxHeaderBytes >= 1; found %d, %d, %d"
              .formatted(maxBytes, memoryBytes, maxHeaderBytes));
    }
  }

  static CaptureLimits defaults() {
    return new CaptureLimits(DEFAULT_MAX_BYTES, DEFAULT_MEMORY_BYTES, DEFAULT_MAX_HEADER_BYTES);
  }

  CaptureLimits withMaxBytes(long bytes) {
    return new CaptureLimits(bytes, memoryBytes, maxHeaderBytes);
  }
}
