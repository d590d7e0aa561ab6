// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.WriteListener;
import org.jspecify.annotations.Nullable;

/**
 * Tells a handler that writes without blocking that it can write: once, as there is no network
 * behind a held response that it could have to wait for.
 */
final class WriteNotice {
  private final Capture capture;
  private boolean inDispatch;
  private @Nullable WriteListener listener;

  WriteNotice(Capture capture) {
    this.capture = capture;
  }

  synchronized void dispatchBegins() {
    inDispatch = true;
  }

  synchronized void dispatchEnds() {
    inDispatch = false;
  }

  /** Takes the listener; within a dispatch it is called when that has ended. */
  void register(WriteListener newListener) {
    HeldAsyncContext started = capture.async();
    if (started == null) {
      throw new IllegalStateException("setWriteListener() without startAsync()");
    }
    synchronized (this) {
      if (listener != null) {
        throw new IllegalStateException("setWriteListener() was called before");
      }
      listener = newListener;
      if (inDispatch) {
        return;
      }
    }
    started.start(() -> callListener(started));
  }

  void callListener(HeldAsyncContext started) {
    WriteListener handlers;
    synchronized (this) {
      handlers = listener;
    }
    if (handlers == null || !started.claimWriteNotification()) {
      return;
    }
    try {
      handlers.onWritePossible();
    } catch (Throwable thrown) {
      capture.note(thrown);
      handlers.onError(thrown);
    }
  }
}
