// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;

/**
 * The input of a captured handler. It is there to know when a {@link ReadListener} is being called:
 * Undertow does so on a network thread, which must not wait for a settlement.
 */
final class CapturedInputStream extends ServletInputStream {
  private final ServletInputStream stream;
  private final Capture capture;

  CapturedInputStream(ServletInputStream stream, Capture capture) {
    this.stream = stream;
    this.capture = capture;
  }

  boolean isOver(ServletInputStream other) {
    return stream == other;
  }

  @Override
  public int read() throws IOException {
    return stream.read();
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    return stream.read(bytes, offset, length);
  }

  @Override
  public long skip(long n) throws IOException {
    return stream.skip(n);
  }

  @Override
  public int available() throws IOException {
    return stream.available();
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }

  @Override
  public boolean isFinished() {
    return stream.isFinished();
  }

  @Override
  public boolean isReady() {
    return stream.isReady();
  }

  @Override
  public void setReadListener(ReadListener listener) {
    stream.setReadListener(new Listener(listener));
  }

  private interface Call {
    void run() throws IOException;
  }

  private final class Listener implements ReadListener {
    private final ReadListener handlers;

    Listener(ReadListener handlers) {
      this.handlers = handlers;
    }

    @Override
    public void onDataAvailable() throws IOException {
      call(handlers::onDataAvailable);
    }

    @Override
    public void onAllDataRead() throws IOException {
      call(handlers::onAllDataRead);
    }

    @Override
    public void onError(Throwable failure) {
      capture.note(failure);
      handlers.onError(failure);
    }

    private void call(Call callback) throws IOException {
      Thread outer = capture.enterReadCallback(Thread.currentThread());
      try {
        callback.run();
      } finally {
        capture.enterReadCallback(outer);
      }
    }
  }
}
