// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.Objects;

/** The stream of a {@link HeldOutput}. Always ready: memory takes what the network would not. */
final class HeldOutputStream extends ServletOutputStream {
  private final HeldOutput output;

  HeldOutputStream(HeldOutput output) {
    this.output = output;
  }

  @Override
  public void write(int b) throws IOException {
    output.write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    output.write(bytes, offset, length);
  }

  @Override
  public void flush() {
    output.commit();
  }

  @Override
  public void close() {
    output.close();
  }

  @Override
  public boolean isReady() {
    return true;
  }

  @Override
  public void setWriteListener(WriteListener listener) {
    output.setWriteListener(Objects.requireNonNull(listener, "listener"));
  }
}
