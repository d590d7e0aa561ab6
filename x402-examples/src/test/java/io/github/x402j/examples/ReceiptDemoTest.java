// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Receipts of a payment network as a newcomer sees them at work. */
class ReceiptDemoTest {

  @Test
  void buysByReceiptInBothWaysAndOnceConfirmedOnTheChain() throws Exception {
    String demo = Printed.by(ReceiptDemo::run);

    assertThat(demo)
        .contains(
            "asked for   $0.01, says X-Payment-Required",
            "asked for   $0.01, says the body",
            "with the receipt in X-Payment-Receipt",
            "with the receipt in X-PAYMENT",
            "three answers, and the balances moved by exactly three times $0.01")
        .containsPattern("payer +1000000 +970000\n")
        .containsPattern("seller +0 +30000\n")
        .doesNotContain("eyJ"); // a receipt is worth money until it is used
    assertThat(count("-> 402\n", demo)).isEqualTo(6);
    assertThat(count("-> 503\ntoo early, Retry-After: [0-9]+\n", demo)).isEqualTo(1);
    assertThat(count("-> 200\npremium content, paid for by 0x", demo)).isEqualTo(3);
    assertThat(count("-> 402\nrefused: receipt_already_used\n", demo)).isEqualTo(3);
    Set<String> transactions =
        Pattern.compile("transaction (0x[0-9a-f]{64})")
            .matcher(demo)
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toSet());
    assertThat(transactions).hasSize(3);
  }

  private static long count(String pattern, String demo) {
    return Pattern.compile(pattern).matcher(demo).results().map(MatchResult::group).count();
  }
}
