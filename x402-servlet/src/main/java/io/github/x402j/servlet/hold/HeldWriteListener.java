// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.WriteListener;
import org.jspecify.annotations.Nullable;

/**
 * Calls the write listener of a handler that writes without blocking, once: a held response can
 * always be written to, as there is no network behind it.
 */
final class HeldWriteListener {
  private final HeldRun run;
  private boolean inDispatch;
  private @Nullable WriteListener listener;

  HeldWriteListener(HeldRun run) {
    this.run = run;
  }

  synchronized void dispatchBegins() {
    inDispatch = true;
  }

  synchronized void dispatchEnds() {
    inDispatch = false;
  }

  /** Takes the listener; within a dispatch it is called when that has ended. */
  void register(WriteListener newListener) {
    HeldAsyncContext started = run.async();
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
      run.note(thrown);
      handlers.onError(thrown);
    }
  }
}
