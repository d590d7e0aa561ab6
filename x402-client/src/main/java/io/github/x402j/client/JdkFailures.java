// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** What the {@code send} of the JDK's client throws when its {@code sendAsync} fails. */
final class JdkFailures {
  private JdkFailures() {}

  /**
   * Returns a new exception with the stack of the caller, and with the failure as its cause.
   *
   * @throws IllegalArgumentException if the failure is one
   * @throws SecurityException if the failure is one
   */
  static IOException ofSend(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof IllegalArgumentException) {
      throw with(failure, new IllegalArgumentException(message, failure));
    }
    if (failure instanceof SecurityException) {
      throw with(failure, new SecurityException(message, failure));
    }
    return with(failure, ofSend(failure, message));
  }

  private static IOException ofSend(Throwable failure, @Nullable String message) {
    if (failure instanceof HttpConnectTimeoutException) {
      return causedBy(failure, new HttpConnectTimeoutException(message));
    }
    if (failure instanceof HttpTimeoutException) {
      return new HttpTimeoutException(message);
    }
    if (failure instanceof ConnectException) {
      return causedBy(failure, new ConnectException(message));
    }
    if (failure instanceof SSLHandshakeException) {
      return causedBy(failure, new SSLHandshakeException(message));
    }
    if (failure instanceof SSLException) {
      return new SSLException(message, failure);
    }
    if (failure instanceof ProtocolException) {
      return causedBy(failure, new ProtocolException(message));
    }
    return new IOException(message, failure);
  }

  private static <E extends Exception> E causedBy(Throwable failure, E thrown) {
    thrown.initCause(failure);
    return thrown;
  }

  /** A payment that is pending is suppressed, and must not be lost. */
  private static <E extends Exception> E with(Throwable failure, E thrown) {
    for (Throwable suppressed : failure.getSuppressed()) {
      thrown.addSuppressed(suppressed);
    }
    return thrown;
  }
}
