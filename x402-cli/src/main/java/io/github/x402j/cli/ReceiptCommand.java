// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Verifies receipts. */
@Command(
    name = "receipt",
    synopsisSubcommandLabel = "COMMAND",
    description = "Verifies receipts, and makes keys that sign them.")
final class ReceiptCommand {
  private final Terminal terminal;

  ReceiptCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      name = "verify",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = {
        "Verifies a receipt and prints it. Exits with 6 if it is rejected.",
        "Name an issuer that you trust; nothing in the token chooses a key."
      })
  int verify(
      @Parameters(
              paramLabel = "TOKEN",
              description =
                  "The receipt, a compact JWT; - reads it from standard input, which hides it from"
                      + " the list of processes.")
          String token,
      @Option(
              names = "--issuer",
              paramLabel = "ORIGIN",
              required = true,
              description = "The issuer, such as https://api.example.com.")
          String issuer,
      @Option(
              names = "--audience",
              paramLabel = "ORIGIN",
              description = "The audience. Default: the issuer.")
          @Nullable String audience,
      @Option(
              names = "--jwks-url",
              paramLabel = "URL",
              description = "The keys of the issuer. Default: /.well-known/jwks.json there.")
          @Nullable URI jwksUrl,
      @Option(
              names = "--algorithm",
              paramLabel = "ALG",
              defaultValue = "ES256",
              description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
          ReceiptAlgorithm algorithm,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws Exception {
    URI keys = jwksUrl == null ? URI.create(issuer + "/.well-known/jwks.json") : jwksUrl;
    TrustedIssuer trusted =
        TrustedIssuer.builder(issuer, audience == null ? issuer : audience, algorithm)
            .jwksUrl(keys)
            .maxLifetime(Duration.ofDays(366))
            .passes()
            .build();
    String text = token.equals("-") ? input() : token;
    try (Progress waiting = Progress.waitingFor(terminal, "the keys of " + issuer);
        ReceiptVerifier verifier = ReceiptVerifier.of(trusted)) {
      Verdict verdict = verifier.verify(text);
      if (verdict instanceof Verdict.Rejected rejected) {
        return refused(rejected.detail(), json);
      }
      Receipt receipt = ((Verdict.Genuine) verdict).receipt();
      if (json) {
        terminal.out().println(json(receipt));
      } else {
        print(terminal.out(), receipt);
      }
      return ExitCode.OK;
    } catch (MalformedPaymentException e) {
      return refused(String.valueOf(e.getMessage()), json);
    }
  }

  private int refused(String detail, boolean json) {
    terminal.err().println("x402: the receipt is rejected: " + detail);
    if (json) {
      ObjectNode refused = JsonNodeFactory.instance.objectNode().put("genuine", false);
      terminal.out().println(refused.put("detail", detail));
    }
    return ExitCode.NOT_VERIFIED;
  }

  @Command(
      name = "key",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = {
        "Prints a new private key that signs receipts, as a JWK.",
        "It is a secret: write it to a file that only the seller can read."
            + " SigningKey.fromJwkFile reads it."
      })
  int key(
      @Option(
              names = "--algorithm",
              paramLabel = "ALG",
              defaultValue = "ES256",
              description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
          ReceiptAlgorithm algorithm,
      @Option(
              names = "--kid",
              paramLabel = "NAME",
              description = "Its name in receipts and in the JWK set. Default: today's date.")
          @Nullable String kid) {
    String name = kid == null ? LocalDate.now(ZoneOffset.UTC).toString() : kid;
    terminal.out().println(SigningKey.generate(algorithm, name).toJwk());
    return ExitCode.OK;
  }

  private static String input() throws IOException {
    return new String(System.in.readNBytes(16 * 1024), StandardCharsets.US_ASCII).strip();
  }

  private static void print(PrintStream out, Receipt receipt) {
    out.println("genuine     signed by " + receipt.issuer());
    out.println("payer       " + receipt.payer());
    out.println("paid        " + receipt.amount() + " atomic units of " + receipt.asset());
    out.println("to          " + receipt.payTo());
    out.println("transaction " + receipt.transaction() + " on " + receipt.network());
    out.println(
        "for         "
            + Display.harmless(receipt.method())
            + " "
            + Display.harmless(receipt.route()));
    out.println("expires     " + receipt.expiresAt());
  }

  private static ObjectNode json(Receipt receipt) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("genuine", true)
        .put("issuer", receipt.issuer())
        .put("payer", receipt.payer().text())
        .put("amount", receipt.amount().toString())
        .put("asset", receipt.asset().text())
        .put("payTo", receipt.payTo().text())
        .put("transaction", receipt.transaction())
        .put("network", receipt.network().caip2())
        .put("method", receipt.method())
        .put("route", receipt.route())
        .put("expires", receipt.expiresAt().toString());
  }
}
