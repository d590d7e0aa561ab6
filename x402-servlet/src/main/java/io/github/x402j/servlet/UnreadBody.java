// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body of a request that is answered without its handler. A container that is not asked for it
 * ends the connection while the client sends, and most clients then see a broken pipe in place of
 * the answer. So it is read, and thrown away, before the answer is sent.
 */
final class UnreadBody {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  /** Who uploads more than this, or for longer, may see a broken connection. */
  private static final long MAX_BYTES = 32L * 1024 * 1024;

  private static final long MAX_NANOS = Duration.ofSeconds(10).toNanos();

  private UnreadBody() {}

  /** Reads what the client sends, within bounds. A client that waits for leave sends nothing. */
  static void skip(HttpServletRequest request) {
    boolean hasBody =
        request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
    if (!hasBody
        || waitsForLeave(request)
        || request.getDispatcherType() != DispatcherType.REQUEST
        || request.isAsyncStarted()) {
      return;
    }
    try {
      skip(request.getInputStream());
    } catch (IOException | IllegalStateException e) { // the client is gone, or a reader has it
      log.debug("the body of a refused request was not read", e);
    }
  }

  /** Returns whether reading would ask for the body. Tomcat has asked before, by default. */
  private static boolean waitsForLeave(HttpServletRequest request) {
    return request.getHeader("Expect") != null
        && !String.valueOf(request.getServletContext().getServerInfo()).contains("Tomcat");
  }

  private static void skip(InputStream body) throws IOException {
    byte[] piece = new byte[16 * 1024];
    long deadline = System.nanoTime() + MAX_NANOS;
    long left = MAX_BYTES;
    while (left > 0 && System.nanoTime() < deadline) {
      int read = body.read(piece);
      if (read < 0) {
        return;
      }
      left -= read;
    }
  }
}
