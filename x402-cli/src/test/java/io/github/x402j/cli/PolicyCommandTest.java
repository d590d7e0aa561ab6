// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A policy file, the approvals that it asks for, and hosts that are stopped, in a shell. */
class PolicyCommandTest {
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

  @Test
  void aPolicyFileAppliesUntilItsOwnerReplacesIt() throws Exception {
    assertThat(x402("wallet", "new", "bot", "--policy", policy("maxPerPayment: $0.01")).err())
        .isEmpty();
    assertThat(pay("/premium").status()).isZero();
    assertThat(pay("/report/7").err()).contains("maxPerPayment");
    Invocation replaced =
        x402(
            "wallet",
            "policy",
            "bot",
            policy("maxPerPayment: $0.02\nrate: {payments: 2, within: PT1H}"));
    assertThat(replaced.out()).contains("policy 2: maxPerPayment $0.02", "policy 2: rate 2 PT1H");
    assertThat(pay("/report/7").status()).isZero();
    assertThat(pay("/premium").err()).contains("declined by rule rate");
    assertThat(x402("wallet", "show", "--json").json().get(0).path("policyVersion").intValue())
        .isEqualTo(2);
    Invocation wrong = x402("wallet", "policy", "bot", policy("\nmaxPerDey: $1"));
    assertThat(wrong.status()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err()).contains("policy.yaml, line 2, maxPerDey");
    assertThat(x402("wallet", "policy", "bot").out()).contains("policy 2: maxPerPayment $0.02");
  }

  @Test
  void aPaymentWaitsForItsOwnerAndGoesThroughOnce() throws Exception {
    String rules = "maxPerPayment: $1\napproval: {above: $0.01, within: PT1H}\n";
    x402("wallet", "new", "bot", "--policy", policy(rules));
    assertThat(pay("/premium").status()).isZero();
    Invocation waits = pay("/report/7", "--json");
    assertThat(waits.status()).isEqualTo(ExitCode.DECLINED);
    String id = waits.json().path("error").path("approval").textValue();
    assertThat(waits.err()).contains("x402 wallet approve " + id);
    assertThat(x402("wallet", "approvals").out())
        .contains(id, "WAITING", "bot", "$0.02", "/report/7");
    JsonNode approved = x402("wallet", "approve", id, "--by", "alice", "--json").json();
    assertThat(approved.get(0).path("state").textValue()).isEqualTo("APPROVED");
    assertThat(pay("/report/7").out()).contains("report 7");
    assertThat(x402("wallet", "approvals", "--json").json()).isEmpty();
    String next = pay("/report/7", "--json").json().path("error").path("approval").textValue();
    assertThat(next).isNotEqualTo(id);
    assertThat(x402("wallet", "deny", next).out()).contains("DENIED");
    assertThat(pay("/report/7").err()).contains("which its owner denied");
    Invocation unknown = x402("wallet", "approve", "nothing");
    assertThat(unknown.status()).isEqualTo(ExitCode.USAGE);
    assertThat(x402("journal", "export").out()).contains("alice");
  }

  @Test
  void aHostThatDoesNotDeliverIsStoppedAndPaidAgainWhenItsOwnerSaysSo() throws Exception {
    x402("wallet", "new", "bot", "--policy", policy("maxPerPayment: $1\nmaxUndelivered: 2"));
    for (int i = 0; i < 2; i++) {
      assertThat(pay("/fails?n=" + i).out()).contains("status     500");
    }
    Invocation stopped = pay("/premium");
    assertThat(stopped.status()).isEqualTo(ExitCode.DECLINED);
    assertThat(stopped.err()).contains("declined by rule undelivered");
    assertThat(x402("wallet", "reinstate", "bot", "--host", "127.0.0.1").status()).isZero();
    assertThat(pay("/premium").status()).isZero();
  }

  private String policy(String yaml) throws Exception {
    return Files.writeString(files.resolve("policy.yaml"), yaml).toString();
  }

  private Invocation pay(String path, String... more) {
    List<String> args = new ArrayList<>(List.of("pay", shop.url(path), "--agent", "bot"));
    args.addAll(List.of("--rpc-url", shop.chain.rpcUrl().toString()));
    args.addAll(List.of("--token", shop.usdc.address()));
    args.addAll(List.of(more));
    return x402(args.toArray(String[]::new));
  }

  private Invocation x402(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    if (args[1].equals("new")) {
      all.addAll(List.of("--limit", "$1", "--domains", "127.0.0.1", "--key-env", "X402_KEY"));
    }
    all.addAll(List.of("--journal", files.resolve("journal").toString()));
    return Invocation.of(Map.of("X402_KEY", shop.payer.privateKey()), all.toArray(String[]::new));
  }
}
