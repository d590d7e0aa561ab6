// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handler can tell from a response that is held back, by the servlet specification. */
class HeldResponseTest {
  /** As a filter without further settings has them. */
  private static final HeldLimits LIMITS = HeldLimits.inMemory(HeldLimits.DEFAULT_MAX_BYTES);

  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final HttpServletRequest request = mock(HttpServletRequest.class);
  private final HttpServletResponse real = mock(HttpServletResponse.class);
  private HeldResponse response;

  @BeforeEach
  void start() throws IOException {
    when(request.getMethod()).thenReturn("GET");
    when(request.getProtocol()).thenReturn("HTTP/1.1");
    when(real.getStatus()).thenReturn(200);
    when(real.getCharacterEncoding()).thenReturn("ISO-8859-1");
    when(real.getHeaderNames()).thenReturn(List.of("X-Outer"));
    when(real.getHeaders("X-Outer")).thenReturn(List.of("outer"));
    when(real.getOutputStream()).thenReturn(new Sink(sent));
    response = held(LIMITS);
  }

  private HeldResponse held(HeldLimits limits) {
    return HeldResponse.over(request, real, limits, listener -> {}, () -> false);
  }

  private static final class Sink extends ServletOutputStream {
    private final ByteArrayOutputStream out;

    Sink(ByteArrayOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) {
      out.write(b);
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {}
  }

  @Test
  void touchesNothingOfTheRealResponseUntilItIsDelivered() throws IOException {
    response.setStatus(201);
    response.setHeader("A", "b");
    response.addCookie(new Cookie("c", "d"));
    response.setContentType("text/plain");
    response.setBufferSize(100_000);
    response.getWriter().write("x");
    response.flushBuffer();

    verify(real, never()).setStatus(anyInt());
    verify(real, never()).setHeader(any(), any());
    verify(real, never()).addCookie(any());
    verify(real, never()).setContentType(any());
    verify(real, never()).setBufferSize(anyInt());
    verify(real, never()).getOutputStream();
    verify(real, never()).getWriter();
    verify(real, never()).flushBuffer();
  }

