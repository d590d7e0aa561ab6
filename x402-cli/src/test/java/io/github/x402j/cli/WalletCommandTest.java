// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wallets, what they spent, and receipts, from the command line. */
class WalletCommandTest {
  private static SampleShop shop;

  @TempDir Path files;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  /** The journal and the key come by the environment, as a script would have it. */
  private Invocation x402(String... args) {
    if (args.length > 2 && args[1].equals("new")) {
      args =
          Stream.concat(Stream.of(args), Stream.of("--key-env", "X402_KEY")).toArray(String[]::new);
    }
    return Invocation.of(
        Map.of("X402_KEY", shop.payer.privateKey()),
        with("--journal", args).toArray(String[]::new));
  }

  private List<String> with(String option, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.add(option);
    all.add(files.resolve("journal").toString());
    return all;
  }

  private Invocation pay(String agent) {
    return x402(
        "pay",
        shop.url("/premium"),
        "--rpc-url",
        shop.chain.rpcUrl().toString(),
        "--token",
        shop.usdc.address(),
        "--agent",
        agent);
  }

  @Test
  void paysWithinTheWalletsLimitAndNotBeyond() throws Exception {
    Invocation made =
        x402(
            "wallet",
            "new",
            "bot-1",
            "--limit",
            "$0.015",
            "--per",
            "DAY",
            "--domains",
            "127.0.0.1");
    assertThat(made.err()).isEmpty();
    assertThat(made.status()).isZero();
    assertThat(made.out()).contains("bot-1", shop.payer.address(), "$0.015", "per DAY");

    Invocation first = pay("bot-1");
    assertThat(first.err()).isEmpty();
    assertThat(first.out()).startsWith("status     200").contains("settled in 0x");
    Invocation second = pay("bot-1");
    assertThat(second.status()).isEqualTo(ExitCode.DECLINED);
    assertThat(second.err()).contains("$0.015");

    JsonNode wallet = x402("wallet", "show", "bot-1", "--json").json().get(0);
    assertThat(wallet.path("spent").textValue()).isEqualTo("$0.01");
    assertThat(wallet.path("domains").get(0).textValue()).isEqualTo("127.0.0.1");
    JsonNode spent = x402("spend", "--json").json().get(0);
    assertThat(spent.path("agent").textValue()).isEqualTo("bot-1");
    assertThat(spent.path("spent").textValue()).isEqualTo("$0.01");
    assertThat(spent.path("payments").intValue()).isEqualTo(1);
    assertThat(x402("spend").out()).contains("bot-1", "127.0.0.1", "$0.01");
    assertThat(x402("journal", "export").out()).contains("SETTLED", "REFUSED");
    assertThat(x402("spend", "--csv").out()).contains("SETTLED").doesNotContain("REFUSED");
    assertThat(x402("spend", "--jsonl").out())
        .contains("SETTLED")
        .doesNotContain(shop.payer.privateKey().substring(2));
  }

  @Test
  void aRevokedWalletPaysNothing() {
    assertThat(x402("wallet", "new", "bot-2", "--limit", "$1", "--domains", "127.0.0.1").status())
        .isZero();
    Invocation revoked = x402("wallet", "revoke", "bot-2", "--reason", "lost laptop");
    assertThat(revoked.out()).contains("revoked: lost laptop");
    Invocation refused = pay("bot-2");
    assertThat(refused.status()).isEqualTo(ExitCode.DECLINED);
    assertThat(refused.err()).contains("revoked");
    assertThat(x402("wallet", "show").out()).contains("bot-2", "lost laptop");
  }

  @Test
  void aRevokedWalletPaysAgainOnceItIsReinstated() {
    x402("wallet", "new", "bot-4", "--limit", "$1", "--domains", "127.0.0.1");
    x402("wallet", "revoke", "bot-4");
    assertThat(pay("bot-4").status()).isNotZero();
    Invocation reinstated = x402("wallet", "reinstate", "bot-4", "--reason", "laptop found");
    assertThat(reinstated.out()).contains("pays, per EVER").doesNotContain("revoked");
    assertThat(pay("bot-4").status()).isZero();
  }

  @Test
  void aWalletWithALimitPerPeriodIsNotRevokedByIt() throws Exception {
    x402("wallet", "new", "bot-5", "--limit", "$0.01", "--per", "MONTH", "--domains", "127.0.0.1");
    assertThat(pay("bot-5").status()).isZero();
    assertThat(pay("bot-5").status()).isNotZero();
    assertThat(x402("wallet", "show", "bot-5").out()).contains("pays, per MONTH");
  }

