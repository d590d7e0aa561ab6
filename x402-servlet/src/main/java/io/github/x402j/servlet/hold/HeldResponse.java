// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A response that holds back everything a handler sends, until {@link #commitTo} lets it out or
 * {@link #discard} throws it away.
 *
 * <p>Held are the body by stream and writer, headers, cookies, status, redirects, errors, content
 * length and trailers; {@code flush} and {@code close} send nothing. {@link #isCommitted()} is true
 * after a flush, a redirect or an error, and what a container forbids from then on is forbidden
 * here. Headers of the payment protocol that a handler sets are dropped.
 *
 * <p>What differs from a container: content alone never commits, so a handler can still answer with
 * an error after any amount of output; {@code reset()} leaves the headers of outer filters in
 * place; a status below 200, and a header or cookie that a container might refuse to send, is an
 * {@link IllegalArgumentException} at once.
 *
 * <p>Safe for use by several threads, as far as the servlet specification lets a handler do that.
 */
public final class HeldResponse extends HttpServletResponseWrapper {
  private static final StackWalker CALLERS =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private final HeldOutputResponse held;
  private volatile HttpServletResponse real;
  private final Class<?> containerType;
  private final boolean isInclude;
  private final boolean isHead;
  private final boolean followsPage;
  private final BooleanSupplier endNewSession;
  private boolean delivered;

  private HeldResponse(
      HeldOutputResponse held,
      HttpServletRequest request,
      HttpServletResponse real,
      BooleanSupplier endNewSession) {
    super(held);
    this.held = held;
    this.real = real;
    this.containerType = innermost(real).getClass();
    this.isInclude = request.getDispatcherType() == DispatcherType.INCLUDE;
    this.isHead = request.getMethod().equals("HEAD");
    this.followsPage = request.getDispatcherType() == DispatcherType.ASYNC;
    this.endNewSession = endNewSession;
  }

  /**
   * Returns a response to hand to a handler in place of {@code real}.
   *
   * @param writeListeners takes the listener of a handler that writes without blocking
   * @param endNewSession ends a session that the handler began, and returns whether there was one
   */
  static HeldResponse over(
      HttpServletRequest request,
      HttpServletResponse real,
      HeldLimits limits,
      Consumer<WriteListener> writeListeners,
      BooleanSupplier endNewSession) {
    boolean allowsTrailers = !request.getProtocol().equals("HTTP/1.0");
    HeldOutputResponse held = new HeldOutputResponse(real, allowsTrailers, limits, writeListeners);
    return new HeldResponse(held, request, real, endNewSession);
  }

  private static ServletResponse innermost(ServletResponse response) {
    ServletResponse inner = response;
    while (inner instanceof ServletResponseWrapper wrapper) {
      inner = wrapper instanceof HeldResponse buffered ? buffered.real : wrapper.getResponse();
    }
    return inner;
  }

  /** Returns whether what is written to {@code response} is held by a response of this class. */
  static boolean holds(ServletResponse response) {
    ServletResponse inner = response;
    while (inner instanceof ServletResponseWrapper wrapper) {
      if (wrapper instanceof HeldResponse) {
        return true;
      }
      inner = wrapper.getResponse();
    }
    return inner instanceof HeldOutputResponse;
  }

  /**
   * Returns the held response, which is not a wrapper: a handler that unwraps does not reach the
   * real one. The container itself does, since Jetty includes resources and serves files by way of
   * its own response object: it is known by the package and class loader of that object.
   */
  @Override
  public ServletResponse getResponse() {
    Class<?> caller = CALLERS.getCallerClass();
    boolean isContainer =
        caller.getPackageName().equals(containerType.getPackageName())
            && caller.getClassLoader() == containerType.getClassLoader();
    return isContainer ? real : super.getResponse();
  }

  /**
   * Takes a wrapper that a container puts around the held response for a dispatch.
   *
   * @throws IllegalArgumentException if what is written to it would not be held
   */
  @Override
  public void setResponse(ServletResponse response) {
    if (!holds(response)) {
      throw new IllegalArgumentException("the response of a paid handler cannot be replaced");
    }
    super.setResponse(response);
  }

  /** Notes the real response of a further dispatch. */
  void moveTo(HttpServletResponse response) {
    real = response;
  }

  /** Runs what is included: it cannot change the head. */
  void include(HeldRun.Part part) throws IOException, ServletException {
    boolean within = held.isIncluding();
    held.setIncluding(true);
    try {
      part.run();
    } finally {
      held.setIncluding(within);
    }
  }

  /** Takes a status that the container has set around the handler. */
  void takeStatus(int status) {
    held.endWith(status);
  }

  /** Returns whether the handler has called {@code sendError}: the container makes the body. */
  public boolean isSentError() {
    return held.isSentError();
  }

  /** Ends the handler's part: what it writes from here on fails. */
  void seal() {
    held.output().seal();
  }

  /**
   * Returns why the response failed for its size, or null if it did not; the handler may not know.
   */
  @Nullable OverflowException overflow() {
    return held.output().overflow();
  }

  /**
   * Returns why the trailers cannot be sent, or null if they can; call it before {@link #commitTo}.
   */
  @Nullable Throwable takeTrailers() {
    return held.takeTrailers();
  }

  /**
   * Returns the number of bytes of body that are held; a writer's count once it was flushed or
   * sealed.
   */
  long bodySize() {
    return held.output().size();
  }

  /**
   * Replaces a header for delivery, whatever the handler has set; works on a sealed response, too.
   */
  public void replaceHeader(String name, String value) {
    held.set(name, value);
  }

  /** Adds a header for delivery; works on a sealed response, too. */
  public void appendHeader(String name, String value) {
    held.add(name, value);
  }

  /**
   * Sends status, headers, cookies and body to {@code target}, by {@code sendError} where the
   * handler called that. Into an including page only the body goes.
   *
   * @param isLast whether nothing can follow: then the head says how long the body is. Otherwise it
   *     says so if the handler did, or if the container would send the head by now anyway
   * @throws IllegalStateException if it was delivered or discarded before, or {@code target} is
   *     committed
   * @throws IOException if the client is gone, or the temporary file cannot be read
   */
  public void commitTo(HttpServletResponse target, boolean isLast) throws IOException {
    refuseSecondDelivery();
    seal();
    if (isInclude) {
      held.writeBodyTo(target);
    } else if (target.isCommitted()) {
      throw new IllegalStateException(
          "the response was committed before the handler's was delivered");
    } else {
      held.writeTo(target, isHead, followsPage, isLast);
    }
    held.output().release();
  }

  /**
   * Returns a copy of the body that {@link #commitTo} is about to send; empty for a part of a page,
   * for the answer to a HEAD, and for a body of more than {@code maxBytes}.
   *
   * @throws IOException if the temporary file cannot be read
   */
  public Optional<byte[]> bodyCopy(long maxBytes) throws IOException {
    seal();
    if (isInclude || isHead || followsPage || bodySize() > maxBytes) {
      return Optional.empty();
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    held.output().copyTo(body);
    return Optional.of(body.toByteArray());
  }

  /**
   * Throws everything away, and a session that the handler began with it; the container has put the
   * cookie of such a session into the real response, whose head is made again from what outer
   * filters had set. So call this before you write an answer of your own. (Undertow keeps cookies
   * across a reset: there the client is told to forget a session that no longer exists.)
   */
  public void discard() throws IOException {
    refuseSecondDelivery();
    release();
    if (endNewSession.getAsBoolean() && !isInclude && !real.isCommitted()) {
      real.reset();
      held.writeOuterTo(real);
    }
  }

  /** Sends everything, and says how long the body is. */
  public void commitTo(HttpServletResponse target) throws IOException {
    commitTo(target, true);
  }

  /** Frees memory and file, whether or not the response was delivered. */
  void release() throws IOException {
    seal();
    held.output().release();
  }

  private synchronized void refuseSecondDelivery() {
    if (delivered) {
      throw new IllegalStateException("the held response was delivered or discarded before");
    }
    delivered = true;
  }
}
