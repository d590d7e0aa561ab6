// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import org.jspecify.annotations.Nullable;

/** Thrown to answer a JSON-RPC request with an error, or when a node answered with one. */
final class RpcError extends RuntimeException {

  static final int PARSE_ERROR = -32700;
  static final int INVALID_REQUEST = -32600;
  static final int METHOD_NOT_FOUND = -32601;
  static final int INVALID_PARAMS = -32602;
  static final int INTERNAL_ERROR = -32603;
  static final int SERVER_ERROR = -32000;

  /** The code with which geth reports a revert. */
  static final int REVERTED = 3;

  private final int code;
  private final @Nullable String data;

  RpcError(int code, String message, @Nullable String data) {
    super(message);
    this.code = code;
    this.data = data;
  }

  RpcError(int code, String message) {
    this(code, message, null);
  }

  static RpcError invalidParams(String message) {
    return new RpcError(INVALID_PARAMS, message);
  }

  /** What geth answers when it does not take a transaction. */
  static RpcError refused(String message) {
    return new RpcError(SERVER_ERROR, message);
  }

  int code() {
    return code;
  }

  @Nullable String data() {
    return data;
  }

  String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
