// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentCodec;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.testing.contract.SpendJournalContract;
import io.github.x402j.testing.contract.SpendJournalContract.Spender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteJournalTest extends SpendJournalContract.Lasting {
  @TempDir Path directory;

  private Path file() {
    return directory.resolve("spend of year? 100%.journal");
  }

  private Path beside(String end) {
    return file().resolveSibling(file().getFileName() + end);
  }

  @Override
  public SpendJournal open() throws IOException {
    return SpendJournal.file(file());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-wal", "-shm"})
  void paysNothingWhenAFileWasReplacedOrRemoved(String end) throws Exception {
    SpendJournalContract.CountingSigner signer = new SpendJournalContract.CountingSigner();
    Spender spender = new Spender(revocable(journal(), signer));
    spender.pay(1);
    Path whole = Files.copy(beside(end), directory.resolve("copy"));
    Files.delete(beside(end));
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(IOException.class);
    Files.move(whole, beside(end));
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(IOException.class);
    assertThat(signer.signatures()).isEqualTo(1);
  }

  @Test
  void theLogCanBeDeletedWhileNobodyHasTheBookOpen() throws Exception {
    new Spender(Spender.wallet(journal(), "a", "$0.000010")).pay(3);
    closeAll();
    assertThat(beside("-wal")).as("moved into the database").doesNotExist();
    Files.deleteIfExists(beside("-wal"));
    Files.deleteIfExists(beside("-shm"));
    assertThat(AgentWallet.open("a", Spender.SIGNER, journal()).remaining())
        .isEqualTo(Dollars.parse("$0.000007"));
  }

  /** The page on the paying client says that this is what a deletion after a crash does. */
  @Test
  void aLogThatIsDeletedAfterACrashTakesTheLastPaymentsWithIt() throws Exception {
    SpendJournal journal = journal();
    new Spender(Spender.wallet(journal, "a", "$0.000010")).pay(3);
    Path crashed = directory.resolve("crashed");
    Files.copy(file(), crashed, StandardCopyOption.COPY_ATTRIBUTES);
    Path log = directory.resolve("crashed-wal");
    Files.copy(beside("-wal"), log, StandardCopyOption.COPY_ATTRIBUTES);
    try (SpendJournal recovered = SpendJournal.file(crashed)) {
      assertThat(recovered.entries()).hasSize(4);
    }
    Files.copy(
        file(), crashed, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    Files.deleteIfExists(log);
    try (SpendJournal older = SpendJournal.file(crashed)) {
      assertThat(older.entries()).hasSizeLessThan(4);
    }
  }

  @Test
  void paysNothingWhileTheDiskIsFullAndGoesOnWhenThereIsRoom() throws Exception {
    SpendJournalContract.CountingSigner signer = new SpendJournalContract.CountingSigner();
    SqliteAccess access = SqliteAccess.open(file());
    SpendJournal journal = SpendJournal.on(new JdbcJournal(access));
    Spender spender = new Spender(revocable(journal, signer));
    spender.pay(1);
    access.limitPages(1);
    int paid = 1;
    IOException full = null;
    while (full == null) {
      try {
        spender.pay(1);
        paid++;
      } catch (IOException e) {
        full = e;
      }
    }
    assertThat(full)
        .hasRootCauseMessage(
            "[SQLITE_FULL] Insertion failed because database is full"
                + " (database or disk is full)");
    assertThat(signer.signatures()).as("no signature without its entry").isEqualTo(paid);
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(IOException.class);
    assertThat(spender.wallet().isRevoked()).as("still answers").isFalse();
    access.limitPages(1_000_000);
    spender.pay(1);
    assertThat(signer.signatures()).isEqualTo(paid + 1);
    assertThat(spender.wallet().spent(BillingPeriod.EVER).amount().movePointRight(6).intValue())
        .isEqualTo(paid + 1);
    assertThat(journal.check()).isEmpty();
    journal.close();
  }

  @Test
  void anInterruptedThreadDoesNoHarmToOthers() throws Exception {
    Spender spender = new Spender(Spender.wallet(journal(), "a", "$1"));
    Thread.currentThread().interrupt();
    spender.pay(1);
    assertThat(Thread.interrupted()).isTrue();
    spender.pay(1);
    assertThat(spender.wallet().spent(BillingPeriod.EVER)).isEqualTo(Dollars.parse("$0.000002"));
  }

  @Test
  void isForItsOwnerAlone() throws Exception {
    new Spender(Spender.wallet(journal(), "a", "$1")).pay(1);
    journal().backup(beside(".backup"));
    for (String end : new String[] {"", "-wal", "-shm", ".backup"}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(beside(end))))
          .as("permissions of the file with the end '%s'", end)
          .isEqualTo("rw-------");
    }
  }

  @ParameterizedTest
  @CsvSource({"'',rw-r-----", "-wal,rw-r--r--", "-shm,rw----r--"})
  void isNotOpenedWhenOthersCanReadIt(String end, String permissions) throws Exception {
    new Spender(Spender.wallet(journal(), "a", "$1")).pay(1);
    Files.setPosixFilePermissions(beside(end), PosixFilePermissions.fromString(permissions));
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(permissions)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void holdsNoSignatureAndNoQuery() throws Exception {
    Spender spender = new Spender(Spender.wallet(journal(), "a", "$1"));
    Payment payment = spender.pay("https://shop.example/a%20b?key=s3cret", 1);
    closeAll();
    String text = new String(Files.readAllBytes(file()), ISO_8859_1);
    assertThat(text).contains("a%20b", payment.nonce()).doesNotContain("s3cret");
    String signature =
        ExactEvmPayload.parse(PaymentCodec.decodePayload(payment.secretHeaderValue(), 2).payload())
            .signature();
    assertThat(text).doesNotContain(signature.substring(2, 66));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "UPDATE x402_journal_entry SET details = '{}' WHERE seq = 2 | entry 2 is damaged",
        "DELETE FROM x402_journal_entry WHERE seq = 3               | entry 3 is damaged",
        "UPDATE x402_journal_sum SET spent = '$0' WHERE sum_of = 'DAY' | a sum of agent a (DAY)",
        "DELETE FROM x402_journal_sum WHERE sum_of = 'HOST'         | a sum of agent a (HOST)",
        "UPDATE x402_journal_payment SET state = 'RETURNED'         | is not as its entries say",
        "DELETE FROM x402_journal_payment                           | is missing",
        "UPDATE x402_journal_payment SET price = '$0.00000001'      | is not as its entries say",
        "DELETE FROM x402_journal_note WHERE name = 'terms'         | the wallets are not those",
      })
  void theCheckFindsWhatWasChanged(String sql, String damage) throws Exception {
    SpendJournal journal = journal();
    Spender spender = new Spender(Spender.wallet(journal, "a", "$1"));
    spender.delivered(spender.pay(3));
    spender.pay(4);
    assertThat(journal.check()).isEmpty();
    execute(sql);
    assertThat(journal.check()).anySatisfy(found -> assertThat(found).contains(damage));
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file().toUri());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void theCheckFindsAFileThatIsNoDatabaseAnyMore() throws Exception {
    Spender spender = new Spender(Spender.wallet(journal(), "a", "$1"));
    for (int i = 0; i < 200; i++) {
      spender.pay(1);
    }
    closeAll();
    byte[] bytes = Files.readAllBytes(file());
    for (int i = bytes.length / 2; i < bytes.length / 2 + 9_000; i++) {
      bytes[i] ^= 0x55;
    }
    Files.write(file(), bytes);
    assertThatThrownBy(
            () -> {
              try (SpendJournal damaged = open()) {
                assertThat(damaged.check()).isEmpty();
              }
            })
        .isInstanceOfAny(IOException.class, AssertionError.class);
  }

  @Test
  void aBackupThatIsMadeMeanwhileIsABook() throws Exception {
    SpendJournal journal = journal();
    Spender spender = new Spender(Spender.wallet(journal, "a", "$0.000010"));
    spender.pay(3);
    Path copy = beside(".backup");
    journal.backup(copy);
    spender.pay(4);
    try (SpendJournal backup = SpendJournal.file(copy)) {
      assertThat(AgentWallet.open("a", Spender.SIGNER, backup).remaining())
          .isEqualTo(Dollars.parse("$0.000007"));
      assertThat(backup.check()).isEmpty();
    }
    assertThatThrownBy(() -> journal.backup(copy)).hasMessageContaining("is there already");
  }
}
