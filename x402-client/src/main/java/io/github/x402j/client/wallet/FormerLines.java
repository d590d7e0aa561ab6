// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Hashes;
import java.io.IOException;
import java.net.URLDecoder;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the lines of text in which earlier versions kept a journal, to import them. A line is
 * {@code checksum sequence time event agent request name=value ...}; its checksum is over itself
 * and the checksum of the line before, so that a line that is changed, missing or moved is found.
 * Not safe for use by several threads.
 */
final class FormerLines {
  private static final String BEGINNING = "x402j-journal-1";
  private static final int CHECKSUM_BYTES = 8;
  private static final int FIXED = 5;

  private String last = BEGINNING;
  private long sequence;

  /**
   * Returns the entry of the next line, and moves on past it.
   *
   * @throws IOException if the line is damaged or is not the next one
   */
  JournalEntry read(String line) throws IOException {
    int space = line.indexOf(' ');
    String content = space < 0 ? "" : line.substring(space + 1);
    byte[] hash = Hashes.sha256(last + " " + content);
    String expected = HexFormat.of().formatHex(hash, 0, CHECKSUM_BYTES);
    if (space < 0 || !expected.equals(line.substring(0, space))) {
      throw new IOException(
          "journal: line " + (sequence + 1) + " is damaged, or a line before it is missing");
    }
    JournalEntry entry = parse(content);
    if (entry.sequence() != sequence + 1) {
      throw new IOException("journal: line " + (sequence + 1) + " has another number");
    }
    last = expected;
    sequence = entry.sequence();
    return entry;
  }

  private JournalEntry parse(String content) throws IOException {
    String[] parts = content.split(" ", -1);
    try {
      Map<String, String> details = new TreeMap<>();
      for (int i = FIXED; i < parts.length; i++) {
        int equals = parts[i].indexOf('=');
        details.put(parts[i].substring(0, equals), decoded(parts[i].substring(equals + 1)));
      }
      return new JournalEntry(
          Long.parseLong(parts[0]),
          Instant.parse(parts[1]),
          JournalEntry.Event.valueOf(parts[2]),
          decoded(parts[3]),
          decoded(parts[4]),
          details);
    } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeException e) {
      throw new IOException(
          "journal: line " + (sequence + 1) + " cannot be read by this version", e);
    }
  }

  private static String decoded(String value) {
    return URLDecoder.decode(value, UTF_8);
  }
}
