// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The output side of a {@link HeldOutputResponse}: stream, writer, and what "committed" means while
 * nothing goes out. A handler's flush commits, as it would in a container, so that what the handler
 * tries afterwards fails in the same way.
 *
 * <p>The writer is never flushed under the lock of this object: a thread that prints holds the lock
 * of the writer and asks for this one.
 */
final class HeldOutput {
  private final HeldBody body;
  private final Consumer<WriteListener> writeListeners;
  private boolean committed;
  private boolean discarding;
  private boolean closed;
  private boolean sealed;
  private @Nullable ServletOutputStream stream;
  private @Nullable PrintWriter writer;
  private @Nullable OverflowException overflow;

  HeldOutput(HeldLimits limits, Consumer<WriteListener> writeListeners) {
    this.body = new HeldBody(limits);
    this.writeListeners = writeListeners;
  }

  synchronized ServletOutputStream stream() {
    if (writer != null) {
      throw new IllegalStateException("getWriter() has been called on this response");
    }
    if (stream == null) {
      stream = new Stream();
    }
    return stream;
  }

  /** Returns the writer; the charset of {@code contentType} is fixed from now on. */
  synchronized PrintWriter writer(HeldContentType contentType) throws IOException {
    if (stream != null) {
      throw new IllegalStateException("getOutputStream() has been called on this response");
    }
    if (writer == null) {
      // By name: an unknown charset has to be an UnsupportedEncodingException.
      OutputStreamWriter encoder =
          new OutputStreamWriter(new Stream(), contentType.charsetForWriter());
      contentType.fixCharset();
      writer = new PrintWriter(encoder);
    }
    return writer;
  }

  synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    if (sealed) {
      throw new IOException("the response is complete");
    }
    if (discarding || closed) {
      return;
    }
    if (overflow != null) {
      throw overflow;
    }
    try {
      body.write(bytes, offset, length);
    } catch (OverflowException tooMuch) {
      overflow = tooMuch;
      throw tooMuch;
    }
  }

  /** Fails the response for good, also if the handler ignores it. */
  synchronized void fail(OverflowException tooMuch) {
    if (overflow == null) {
      overflow = tooMuch;
    }
  }

  synchronized @Nullable OverflowException overflow() {
    return overflow;
  }

  synchronized boolean isCommitted() {
    return committed;
  }

  synchronized void commit() {
    committed = true;
  }

  /** Commits, after what is left in the writer. */
  void flush() {
    drainWriter();
    commit();
  }

  synchronized void close() {
    committed = true;
    closed = true;
  }

  /** Commits, and lets the handler write into the void, as after sendError in a container. */
  synchronized void commitAndDiscard() {
    committed = true;
    discarding = true;
  }

  /** Takes what is left in the writer; from here on the handler can change nothing. */
  void seal() {
    drainWriter();
    close();
    synchronized (this) {
      sealed = true;
    }
  }

  /** Forgets the content, also what the encoder of the writer holds back. */
  void clear() throws IOException {
    drainWriter();
    body.clear();
  }

  /** Lets the handler choose again between stream and writer. */
  synchronized void forgetWriter() {
    stream = null;
    writer = null;
  }

  private void drainWriter() {
    PrintWriter open;
    boolean wasCommitted;
    synchronized (this) {
      open = writer;
      wasCommitted = committed;
    }
    if (open == null) {
      return;
    }
    open.flush();
    synchronized (this) {
      committed = wasCommitted;
    }
  }

  long size() {
    return body.size();
  }

  /** Copies the bytes that are held. */
  void copyTo(OutputStream out) throws IOException {
    body.writeTo(out);
  }

  void writeTo(HttpServletResponse target, String charset) throws IOException {
    if (body.size() == 0) {
      return;
    }
    ServletOutputStream out;
    try {
      out = target.getOutputStream();
    } catch (IllegalStateException writerInUse) {
      // The page that includes a paid resource writes text.
      body.writeTo(target.getWriter(), Charset.forName(charset));
      return;
    }
    body.writeTo(out);
  }

  void release() throws IOException {
    body.release();
  }

  /** Always ready: memory takes what the network would not. */
  private final class Stream extends ServletOutputStream {
    @Override
    public void write(int b) throws IOException {
      HeldOutput.this.write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, bytes.length);
      HeldOutput.this.write(bytes, offset, length);
    }

    @Override
    public void flush() {
      commit();
    }

    @Override
    public void close() {
      HeldOutput.this.close();
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      writeListeners.accept(Objects.requireNonNull(listener, "listener"));
    }
  }
}
