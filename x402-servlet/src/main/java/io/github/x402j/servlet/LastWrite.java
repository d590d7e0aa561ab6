// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.SaleTransport;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;

/**
 * Finds out whether the last bytes of a paid response could be written. A container keeps a short
 * response until all filters have returned, and tells nobody if it cannot be sent then. So this
 * sends it, as the container would, when the filters are done.
 *
 * <p>What it cannot find out: whether bytes that the operating system has taken arrived.
 */
final class LastWrite implements ServletRequestListener {
  private static final String LISTENS = LastWrite.class.getName();
  private static final String PENDING = LISTENS + ".pending";

  /**
   * @param isWritten whether all of it was handed to the container already
   */
  private record Pending(
      ServletResponse response, boolean isWritten, SaleTransport.Ending<?> sale) {}

  /** Listens in a webapp that is starting. */
  static void listenIn(ServletContext context) {
    if (context.getAttribute(LISTENS) == null) {
      context.addListener(new LastWrite());
      context.setAttribute(LISTENS, true);
    }
  }

  /**
   * Returns whether the end of a dispatch is noticed. A filter that a webapp maps by itself has no
   * listener.
   */
  static boolean isNoticed(ServletRequest request) {
    return request.getServletContext().getAttribute(LISTENS) != null;
  }

  /** Sends the rest when the dispatch that is under way has ended: all of it is written. */
  static void afterDispatch(
      ServletRequest request, ServletResponse response, SaleTransport.Ending<?> sale) {
    expect(request, new Pending(response, true, sale));
  }

  /** Sends the rest when the dispatch has ended in which the handler has. */
  static void afterHandler(
      ServletRequest request, ServletResponse response, SaleTransport.Ending<?> sale) {
    expect(request, new Pending(response, false, sale));
  }

  private static void expect(ServletRequest request, Pending pending) {
    if (request.getAttribute(PENDING) instanceof Pending before) {
      before.sale().arrived(); // no more is found out about it
    }
    request.setAttribute(PENDING, pending);
  }

  @Override
  public void requestDestroyed(ServletRequestEvent event) {
    sendRest(event.getServletRequest());
  }

  /**
   * Sends the rest at the end of the filter: a container that is stopping calls no listener. A
   * response that filters in front have wrapped is left to them.
   */
  static void whileStopping(ServletRequest request) {
    if (request.getDispatcherType() != DispatcherType.FORWARD
        && request.getDispatcherType() != DispatcherType.INCLUDE
        && request.getAttribute(PENDING) instanceof Pending pending
        && !(pending.response() instanceof ServletResponseWrapper)) {
      sendRest(request);
    }
  }

  private static void sendRest(ServletRequest request) {
    if (request.getAttribute(PENDING) instanceof Pending pending
        && (pending.isWritten() || !request.isAsyncStarted())) { // else a later dispatch ends it
      request.removeAttribute(PENDING);
      try {
        end(innermost(pending.response()));
      } catch (IOException | RuntimeException e) {
        pending.sale().brokeOff();
        return;
      }
      pending.sale().arrived();
    }
  }

  /**
   * Sends what the container still keeps of a response that no dispatch follows. One that filters
   * in front have wrapped stays open: they may have something to add.
   *
   * @throws IOException if the client is gone
   */
  static void send(ServletResponse response) throws IOException {
    ServletResponse inner = innermost(response);
    if (inner == response) {
      end(inner);
    } else {
      inner.flushBuffer();
    }
  }

  /** Closes first: a container then counts the bytes, and says in the head how many there are. */
  private static void end(ServletResponse response) throws IOException {
    ServletOutputStream out;
    try {
      out = response.getOutputStream();
    } catch (IllegalStateException writerInUse) {
      PrintWriter writer = response.getWriter();
      if (writer.checkError()) { // a writer throws nothing
        throw new IOException("the client is gone");
      }
      writer.close();
      response.flushBuffer();
      return;
    }
    out.close();
    response.flushBuffer();
  }

  private static ServletResponse innermost(ServletResponse response) {
    ServletResponse inner = response;
    while (inner instanceof ServletResponseWrapper wrapper) {
      inner = wrapper.getResponse();
    }
    return inner;
  }
}
