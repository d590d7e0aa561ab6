// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.testing.contract.SpendJournalContract;
import io.github.x402j.testing.contract.SpendJournalContract.Spender;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another process that pays one atomic unit after the other until it is declined, or killed. */
final class SpendingProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;

  private SpendingProcess(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static SpendingProcess on(Path journal, String agent) throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new SpendingProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                SpendingProcess.class.getName(),
                journal.toString(),
                agent)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Returns the nonces of as many payments as were asked for. */
  List<String> payments(int count) throws IOException {
    List<String> nonces = new ArrayList<>();
    while (nonces.size() < count) {
      nonces.add(line());
    }
    return nonces;
  }

  /** Returns the nonces of all that is paid from now on, and the rule that declined more last. */
  List<String> rest() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      lines.add(line);
    }
    return lines;
  }

  private String line() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new IOException("the process has ended");
    }
    return line;
  }

  /** Ends the process as {@code kill -9} does, and returns its exit status. */
  int kill() throws InterruptedException {
    process.toHandle().destroyForcibly(); // that of the process closes its output, too
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  public static void main(String[] args) throws IOException {
    SpendJournal journal = SpendJournal.file(Path.of(args[0]));
    AgentWallet wallet =
        AgentWallet.open(args[1], new SpendJournalContract.CountingSigner(), journal);
    Spender spender = new Spender(wallet);
    while (true) {
      try {
        System.out.println(spender.pay(1).nonce());
      } catch (PaymentDeclinedException e) {
        System.out.println(e.rule());
        return;
      }
    }
  }
}
