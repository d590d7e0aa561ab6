// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Hashes;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.testing.contract.SpendJournalContract.Spender;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A journal of lines, as earlier versions wrote it, is read once and imported. */
class FormerJournalTest {
  @TempDir Path directory;

  private List<JournalEntry> entries = List.of();
  private List<String> lines = List.of();

  @BeforeEach
  void payFromAWallet() throws IOException {
    try (SpendJournal journal = SpendJournal.inMemory()) {
      Spender spender = new Spender(Spender.wallet(journal, "a", "$0.000010"));
      spender.delivered(spender.pay(3));
      spender.neverSent(spender.pay(2));
      spender.pay("https://shop.example/a%20b", 1); // of which nothing more is heard
      entries = journal.entries();
    }
    lines = lines(entries);
  }

  private Path file() {
    return directory.resolve("spend.journal");
  }

  @Test
  void everyEntryAndSumIsImportedAndTheFileIsKept() throws Exception {
    String before = write(lines);
    try (SpendJournal journal = SpendJournal.file(file())) {
      assertThat(journal.entries()).isEqualTo(entries);
      assertThat(journal.check()).isEmpty();
      AgentWallet wallet = AgentWallet.open("a", Spender.SIGNER, journal);
      assertThat(wallet.remaining()).isEqualTo(Dollars.parse("$0.000006"));
      assertThat(wallet.status().reserved()).isEqualTo(Dollars.parse("$0.000001"));
    }
    assertThat(Files.readString(directory.resolve("spend.journal.lines"))).isEqualTo(before);
    try (SpendJournal again = SpendJournal.file(file())) {
      assertThat(again.entries()).isEqualTo(entries);
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "0123456789abcdef 4 2026-05-01T12:00:00Z ALLOWED a", " ", "\u0000\u0000"})
  void aLastLineThatHasNoEndIsForgotten(String torn) throws Exception {
    write(lines);
    Files.writeString(file(), Files.readString(file()) + torn);
    try (SpendJournal journal = SpendJournal.file(file())) {
      assertThat(journal.entries()).isEqualTo(entries);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aFileInWhichALineIsChangedOrMissingOrDoubledIsRefusedAndLeftAlone(int line)
      throws Exception {
    List<String> changed = new ArrayList<>(lines);
    changed.set(line, lines.get(line).replace("2026-05-01", "2027-05-01"));
    refuses(changed);
    List<String> missing = new ArrayList<>(lines);
    missing.remove(line);
    refuses(missing);
    List<String> doubled = new ArrayList<>(lines);
    doubled.add(line, lines.get(line));
    refuses(doubled);
  }

  private void refuses(List<String> damaged) throws IOException {
    String before = write(damaged);
    assertThatThrownBy(() -> SpendJournal.file(file()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is damaged");
    assertThat(Files.readString(file())).isEqualTo(before);
  }

  @Test
  void manyWhoOpenItAtOnceImportItOnce() throws Exception {
    write(lines);
    Files.writeString(directory.resolve("spend.journal.importing"), "of a process that was killed");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<List<JournalEntry>>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(
          threads.submit(
              () -> {
                try (SpendJournal journal = SpendJournal.file(file())) {
                  return journal.entries();
                }
              }));
    }
    for (Future<List<JournalEntry>> each : all) {
      assertThat(each.get()).isEqualTo(entries);
    }
    threads.shutdown();
  }

  @Test
  void linesInADatabaseAreImported() throws Exception {
    TestDatabase database = TestDatabase.h2();
    database.execute(
        "CREATE TABLE x402_journal (seq BIGINT NOT NULL PRIMARY KEY, line VARCHAR(16000) NOT NULL)");
    try (Connection connection = database.dataSource().getConnection();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO x402_journal (seq, line) VALUES (?, ?)")) {
      for (int i = 0; i < lines.size(); i++) {
        insert.setInt(1, i + 1);
        insert.setString(2, lines.get(i));
        insert.execute();
      }
    }
    for (int i = 0; i < 2; i++) {
      try (SpendJournal journal = SpendJournal.on(JdbcJournal.open(database.dataSource()))) {
        assertThat(journal.entries()).isEqualTo(entries);
        assertThat(journal.check()).isEmpty();
      }
    }
    database.drop();
  }

  private String write(List<String> content) throws IOException {
    String text = String.join("\n", content) + "\n";
    Files.writeString(file(), text);
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-------"));
    return text;
  }

  /** Writes entries as earlier versions did. */
  static List<String> lines(List<JournalEntry> entries) {
    List<String> lines = new ArrayList<>();
    String last = "x402j-journal-1";
    for (JournalEntry entry : entries) {
      String content =
          entry.sequence()
              + " "
              + entry.time()
              + " "
              + entry.event()
              + " "
              + encoded(entry.agent())
              + " "
              + encoded(entry.requestId())
              + entry.details().entrySet().stream()
                  .map(detail -> " " + detail.getKey() + "=" + encoded(detail.getValue()))
                  .collect(joining());
      last = HexFormat.of().formatHex(Hashes.sha256(last + " " + content), 0, 8);
      lines.add(last + " " + content);
    }
    return lines;
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, UTF_8);
  }
}
