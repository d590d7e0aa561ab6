// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.client.FileReceiptStore;
import io.github.x402j.client.ReceiptStore;
import io.github.x402j.client.StoredReceipt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileReceiptStoreTest extends ReceiptStoreContract {
  @TempDir Path directory;
  private FileReceiptStore open;

  @Override
  public ReceiptStore store(int capacity) throws IOException {
    open = ReceiptStore.inFile(file(), capacity);
    return open;
  }

  private Path file() {
    return directory.resolve("receipts");
  }

  @AfterEach
  void close() throws IOException {
    if (open != null) {
      open.close();
    }
  }

  @Test
  void isWhatItWasAfterARestart() throws Exception {
    StoredReceipt pass =
        new StoredReceipt(
            SHOP, List.of("GET /a,b", "/api/*"), null, NOW.plusSeconds(60), token("a", NOW));
    StoredReceipt counted = receipt(SHOP, 3L, NOW.plusSeconds(61), "b");
    store(10).keep(pass);
    open.keep(counted);
    open.keep(receipt(SHOP, 1L, NOW.plusSeconds(62), "c"));
    open.drop(receipt(SHOP, 1L, NOW.plusSeconds(62), "c"));
    open.close();

    assertThat(store(10).of(SHOP, NOW))
        .containsExactly(
            counted,
            new StoredReceipt(
                SHOP, List.of("GET /a%2Cb", "/api/*"), null, pass.expires(), pass.token()));
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("receipts", "receipts.lock");
    }
  }

  @Test
  void onlyItsOwnerCanReadIt() throws Exception {
    store(10).keep(receipt(SHOP, 3L, NOW.plusSeconds(60), "a"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
    open.close();
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> store(10)).isInstanceOf(IOException.class).hasMessageContaining("rw-");
  }

  @Test
  void isOpenOnceAtATime() throws Exception {
    store(10);
    assertThatThrownBy(() -> ReceiptStore.inFile(file(), 10))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("open in another receipt store");
    open.close();
    assertThat(store(10).all()).isEmpty();
  }

  @Test
  void refusesWhatIsNoReceiptFileAndRepeatsNothingOfIt() throws Exception {
    for (String text :
        new String[] {"", "s3cr3t\n", "x402j-receipts 1\ns3cr3t\n", "x402j-receipts 1\na\tb\n"}) {
      Files.deleteIfExists(file());
      Files.writeString(
          Files.createFile(
              file(),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
          text);
      assertThatThrownBy(() -> store(10))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("receipts")
          .hasMessageNotContaining("s3cr3t");
      assertThat(Files.readString(file())).isEqualTo(text);
    }
  }

  @Test
  void keepsNothingThatItCannotWrite() throws Exception {
    store(10).keep(receipt(SHOP, 3L, NOW.plusSeconds(60), "a"));
    open.close();
    assertThatThrownBy(() -> open.keep(receipt(SHOP, 3L, NOW.plusSeconds(60), "b")))
        .isInstanceOf(IOException.class);
    assertThat(open.all()).hasSize(1);
    assertThat(store(10).all()).hasSize(1);
  }

  /** What a crash between writing and renaming leaves does not count. */
  @Test
  void aHalfWrittenFileBesideItChangesNothing() throws Exception {
    store(10).keep(receipt(SHOP, 3L, NOW.plusSeconds(60), "a"));
    open.close();
    Files.writeString(directory.resolve("receipts.123.new"), "x402j-rec");
    assertThat(store(10).all()).hasSize(1);
  }
}
