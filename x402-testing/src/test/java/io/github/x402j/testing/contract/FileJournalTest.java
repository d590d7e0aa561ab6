// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentCodec;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.testing.contract.SpendJournalContract.Spender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileJournalTest extends SpendJournalContract.Lasting {
  @TempDir Path directory;

  private Path file() {
    return directory.resolve("spend.journal");
  }

  @Override
  public SpendJournal open() throws IOException {
    return SpendJournal.file(file());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "0123456789abcdef 4 2026-05-01T12:00:00Z ALLOWED a", " ", "\u0000\u0000"})
  void forgetsALastLineThatHasNoEnd(String torn) throws Exception {
    Spender before = new Spender(Spender.wallet(journal(), "a", "$0.000010"));
    before.pay(3);
    closeAll();
    String whole = Files.readString(file());
    Files.writeString(file(), torn, StandardOpenOption.APPEND);
    Spender after = new Spender(AgentWallet.open("a", Spender.SIGNER, journal()));
    assertThat(after.wallet().remaining()).isEqualTo(Dollars.parse("$0.000007"));
    assertThat(Files.readString(file())).isEqualTo(whole);
    after.pay(7);
    assertThat(journal().entries()).hasSize(7);
  }

  @Test
  void aLineThatIsTornAnywhereLeavesTheLinesBeforeIt() throws Exception {
    Spender before = new Spender(Spender.wallet(journal(), "a", "$0.000010"));
    before.pay(3);
    closeAll();
    byte[] whole = Files.readAllBytes(file());
    int lastLine = Files.readString(file()).strip().lastIndexOf('\n') + 1;
    for (int length = lastLine; length < whole.length; length += 7) {
      Files.write(file(), Arrays.copyOf(whole, length));
      AgentWallet wallet = AgentWallet.open("a", Spender.SIGNER, journal());
      assertThat(wallet.remaining()).as("at " + length).isEqualTo(Dollars.parse("$0.000007"));
      closeAll();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void refusesAFileInWhichALineIsChangedOrMissingOrDoubled(int line) throws Exception {
    Spender spender = new Spender(Spender.wallet(journal(), "a", "$0.000010"));
    spender.pay(3);
    spender.pay(3);
    closeAll();
    List<String> lines = Files.readAllLines(file());
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

  private void refuses(List<String> lines) throws IOException {
    Files.writeString(file(), String.join("\n", lines) + "\n", UTF_8);
    assertThatThrownBy(this::journal)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is damaged");
  }

  @Test
  void paysNothingWhenTheFileWasReplacedOrCut() throws Exception {
    Spender spender = new Spender(Spender.wallet(journal(), "a", "$1"));
    spender.pay(1);
    byte[] whole = Files.readAllBytes(file());
    Files.write(file(), new byte[0]);
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(IOException.class);
    Files.write(file(), whole);
    spender.pay(1);
    Path copy = Files.copy(file(), directory.resolve("copy"));
    Files.move(copy, file(), StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(IOException.class);
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
    journal();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
  }

  @Test
  void holdsNoSignatureAndNoQuery() throws Exception {
    Spender spender = new Spender(Spender.wallet(journal(), "a", "$1"));
    Payment payment = spender.pay("https://shop.example/a%20b?key=s3cret", 1);
    String text = Files.readString(file());
    assertThat(text).contains("a%2520b", payment.nonce()).doesNotContain("s3cret");
    String signature =
        ExactEvmPayload.parse(PaymentCodec.decodePayload(payment.secretHeaderValue(), 2).payload())
            .signature();
    assertThat(text).doesNotContain(signature.substring(2, 66));
  }
}
