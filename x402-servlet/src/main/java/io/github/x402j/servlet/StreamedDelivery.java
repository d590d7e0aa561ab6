// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.AccessRequest;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldLimits;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets the handler of a payment that was settled first write straight to the client. */
final class StreamedDelivery implements Delivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  private final GatedRequest request;
  private final GatedResponse refusals;
  private final HttpServletResponse response;
  private final String path;
  private final Map<String, String> more;
  private final HeldLimits limits;
  private final AtomicBoolean ended = new AtomicBoolean();
  private PaidResponseHeaders headers = PaidResponseHeaders.NONE;
  private boolean begun;
  private @Nullable Throwable left;

  /** Whether {@link #fail} answers for the handler, and not the container. */
  private boolean isAnsweredHere;

  /**
   * @param refusals where answers of the filter go to
   * @param path within the webapp, decoded
   * @param more headers for the payer, besides the gate's
   * @param limits of what is refused while it runs, and of the handler's headers
   */
  StreamedDelivery(
      GatedRequest request,
      GatedResponse refusals,
      String path,
      Map<String, String> more,
      HeldLimits limits) {
    this.request = request;
    this.refusals = refusals;
    this.path = path;
    this.limits = limits;
    this.response = request.servletResponse();
    this.more = more;
  }

  @Override
  public boolean hasBegun() {
    return begun;
  }

  @Override
  public void rethrow() throws IOException, ServletException {
    GatedRequest.rethrow(left);
  }

  @Override
  public void refuse(Refusal refusal) throws IOException {
    begun = true;
    refusals.send(Answer.refusal(refusal));
  }

  @Override
  public AccessRequest.Details details() {
    return GrantedRequest.details(request.servletRequest());
  }

  @Override
  public void runGranted(Admission.Granted granted) throws IOException {
    begun = true;
    try {
      GrantedRequest.run(request, refusals, path, limits, granted);
    } catch (ServletException e) {
      left = e;
    }
  }

  @Override
  public void repeat(StoredAnswer answer) throws IOException {
    begun = true;
    refusals.send(Answer.again(answer));
  }

  @Override
  public void addHeaders(VerifiedPayment payment, Map<String, String> receipt) {
    begun = true;
    headers = PaidResponseHeaders.of(receipt, more);
    headers.addTo(response);
  }

  @Override
  public void run(VerifiedPayment payment, Ending<IOException> ending) throws IOException {
    new PaidRequest(payment).markStreamed(request.servletRequest(), () -> endAfterError(ending));
    StreamedResponse streamed = new StreamedResponse(response, headers, limits.maxHeaderBytes());
    StreamedRequest handlers =
        new StreamedRequest(request.servletRequest(), streamed, new End(streamed, ending));
    LastWrite.afterHandler(request.servletRequest(), response, ending);
    OpenDispatch open = request.open();
    if (open != null) {
      open.lead(handlers, streamed, failure -> returned(failure, handlers, streamed, ending));
      return;
    }
    Throwable failure = null;
    try {
      request.chain().doFilter(handlers, streamed);
    } catch (Throwable thrown) {
      failure = thrown;
    }
    left = returned(failure, handlers, streamed, ending);
  }

  /**
   * The dispatch of the handler has ended.
   *
   * @return what goes on to the container, null if nothing does
   */
  private @Nullable Throwable returned(
      @Nullable Throwable failure,
      StreamedRequest handlers,
      StreamedResponse streamed,
      Ending<IOException> ending)
      throws IOException {
    isAnsweredHere = failure != null && isAnswerable(handlers, failure);
    if (failure != null || !handlers.wentAsync) {
      end(failure != null || streamed.isBroken(), ending);
      if (!LastWrite.isNoticed(request.servletRequest())) {
        ending.arrived();
      }
    }
    return isAnsweredHere ? null : failure;
  }

  private void endAfterError(Ending<IOException> ending) {
    try {
      end(true, ending);
    } catch (IOException e) { // the handler's own exception is what the container is to hear of
      log.debug("the client of a paid request is gone", e);
    }
  }

  /** If the container answered for the handler, it would drop the headers of the payment. */
  private boolean isAnswerable(StreamedRequest handlers, Throwable failure) {
    if (response.isCommitted() || handlers.wentAsync) {
      return false;
    }
    log.error("a handler failed after its payment was settled; it may be fetched again", failure);
    return true;
  }

  /** Once: delivered for good, or to be fetched again with the same payment. */
  private void end(boolean failed, Ending<IOException> ending) throws IOException {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    boolean isError = response.getStatus() >= HttpServletResponse.SC_BAD_REQUEST;
    if (failed && !isError && response.isCommitted()) {
      ending.brokeOff();
    } else if (failed || isError) {
      ending.failed();
    } else {
      ending.completed();
    }
  }

  @Override
  public void fail(VerifiedPayment payment) throws IOException {
    if (isAnsweredHere) {
      Answer.paidError(headers, "handler_failed", "send the same payment again").to(response);
    }
  }

  @Override
  public Optional<StoredAnswer> copy(long maxBytes) {
    return Optional.empty();
  }

  @Override
  public void deliver(VerifiedPayment payment) {} // the handler wrote it to the client

  /** The end of asynchronous processing. */
  private final class End implements AsyncListener {
    private final StreamedResponse streamed;
    private final Ending<IOException> ending;

    End(StreamedResponse streamed, Ending<IOException> ending) {
      this.streamed = streamed;
      this.ending = ending;
    }

    @Override
    public void onComplete(AsyncEvent event) throws IOException {
      end(streamed.hasFailedToWrite(), ending);
      ending.arrived();
    }

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {
      end(true, ending);
    }

    @Override
    public void onError(AsyncEvent event) throws IOException {
      end(true, ending);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      event.getAsyncContext().addListener(this);
    }
  }

  /**
   * The request of a handler whose payment is settled: {@code startAsync()} keeps the {@link
   * StreamedResponse}, and is listened to from the start, so that no end of it is missed.
   */
  private static final class StreamedRequest extends HttpServletRequestWrapper {
    private final StreamedResponse response;
    private final AsyncListener end;

    /** The end of what has ever gone asynchronous comes by the listener. */
    private volatile boolean wentAsync;

    StreamedRequest(HttpServletRequest request, StreamedResponse response, AsyncListener end) {
      super(request);
      this.response = response;
      this.end = end;
    }

    @Override
    public AsyncContext startAsync() {
      return startAsync(this, response);
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
      AsyncContext started = super.startAsync(request, response);
      if (!wentAsync) { // from a later dispatch the listener itself goes along
        started.addListener(end);
      }
      wentAsync = true;
      return started;
    }
  }

  /** Notices what cannot be written. */
  private static final class StreamedResponse extends PrivateResponse {
    private @Nullable WatchedStream stream;
    private @Nullable PrintWriter writer;
    private final int mostHeaderBytes;
    private final Map<String, Integer> headerBytes = new HashMap<>();

    /**
     * @param paid the headers of the payment, which are on the response already
     * @param mostHeaderBytes what the handler's headers may need: a proxy in front would not take
     *     more, and the payment is settled
     */
    StreamedResponse(HttpServletResponse response, PaidResponseHeaders paid, int mostHeaderBytes) {
      super(response, paid);
      this.mostHeaderBytes = mostHeaderBytes;
    }

    @Override
    public void setHeader(String name, @Nullable String value) {
      if (takes(name, value == null ? "" : value, false)) {
        super.setHeader(name, value);
      }
    }

    @Override
    public void addHeader(String name, String value) {
      if (takes(name, value, true)) {
        super.addHeader(name, value);
      }
    }

    @Override
    public void addCookie(Cookie cookie) {
      String text = cookie.getName() + cookie.getValue() + cookie.getAttributes();
      if (takes("Set-Cookie", text, true)) {
        super.addCookie(cookie);
      }
    }

    /** Counts a header, and returns whether it is taken; one too many is left out. */
    private synchronized boolean takes(String name, String value, boolean isAdded) {
      String key = name.toLowerCase(Locale.ROOT);
      int before = headerBytes.getOrDefault(key, 0);
      int after = (isAdded ? before : 0) + name.length() + value.length() + 4;
      int all = headerBytes.values().stream().mapToInt(Integer::intValue).sum();
      if (after > before && all - before + after > mostHeaderBytes) {
        log.error(
            "header {} of a handler whose payment was settled first is left out: there is room for"
                + " {} bytes; raise headerLimit",
            name,
            mostHeaderBytes);
        return false;
      }
      headerBytes.put(key, after);
      return true;
    }

    /** Returns whether a write has failed, also if the handler has ignored that. */
    boolean isBroken() {
      PrintWriter print = writer;
      return hasFailedToWrite() || print != null && isCommitted() && print.checkError();
    }

    /** Returns the same without asking the writer: Jetty's calls a completed response an error. */
    boolean hasFailedToWrite() {
      WatchedStream used = stream;
      return used != null && used.isBroken();
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      ServletOutputStream real = super.getOutputStream();
      WatchedStream used = stream;
      if (used == null || !used.isOver(real)) {
        used = new WatchedStream(real);
        stream = used;
      }
      return used;
    }

    @Override
    public PrintWriter getWriter() throws IOException {
      PrintWriter print = super.getWriter();
      writer = print;
      return print;
    }

    @Override
    public void reset() {
      throw new IllegalStateException(
          "reset() would drop the receipt of a payment that was settled");
    }
  }
}
