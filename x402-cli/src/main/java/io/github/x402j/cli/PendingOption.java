// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PendingPayments;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** What becomes of payments whose outcome is not known. */
final class PendingOption {
  @Option(
      names = "--pending",
      paramLabel = "DIRECTORY",
      defaultValue = "${env:X402_PENDING:-${sys:user.home}/.x402/pending}",
      description = {
        "Where payments are kept while their outcome is not known.",
        "Default: $$X402_PENDING, or .x402/pending in your home."
      })
  Path directory = Path.of("");

  @Option(
      names = "--resend-within",
      paramLabel = "SECONDS",
      defaultValue = "90",
      description =
          "How long a payment is sent again while its outcome is not known. Default:"
              + " ${DEFAULT-VALUE}.")
  int seconds;

  PendingPayments payments() {
    return PendingPayments.in(directory);
  }

  /** Returns a client that keeps payments and sends them again as these options say. */
  PayingHttpClient.Builder client() {
    return PayingHttpClient.over(HttpClient.newHttpClient())
        .pending(payments())
        .resend(PayingHttpClient.RESEND_TIMES, Duration.ofSeconds(seconds));
  }
}
