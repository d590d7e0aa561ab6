// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The journal as others read it. */
class JournalExportTest {
  @Test
  void eachLineOfJsonIsAnObjectOfText() throws Exception {
    Map<String, String> hostile =
        Map.of("reason", "a\"b\\c\nd\u2028e\u0001\ud83d\ude00\udc00", "path", "/</script>");
    String line =
        JournalExport.jsonLine(
            new JournalEntry(1, NOW, JournalEntry.Event.REFUSED, "a", "r", hostile));
    assertThat(line.strip()).doesNotContain("\n");
    JsonNode read = new ObjectMapper().readTree(line);
    assertThat(read.path("event").textValue()).isEqualTo("REFUSED");
    assertThat(read.path("reason").textValue()).isEqualTo(hostile.get("reason"));
    assertThat(read.path("path").textValue()).isEqualTo("/</script>");
  }

  @Test
  void theCsvHasAColumnForEverythingThatIsWritten() throws Exception {
    SpendJournal journal = SpendJournal.inMemory();
    Spender spender = new Spender(Spender.wallet(journal, "agent", "$1"));
    spender.delivered(spender.pay(5));
    StringBuilder csv = new StringBuilder();
    journal.writeCsv(csv);
    String[] lines = csv.toString().split("\r\n");
    int columns = lines[0].split(",").length;
    assertThat(lines).hasSize(6);
    for (String line : lines) {
      assertThat(line.replaceAll("\"[^\"]*\"", "").split(",", -1)).hasSize(columns);
    }
    for (JournalEntry entry : journal.entries()) {
      assertThat(lines[0].split(",")).containsAll(entry.details().keySet());
    }
  }

  @Test
  void whatWasReturnedIsNotInTheDaysSpending() throws Exception {
    SpendJournal journal = SpendJournal.inMemory();
    Spender spender = new Spender(Spender.wallet(journal, "agent", "$1"));
    spender.delivered(spender.pay(5));
    spender.neverSent(spender.pay(7));
    spender.pay(11);
    assertThat(journal.spendByDay())
        .containsExactly(
            new DailySpend(
                "agent",
                "shop.example",
                BillingPeriod.DAY.firstDay(NOW),
                Dollars.parse("$0.000016"),
                2));
  }
}
