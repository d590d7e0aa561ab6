// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

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

/** Looks at receipts. */
@Command(
    name = "receipt",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Verifies a receipt against the keys of its issuer.",
      "Makes a key that signs receipts.",
      "Shows what a payment network's receipts buy, on a chain in the JVM."
    })
final class ReceiptCommand {
  private final Terminal terminal;

  ReceiptCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      name = "verify",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = {
        "Verifies a receipt and prints what it says. Exits with 6 if it does not hold.",
        "The issuer is one that you trust; nothing that the token says of itself chooses a key."
      })
  int verify(
      @Parameters(
              paramLabel = "TOKEN",
              description =
                  "The receipt, a compact JWT; - reads it from the input, so that no list of"
                      + " processes shows it.")
          String token,
      @Option(
              names = "--issuer",
              paramLabel = "ORIGIN",
              required = true,
              description = "Who has signed it, such as https://api.example.com.")
          String issuer,
      @Option(
              names = "--audience",
              paramLabel = "ORIGIN",
              description = "Whom it is for. Default: the issuer.")
          @Nullable String audience,
      @Option(
              names = "--jwks-url",
              paramLabel = "URL",
              description = "Its keys. Default: /.well-known/jwks.json of the issuer.")
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
    terminal.err().println("x402: the receipt does not hold: " + detail);
    if (json) {
      ObjectNode refused = JsonNodeFactory.instance.objectNode().put("genuine", false);
      terminal.out().println(refused.put("detail", detail));
    }
    return ExitCode.NOT_VERIFIED;
  }

  @Command(
      name = "key",
      mixinStandardHelpOptions = true,
      description = {
        "Prints a new private key that signs receipts, as a JWK. It is a secret: write it to a file"
            + " that only the seller can read.",
        "SigningKey.fromJwkFile reads it."
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

  @Command(
      name = "demo",
      description = {
        "Shows purchases that a payment network executes: from the 402 to the signed receipt, the"
            + " answer, and what a second showing of the receipt gets.",
        "Exits with 1 if a step or a balance is not as it should be."
      })
  int demo() throws Exception {
    ReceiptDemo.run(terminal.out());
    return ExitCode.OK;
  }

  private static String input() throws IOException {
    return new String(System.in.readNBytes(16 * 1024), StandardCharsets.US_ASCII).strip();
  }

  static void print(PrintStream out, Receipt receipt) {
    out.println("genuine     signed by " + receipt.issuer());
    out.println("payer       " + receipt.payer());
    out.println("paid        " + receipt.amount() + " atomic units of " + receipt.asset());
    out.println("to          " + receipt.payTo());
    out.println("transaction " + receipt.transaction() + " on " + receipt.network());
    out.println(
        "for         "
            + Terminal.harmless(receipt.method())
            + " "
            + Terminal.harmless(receipt.route()));
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
