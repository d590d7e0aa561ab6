// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Hashes;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes and reads entries as lines of text. Each line has a checksum over itself and the checksum
 * of the line before, so that a line that is changed, missing or moved is found. This protects
 * against accidents: anyone who can write the journal can compute checksums, too.
 *
 * <p>A line is {@code checksum sequence time event agent request name=value ...}, with one space
 * between and values percent-encoded; at most 1,000 characters of a value are kept. A new object
 * begins before the first line. Not safe for use by several threads.
 */
public final class JournalLines {
  private static final String BEGINNING = "x402j-journal-1";
  private static final int CHECKSUM_BYTES = 8;
  private static final int FIXED = 5;

  /** Longer values are cut. */
  static final int MAX_VALUE = 1000;

  private String last = BEGINNING;
  private long sequence;

  /** Begins before the first line. */
  public JournalLines() {}

  /**
   * Returns the line of the next entry, and moves on past it. The line has no line break.
   *
   * @throws IllegalArgumentException if the sequence number is not the next one
   */
  public String write(JournalEntry entry) {
    if (entry.sequence() != sequence + 1) {
      throw new IllegalArgumentException(
          "sequence: expected " + (sequence + 1) + ", found " + entry.sequence());
    }
    StringBuilder text =
        new StringBuilder()
            .append(entry.sequence())
            .append(' ')
            .append(entry.time())
            .append(' ')
            .append(entry.event())
            .append(' ')
            .append(encoded(entry.agent()))
            .append(' ')
            .append(encoded(entry.requestId()));
    entry
        .details()
        .forEach((name, value) -> text.append(' ').append(name).append('=').append(encoded(value)));
    String content = text.toString();
    last = checksum(last, content);
    sequence = entry.sequence();
    return last + " " + content;
  }

  /**
   * Returns the entry of the next line, and moves on past it.
   *
   * @throws IOException if the line is damaged or is not the next one
   */
  public JournalEntry read(String line) throws IOException {
    int space = line.indexOf(' ');
    String content = space < 0 ? "" : line.substring(space + 1);
    String expected = checksum(last, content);
    if (space < 0 || !expected.equals(line.substring(0, space))) {
      throw new IOException(
          "journal: line " + (sequence + 1) + " is damaged, or a line before it is missing");
    }
    JournalEntry entry = parse(content);
    last = expected;
    sequence = entry.sequence();
    return entry;
  }

  /**
   * Returns the line.
   *
   * @throws IOException if it is longer than the storage can hold; a cut entry could allow more
   *     than its owner said
   */
  public static String requireAtMost(int length, String line) throws IOException {
    if (line.length() > length) {
      throw new IOException(
          "journal: an entry of "
              + line.length()
              + " characters, at most "
              + length
              + " can be kept; allow fewer domains, such as *.example.com");
    }
    return line;
  }

  /** Returns a new object at the same place: for lines that may fail to be written. */
  public JournalLines copy() {
    JournalLines copy = new JournalLines();
    copy.last = last;
    copy.sequence = sequence;
    return copy;
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

  private static String encoded(String value) {
    return URLEncoder.encode(
        value.length() <= MAX_VALUE ? value : value.substring(0, MAX_VALUE), UTF_8);
  }

  private static String decoded(String value) {
    return URLDecoder.decode(value, UTF_8);
  }

  private static String checksum(String before, String content) {
    byte[] hash = Hashes.sha256(before + " " + content);
    return HexFormat.of().formatHex(hash, 0, CHECKSUM_BYTES);
  }
}
