// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JournalLinesTest {
  @Test
  void hostileTextGoesIntoALineAndComesBack() throws Exception {
    Map<String, String> hostile = Map.of("reason", "a b=c\n0123 2 %\r\u0000\u20ac+ \ud83d\ude00");
    String line = new JournalLines().write(entry(1, "a b", "r\ns", hostile));
    assertThat(line).doesNotContain("\n", "\r");
    JournalEntry entry = new JournalLines().read(line);
    assertThat(entry.details()).isEqualTo(hostile);
    assertThat(entry.agent()).isEqualTo("a b");
    assertThat(entry.requestId()).isEqualTo("r\ns");
  }

  @Test
  void aLineIsReadAfterTheOneBeforeItOnly() throws Exception {
    JournalLines writer = new JournalLines();
    String first = writer.write(entry(1, "a", "-", Map.of()));
    String second = writer.write(entry(2, "a", "-", Map.of()));
    assertThatThrownBy(() -> new JournalLines().read(second))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 1 is damaged");
    JournalLines reader = new JournalLines();
    reader.read(first);
    assertThat(reader.copy().read(second)).isEqualTo(reader.read(second));
  }

  @Test
  void aSequenceNumberIsNeverLeftOut() {
    assertThatThrownBy(() -> new JournalLines().write(entry(2, "a", "-", Map.of())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 1, found 2");
  }

  private static JournalEntry entry(
      long sequence, String agent, String requestId, Map<String, String> details) {
    return new JournalEntry(sequence, NOW, JournalEntry.Event.REFUSED, agent, requestId, details);
  }
}
