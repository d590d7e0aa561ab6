// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.client.Payment;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the answer to a payment is printed: the options of {@code pay} and {@code resend}. */
final class AnswerOptions {
  /** The longest body that is kept in memory. */
  private static final int MAX_BODY = 16 * 1024 * 1024;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the body to this file.")
  @Nullable Path output;

  @Option(
      names = {"-s", "--silent"},
      description = "Print the body alone, and no progress.")
  boolean silent;

  @Option(
      names = {"-f", "--fail"},
      description = "Exit with 5 if the status is 400 or above.")
  boolean fail;

  @Option(names = "--json", description = "Print status, settlement and body as one JSON object.")
  boolean json;

  /** Returns the exit status for an answer that was printed. */
  int exitCode(HttpResponse<?> response) {
    return fail && response.statusCode() >= 400 ? ExitCode.ERROR_STATUS : ExitCode.OK;
  }

  /** Returns the body; nothing if it goes to a file, where it can be of any length. */
  byte[] body(HttpResponse<InputStream> response) throws IOException {
    try (InputStream body = response.body()) {
      Path file = output;
      if (file != null) {
        Files.copy(body, file, StandardCopyOption.REPLACE_EXISTING);
        return new byte[0];
      }
      byte[] bytes = body.readNBytes(MAX_BODY + 1);
      if (bytes.length > MAX_BODY) {
        throw new IOException("the body is longer than 16 MiB; --output takes any length");
      }
      return bytes;
    } catch (IOException e) {
      throw Payment.of(response)
          .map(payment -> new IOException(e.getMessage() + "; " + paid(payment), e))
          .orElse(e);
    }
  }

  void print(PrintStream out, HttpResponse<?> response, byte[] body, Optional<OnChainCheck> check)
      throws IOException {
    if (json) {
      out.write((json(response, body, check) + "\n").getBytes(UTF_8));
      return;
    }
    if (!silent) {
      out.println("status     " + response.statusCode());
      Payment.of(response).ifPresent(payment -> out.println(paid(payment)));
      page(response).ifPresent(page -> out.println("explorer   " + page));
      check.ifPresent(seen -> out.println("on chain   " + seen.text()));
    }
    if (output == null) {
      out.write(body);
      out.println();
    }
    out.flush();
  }

  private static Optional<URI> page(HttpResponse<?> response) {
    return Payment.of(response)
        .filter(Payment::settled)
        .flatMap(
            payment ->
                Display.page(response.uri(), payment.network(), payment.transaction().orElse("")));
  }

  private static String paid(Payment payment) {
    return (payment.settled() ? "paid       " : "signed     ")
        + payment.amount()
        + " atomic units to "
        + payment.payTo()
        + (payment.settled() ? ", settled in " : ", not settled ")
        + Display.harmless(payment.transaction().orElse(""));
  }

  private String json(HttpResponse<?> response, byte[] body, Optional<OnChainCheck> check) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("status", response.statusCode());
    Payment.of(response)
        .ifPresent(
            payment ->
                json.putObject("settlement")
                    .put("success", payment.settled())
                    .put("transaction", payment.transaction().orElse(""))
                    .put("network", payment.network().caip2())
                    .put("amount", payment.amount().toString())
                    .put("payer", payment.payer().text())
                    .put("payTo", payment.payTo().text()));
    page(response).ifPresent(page -> json.put("explorer", page.toString()));
    check.ifPresent(seen -> json.set("onChain", seen.json()));
    if (output != null) {
      return json.put("output", output.toString()).toString();
    }
    String text = new String(body, UTF_8);
    return text.indexOf('\uFFFD') < 0
        ? json.put("body", text).toString()
        : json.put("bodyBase64", Base64.getEncoder().encodeToString(body)).toString();
  }
}
