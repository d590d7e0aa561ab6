// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** Keeps a server in the foreground. */
final class Foreground {
  private Foreground() {}

  /** Waits for a server. */
  interface Wait {
    void await() throws InterruptedException;
  }

  static void untilStopped(Terminal terminal, String url, Wait server, AutoCloseable stopping)
      throws InterruptedException {
    untilStopped(terminal, url, false, server, stopping);
  }

  /**
   * Prints that the server is ready, in JSON or as text, and waits until it has stopped. SIGTERM
   * and SIGINT stop it: it accepts no more requests, and finishes those that it has.
   */
  static void untilStopped(
      Terminal terminal, String url, boolean json, Wait server, AutoCloseable stopping)
      throws InterruptedException {
    Thread stop =
        new Thread(
            () -> {
              try {
                stopping.close();
              } catch (Exception e) {
                terminal.err().println("x402: stopping: " + e);
              }
            });
    Runtime.getRuntime().addShutdownHook(stop);
    terminal
        .out()
        .println(json ? JsonNodeFactory.instance.objectNode().put("ready", url) : "READY " + url);
    terminal.out().flush();
    server.await();
  }
}
