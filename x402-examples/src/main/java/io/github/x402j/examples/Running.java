// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** A server in the foreground. */
final class Running {
  private Running() {}

  /** Something to wait for. */
  interface Wait {
    void await() throws InterruptedException;
  }

  static void untilStopped(Terminal terminal, String url, Wait server, AutoCloseable stopping)
      throws InterruptedException {
    untilStopped(terminal, url, false, server, stopping);
  }

  /**
   * Says that the server is ready, in JSON or for people, and waits until it has stopped. SIGTERM
   * and SIGINT stop it: no request is accepted any more, and those under way are finished.
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