  @Test
  void deliversOnce() throws IOException {
    response.setStatus(201);
    response.getWriter().write("x");
    response.commitTo(real);

    verify(real).setStatus(201);
    verify(real).setContentLengthLong(1);
    assertThat(sent.toString(UTF_8)).isEqualTo("x");
    assertThatThrownBy(() -> response.commitTo(real)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(response::discard).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesToWriteToACommittedResponse() throws IOException {
    when(real.isCommitted()).thenReturn(true);
    assertThatThrownBy(() -> response.commitTo(real)).isInstanceOf(IllegalStateException.class);
    assertThat(sent.size()).isZero();
  }

  @Test
  void cannotBeWrittenToAfterItWasSealed() throws IOException {
    ServletOutputStream out = response.getOutputStream();
    response.seal();

    assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class);
    response.setStatus(500);
    response.setHeader("Late", "x");
    assertThat(response.getStatus()).isEqualTo(200);
    assertThat(response.getHeader("Late")).isNull();
  }

  @Test
  void isCommittedByFlushAndThenForbidsWhatAContainerForbids() throws IOException {
    assertThat(response.isCommitted()).isFalse();
    response.getOutputStream().write(new byte[100_000]);
    assertThat(response.isCommitted()).isFalse();
    response.getOutputStream().flush();
    assertThat(response.isCommitted()).isTrue();

    assertThatThrownBy(() -> response.sendError(500)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> response.sendRedirect("/x")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(response::reset).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(response::resetBuffer).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> response.setBufferSize(1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> response.setTrailerFields(Map::of))
        .isInstanceOf(IllegalStateException.class);
    response.setStatus(404);
    response.setContentType("text/html");
    response.setContentLength(7);
    assertThat(response.getStatus()).isEqualTo(200);
    assertThat(response.getContentType()).isNull();
    assertThat(response.containsHeader("Content-Length")).isFalse();
  }

  @Test
  void writesIntoTheVoidAfterAnErrorOrARedirect() throws IOException {
    response.getWriter().write("before");
    response.sendError(403, "no");
    response.getWriter().write("after");

    assertThat(response.isCommitted()).isTrue();
    response.commitTo(real);
    verify(real).sendError(403, "no"); // the page is the container's
    assertThat(sent.size()).isZero();
  }

  @Test
  void resetsContentAndWhatTheHandlerHasSet() throws IOException {
    response.setStatus(500);
    response.setHeader("A", "b");
    response.setHeader("X-Outer", "mine");
    response.addCookie(new Cookie("c", "d"));
    response.setContentType("text/html; charset=UTF-8");
    response.getWriter().write("gone");
    response.reset();
    response.getOutputStream().write('k');

    assertThat(response.getStatus()).isEqualTo(200);
    assertThat(response.getHeaderNames()).containsExactly("X-Outer");
    assertThat(response.getHeader("X-Outer")).isEqualTo("outer");
    assertThat(response.getContentType()).isNull();
    response.commitTo(real);
    assertThat(sent.toString(UTF_8)).isEqualTo("k");
    verify(real, never()).addCookie(any());
  }

  @Test
  void resetBufferKeepsHeadersAndDropsWhatTheEncoderHolds() throws IOException {
    response.setHeader("A", "b");
    response.getWriter().write("gone");
    response.resetBuffer();
    response.getWriter().write("kept");
    response.commitTo(real);

    assertThat(sent.toString(UTF_8)).isEqualTo("kept");
    verify(real).setHeader("A", "b");
  }

  @Test
  void lendsEitherStreamOrWriter() throws IOException {
    response.getWriter();
    assertThatThrownBy(response::getOutputStream).isInstanceOf(IllegalStateException.class);
    HeldResponse other = held(LIMITS);
    other.getOutputStream();
    assertThatThrownBy(other::getWriter).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void encodesByTheCharsetThatWasSetBeforeGetWriter() throws IOException {
    response.setCharacterEncoding("UTF-16BE");
    response.setContentType("text/plain; charset=\"UTF-8\"");
    response.getWriter().write("\u00e9");
    response.setCharacterEncoding("ISO-8859-1");
    response.setContentType("text/html;charset=ISO-8859-1");

    assertThat(response.getCharacterEncoding()).isEqualTo("UTF-8");
    assertThat(response.getContentType()).isEqualTo("text/html;charset=UTF-8");
    response.commitTo(real);
    assertThat(sent.toByteArray()).isEqualTo("\u00e9".getBytes(UTF_8));
    verify(real).setContentType("text/html;charset=UTF-8");
  }

  @Test
  void fallsBackToTheDefaultCharsetAndDeclaresIt() throws IOException {
    response.setContentType("text/plain");
    response.getWriter().write("\u00e9");
    response.commitTo(real);

    assertThat(sent.toByteArray()).isEqualTo("\u00e9".getBytes(ISO_8859_1));
    verify(real).setContentType("text/plain;charset=ISO-8859-1");
  }

  @Test
  void writesJsonInUtf8() throws IOException {
    response.setContentType("application/problem+json");
    response.getWriter().write("\u20ac");
    response.commitTo(real);

    assertThat(sent.toString(UTF_8)).isEqualTo("\u20ac");
  }

  @Test
  void refusesAnUnknownCharsetWhenTheWriterIsAskedFor() {
    response.setCharacterEncoding("no-such-charset");
    assertThatThrownBy(response::getWriter).isInstanceOf(UnsupportedEncodingException.class);
  }

  @Test
  void keepsSurrogatePairsThatAreWrittenInTwoParts() throws IOException {
    response.setContentType("text/plain;charset=UTF-8");
    String face = "\ud83d\ude00";
    response.getWriter().write(face.charAt(0));
    response.getWriter().write(face.charAt(1));
    response.commitTo(real);
    assertThat(sent.toString(UTF_8)).isEqualTo(face);
  }

  @Test
  void answersQuestionsFromWhatIsHeldOverWhatOuterFiltersSet() {
    response.addHeader("X-Outer", "inner");
    assertThat(response.getHeaders("x-outer")).containsExactly("outer", "inner");
    response.setHeader("X-OUTER", "only");
    assertThat(response.getHeaders("x-outer")).containsExactly("only");
    response.setIntHeader("N", 1);
    response.addIntHeader("n", 2);
    assertThat(response.getHeaders("N")).containsExactly("1", "2");
    response.setHeader("Content-Length", "5");
    response.setHeader("content-type", "a/b");
    response.setLocale(Locale.CANADA_FRENCH);
    assertThat(response.getContentType()).isEqualTo("a/b");
    assertThat(response.getHeader("Content-Language")).isEqualTo("fr-CA");
    assertThat(response.getHeaderNames())
        .contains("N", "X-OUTER", "Content-Length", "Content-Type", "Content-Language");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PAYMENT-RESPONSE",
        "x-payment-response",
        "Payment-Required",
        "X-PAYMENT",
        "X-Payment-Receipt",
        "Transfer-Encoding"
      })
  void dropsHeadersThatAreNotTheHandlers(String name) {
    response.setHeader(name, "x");
    response.addHeader(name, "x");
    response.setIntHeader(name, 1);
    response.addDateHeader(name, 1);
    assertThat(response.containsHeader(name)).isFalse();
    response.replaceHeader(name, "ours");
    assertThat(response.getHeader(name)).isEqualTo("ours");
  }

  @Test
  void refusesAtOnceWhatAContainerWouldRefuseAfterSettlement() {
    assertThatThrownBy(() -> response.setHeader("A", "b\r\nC: d"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> response.setHeader("A B", "c"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> response.addCookie(new Cookie("a", "b c")))
        .isInstanceOf(IllegalArgumentException.class);
    Cookie dotted = new Cookie("a", "b");
    dotted.setDomain(".example.com");
    assertThatThrownBy(() -> response.addCookie(dotted))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> response.setStatus(101)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void keepsACopyOfACookie() throws IOException {
    Cookie cookie = new Cookie("a", "before");
    response.addCookie(cookie);
    cookie.setValue("after");
    HttpServletResponse target = mock(HttpServletResponse.class);
    response.commitTo(target);
    var captor = org.mockito.ArgumentCaptor.forClass(Cookie.class);
    verify(target).addCookie(captor.capture());
    assertThat(captor.getValue().getValue()).isEqualTo("before");
  }

  @Test
  void takesExactlyAsMuchAsItsLimitAndFailsForGoodAfterwards() throws IOException {
    HeldResponse small = held(new HeldLimits(10, 10, 100));
    small.getOutputStream().write(new byte[10]);
    assertThat(small.overflow()).isNull();
    assertThatThrownBy(() -> small.getOutputStream().write(1))
        .isInstanceOf(OverflowException.class);
    small.reset();
    assertThat(small.overflow()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1023, 1024, 1025, 3072, 100_000, 1_000_000})
  void deliversWhatWentThroughATemporaryFile(int memoryBytes) throws IOException {
    HeldResponse spilling = held(new HeldLimits(2_000_000, memoryBytes, 100));
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    spilling.getOutputStream().print("thrown away");
    spilling.resetBuffer();
    for (int i = 0; i < 3_000; i++) {
      byte[] some = Integer.toString(i).repeat(i % 60).getBytes(UTF_8);
      expected.write(some);
      spilling.getOutputStream().write(some);
    }
    spilling.commitTo(real);
    assertThat(sent.toByteArray()).isEqualTo(expected.toByteArray());
    verify(real).setContentLengthLong(expected.size());
  }

  @Test
  void unwrapsToSomethingThatHoldsTooAndCannotBeReplaced() throws IOException {
    HttpServletResponse inner = (HttpServletResponse) response.getResponse();
    inner.setHeader("A", "b");
    inner.getOutputStream().write('x');

    assertThat(inner).isNotSameAs(real);
    assertThat(response.getHeader("A")).isEqualTo("b");
    verify(real, never()).getOutputStream();
    assertThatThrownBy(() -> response.setResponse(real))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> response.setResponse(new HttpServletResponseWrapper(real)))
        .isInstanceOf(IllegalArgumentException.class);
    response.setResponse(new HttpServletResponseWrapper(inner));
  }

  @Test
  void includesTextIntoAPageThatHasTakenItsWriter() throws IOException {
    when(request.getDispatcherType()).thenReturn(DispatcherType.INCLUDE);
    StringWriter page = new StringWriter();
    when(real.getOutputStream()).thenThrow(new IllegalStateException());
    when(real.getWriter()).thenReturn(new PrintWriter(page));
    HeldResponse included = held(LIMITS);
    included.setContentType("text/plain;charset=UTF-8");
    included.getWriter().write("\u20ac");
    included.commitTo(real);

    assertThat(page.toString()).isEqualTo("\u20ac");
    verify(real, never()).setStatus(anyInt());
    verify(real, never()).setContentLengthLong(org.mockito.ArgumentMatchers.anyLong());
  }

  @Test
  void doesNotDeadlockWhenOneThreadPrintsWhileAnotherSeals() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          for (int i = 0; i < 10; i++) {
            HeldResponse contended = held(LIMITS);
            PrintWriter writer = contended.getWriter();
            // One call that holds the lock of the writer, and asks for that of the output 600
            // times.
            Thread printing = new Thread(() -> writer.print("x".repeat(5_000_000)));
            printing.start();
            while (contended.bodySize() == 0) {
              Thread.onSpinWait();
            }
            contended.seal();
            printing.join();
          }
        });
  }

  @Test
  void usesTheCharsetThatOuterFiltersChose() throws IOException {
    when(real.getCharacterEncoding()).thenReturn("UTF-8");
    HeldResponse inherited = held(LIMITS);
    inherited.setContentType("text/plain");
    inherited.getWriter().write("\u20ac");
    inherited.commitTo(real);
    assertThat(sent.toString(Charset.forName("UTF-8"))).isEqualTo("\u20ac");
  }

  /** Each way to lengthen the head is held against its limit: "A: " and a line end are 4 bytes. */
  @Test
  void takesAHeadUpToItsLimitAndFailsOneByteBeyond() {
    HeldLimits limits = new HeldLimits(1024, 1024, 100);
    List<BiConsumer<HeldResponse, String>> ways =
        List.of(
            (to, value) -> to.setHeader("A", value),
            (to, value) -> to.addHeader("A", value),
            (to, value) -> to.addCookie(new Cookie("c", value)));
    for (BiConsumer<HeldResponse, String> way : ways) {
      int longest = 0;
      for (int length = 1; length <= 200; length++) {
        HeldResponse fresh = held(limits);
        way.accept(fresh, "x".repeat(length));
        if (deliversFully(fresh)) {
          longest = length;
        }
      }
      assertThat(longest).isBetween(80, 95);
    }
    HeldResponse exact = held(limits);
    exact.setHeader("A", "x".repeat(95));
    assertThat(deliversFully(exact)).isTrue();
  }

  private static boolean deliversFully(HeldResponse response) {
    try {
      response.getOutputStream().write(1);
      return true;
    } catch (IOException overflow) {
      return false;
    }
  }
}
