// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Passes bytes on and counts HTTP requests. It reads none of them: whoever speaks after the other
 * side has spoken begins a request, as no request is sent before the answer to the last.
 */
final class CountingProxy implements AutoCloseable {
  private final ServerSocket listening;
  private final URI target;
  private final AtomicLong requests = new AtomicLong();

  private CountingProxy(ServerSocket listening, URI target) {
    this.listening = listening;
    this.target = target;
  }

  static CountingProxy to(URI target) throws IOException {
    ServerSocket listening = new ServerSocket(0, 200, InetAddress.getByName("127.0.0.1"));
    CountingProxy proxy = new CountingProxy(listening, target);
    start(proxy::accept);
    return proxy;
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + listening.getLocalPort());
  }

  long requests() {
    return requests.get();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = listening.accept();
      Socket server = new Socket(target.getHost(), target.getPort());
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      AtomicBoolean answered = new AtomicBoolean(true);
      start(
          () ->
              pass(
                  client,
                  server,
                  () -> {
                    if (answered.getAndSet(false)) {
                      requests.incrementAndGet();
                    }
                  }));
      start(() -> pass(server, client, () -> answered.set(true)));
    }
  }

  private static void pass(Socket from, Socket to, Runnable spoke) throws IOException {
    byte[] buffer = new byte[16_384];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        spoke.run();
        out.write(buffer, 0, read);
      }
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException closed) {
                // one side is gone
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
