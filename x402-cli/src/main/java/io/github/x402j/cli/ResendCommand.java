// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PendingPayment;
import io.github.x402j.client.PendingPayments;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.SpendJournal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finishes payments whose outcome is not known. */
@Command(
    name = "resend",
    description = {
      "Sends a payment again whose outcome is not known.",
      "Without a NONCE it lists them. It never makes another payment and needs no key."
    })
final class ResendCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      arity = "0..1",
      paramLabel = "NONCE",
      description = "The nonce of the payment, or its beginning.")
  @Nullable String nonce;

  @Mixin final PendingOption pending = new PendingOption();
  @Mixin final AnswerOptions answer = new AnswerOptions();

  @Option(
      names = "--journal",
      paramLabel = "FILE",
      defaultValue = "${env:X402_JOURNAL}",
      description = "The file with the wallets, for a payment of one. Default: $$X402_JOURNAL.")
  @Nullable Path journal;

  @Option(
      names = {"-m", "--max-time"},
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "How long the body can take. Default: ${DEFAULT-VALUE}.")
  int seconds;

  @Option(
      names = "--forget",
      description = "Remove the payment and do not send it; its amount stays reserved.")
  boolean forget;

  ResendCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    PendingPayments payments = pending.payments();
    if (nonce == null) {
      print(payments.all());
      return ExitCode.OK;
    }
    PendingPayment found = find(payments.all(), nonce);
    if (forget) {
      payments.forget(found.payment().nonce());
      return ExitCode.OK;
    }
    if (found.agent().equals(AgentWallet.CLIENT)) {
      return resend(AgentWallet.withoutKey(found.payment().payer()), found);
    }
    Path file = journal;
    if (file == null) {
      throw new IllegalArgumentException(
          "--journal: needed, as the wallet of " + found.agent() + " paid");
    }
    try (SpendJournal book = SpendJournal.file(file)) {
      return resend(AgentWallet.openWithoutKey(found.agent(), book), found);
    }
  }

  private static PendingPayment find(List<PendingPayment> all, String beginning) {
    List<PendingPayment> found =
        all.stream().filter(each -> each.payment().nonce().startsWith(beginning)).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "NONCE: expected that of one pending payment, found "
              + found.size()
              + " of them; x402 resend lists them");
    }
    return found.get(0);
  }

  private int resend(AgentWallet wallet, PendingPayment found)
      throws IOException, InterruptedException {
    PayingHttpClient client =
        pending.client().wallet(wallet).token(found.payment().token()).build();
    HttpResponse<InputStream> response;
    try (Progress waiting =
        Progress.waitingFor(terminal, "an answer of " + found.request().uri().getHost())) {
      response = client.resend(found, TimedBody.within(Duration.ofSeconds(seconds)));
    }
    answer.print(terminal.out(), response, answer.body(response), Optional.empty());
    return answer.exitCode(response);
  }

  private void print(List<PendingPayment> all) {
    PrintStream out = terminal.out();
    if (answer.json) {
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      all.forEach(each -> list.add(json(each)));
      out.println(list);
      return;
    }
    out.printf("%-66s %10s %-20s %s%n", "nonce", "price", "valid before", "request");
    for (PendingPayment each : all) {
      Payment payment = each.payment();
      out.printf(
          "%-66s %10s %-20s %s %s%n",
          payment.nonce(),
          payment.offer().price(),
          payment.validBefore(),
          each.request().method(),
          shown(each.request().uri()));
    }
  }

  /** Returns the URL without its query, which may hold secrets. */
  private static String shown(URI url) {
    return Display.harmless(url.getScheme() + "://" + url.getRawAuthority() + url.getRawPath());
  }

  private static ObjectNode json(PendingPayment each) {
    Payment payment = each.payment();
    return JsonNodeFactory.instance
        .objectNode()
        .put("nonce", payment.nonce())
        .put("agent", each.agent())
        .put("price", payment.offer().price().toString())
        .put("network", payment.network().caip2())
        .put("payer", payment.payer().text())
        .put("payTo", payment.payTo().text())
        .put("validBefore", payment.validBefore().toString())
        .put("keptAt", each.keptAt().toString())
        .put("method", each.request().method())
        .put("url", shown(each.request().uri()));
  }
}
