// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;

/** The stream of a container that remembers whether a write has failed. */
final class WatchedStream extends ServletOutputStream {
  private final ServletOutputStream stream;
  private volatile boolean broken;

  WatchedStream(ServletOutputStream stream) {
    this.stream = stream;
  }

  boolean isOver(ServletOutputStream other) {
    return stream == other;
  }

  boolean isBroken() {
    return broken;
  }

  private interface Call {
    void run() throws IOException;
  }

  private void watch(Call call) throws IOException {
    boolean done = false;
    try {
      call.run();
      done = true;
    } finally {
      broken |= !done;
    }
  }

  @Override
  public void write(int b) throws IOException {
    watch(() -> stream.write(b));
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    watch(() -> stream.write(bytes, offset, length));
  }

  @Override
  public void flush() throws IOException {
    watch(stream::flush);
  }

  @Override
  public void close() throws IOException {
    watch(stream::close);
  }

  @Override
  public boolean isReady() {
    return stream.isReady();
  }

  @Override
  public void setWriteListener(WriteListener listener) {
    stream.setWriteListener(
        new WriteListener() {
          @Override
          public void onWritePossible() throws IOException {
            listener.onWritePossible();
          }

          @Override
          public void onError(Throwable failure) {
            broken = true;
            listener.onError(failure);
          }
        });
  }
}
