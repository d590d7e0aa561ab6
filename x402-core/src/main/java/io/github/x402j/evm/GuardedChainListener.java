// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what a listener throws away from the payments, and from the log after the first time. */
final class GuardedChainListener implements ChainListener {
  private static final Logger log = LoggerFactory.getLogger(ChainListener.class);

  private final ChainListener listener;
  private final AtomicBoolean hasFailed = new AtomicBoolean();

  GuardedChainListener(ChainListener listener) {
    this.listener = listener;
  }

  @Override
  public Exchange asking(String method) {
    try {
      Exchange exchange = listener.asking(method);
      return outcome -> guarded(() -> exchange.ended(outcome));
    } catch (RuntimeException e) {
      failed(e);
      return Exchange.NONE;
    }
  }

  @Override
  public void mined(Chain.Receipt receipt, int payments) {
    guarded(() -> listener.mined(receipt, payments));
  }

  private void guarded(Runnable event) {
    try {
      event.run();
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private void failed(RuntimeException e) {
    if (hasFailed.compareAndSet(false, true)) {
      log.warn("a chain listener failed: {}", listener.getClass().getName(), e);
    } else {
      log.debug("a chain listener failed: {}", listener.getClass().getName(), e);
    }
  }
}