  @Test
  void tellsProgramsOfAWalletThatIsMadeOrRevoked() throws Exception {
    JsonNode made =
        x402("wallet", "new", "bot-3", "--limit", "$1", "--domains", "a.example", "--json").json();
    assertThat(made.path("agent").textValue()).isEqualTo("bot-3");
    assertThat(made.path("address").textValue()).isEqualTo(shop.payer.address());
    assertThat(made.path("limit").textValue()).isEqualTo("$1");
    assertThat(made.path("revoked").booleanValue()).isFalse();
    JsonNode revoked = x402("wallet", "revoke", "bot-3", "--reason", "done", "--json").json();
    assertThat(revoked.path("revoked").booleanValue()).isTrue();
    assertThat(revoked.path("revokedFor").textValue()).isEqualTo("done");
    assertThat(revoked.path("remaining").textValue()).isEqualTo("$0");
  }

  @Test
  void tellsProgramsWhatIsWrongToo() throws Exception {
    failsInJson("usage", "--limit", x402("wallet", "new", "bot-4", "--json"));
    failsInJson(
        "usage", "price", x402("wallet", "new", "b", "--limit", "1", "--domains", "a", "--json"));
    failsInJson("usage", "nobody", x402("wallet", "show", "nobody", "--json"));
    failsInJson("usage", "nobody", x402("wallet", "revoke", "nobody", "--json"));
    failsInJson("usage", "--journal", Invocation.of(Map.of(), "spend", "--json"));
    failsInJson("usage", "URL", Invocation.of(Map.of(), "pay", "--json"));
    failsInJson("usage", "--issuer", Invocation.of(Map.of(), "receipt", "verify", "x", "--json"));
    failsInJson(
        "failed", "connect", Invocation.of(Map.of(), "inspect", "http://127.0.0.1:1/", "--json"));
    Invocation damaged =
        Invocation.of(Map.of(), "spend", "--json", "--journal", files.toString()); // a directory
    assertThat(damaged.status()).isEqualTo(ExitCode.FAILED);
    assertThat(damaged.json().path("error").path("code").textValue()).isEqualTo("failed");
  }

  private static void failsInJson(String code, String named, Invocation failed) throws Exception {
    assertThat(failed.status()).isEqualTo(code.equals("usage") ? ExitCode.USAGE : ExitCode.FAILED);
    assertThat(failed.json().path("error").path("code").textValue()).isEqualTo(code);
    assertThat(failed.json().path("error").path("message").textValue()).containsIgnoringCase(named);
    assertThat(failed.err()).startsWith("x402: ");
  }

  @Test
  void saysWhatIsMissing() {
    assertThat(x402("wallet", "show", "nobody").status()).isEqualTo(ExitCode.USAGE);
    assertThat(pay("nobody").status()).isNotZero();
    Invocation unlimited = Invocation.of(Map.of(), "pay", shop.url("/premium"));
    assertThat(unlimited.status()).isEqualTo(ExitCode.USAGE);
    assertThat(unlimited.err()).contains("--max");
  }

  @Test
  void verifiesAReceiptAgainstTheKeysOfItsIssuer() throws Exception {
    String header =
        Invocation.of(
                Map.of("X402_KEY", shop.payer.privateKey()),
                "pay",
                shop.url("/pass"),
                "--rpc-url",
                shop.chain.rpcUrl().toString(),
                "--token",
                shop.usdc.address(),
                "--max",
                "$0.05",
                "--header")
            .out()
            .strip();
    String[] nameAndValue = header.split(": ", 2);
    HttpResponse<String> paid =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(shop.url("/pass")))
                    .header(nameAndValue[0], nameAndValue[1])
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(paid.statusCode()).isEqualTo(200);
    String receipt = paid.headers().firstValue("X-Payment-Receipt").orElseThrow();

    Invocation genuine =
        Invocation.of(Map.of(), "receipt", "verify", receipt, "--issuer", shop.server.url());
    assertThat(genuine.err()).isEmpty();
    assertThat(genuine.status()).isZero();
    assertThat(genuine.out())
        .contains("genuine", shop.payer.address(), shop.seller.address(), "GET /pass");
    JsonNode json =
        Invocation.of(
                Map.of(), "receipt", "verify", receipt, "--issuer", shop.server.url(), "--json")
            .json();
    assertThat(json.path("genuine").booleanValue()).isTrue();
    assertThat(json.path("payer").textValue()).isEqualTo(shop.payer.address());
    assertThat(json.path("amount").textValue()).isEqualTo("10000");

    String forged = receipt.substring(0, receipt.lastIndexOf('.') + 1) + "A".repeat(86);
    Invocation refused =
        Invocation.of(Map.of(), "receipt", "verify", forged, "--issuer", shop.server.url());
    assertThat(refused.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).doesNotContain(forged);
    Invocation refusedInJson =
        Invocation.of(
            Map.of(), "receipt", "verify", forged, "--issuer", shop.server.url(), "--json");
    assertThat(refusedInJson.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(refusedInJson.json().path("genuine").booleanValue()).isFalse();

    Invocation none =
        Invocation.of(Map.of(), "receipt", "verify", "none", "--issuer", shop.server.url());
    assertThat(none.status()).isEqualTo(ExitCode.NOT_VERIFIED);
  }
}
