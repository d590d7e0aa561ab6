// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Address;
import io.github.x402j.evm.EvmKeystore;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.crypto.ECDSASignature;
import org.web3j.crypto.ECKeyPair;
import org.web3j.crypto.Sign;
import org.web3j.crypto.Wallet;

/** Where keys come from. */
class EvmSignersTest {
  private static final String KEY =
      "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
  private static final Address ACCOUNT =
      Address.parse("0x2c7536e3605d9c16a7a3d7b1898e529396a65c23");
  private static final char[] PASSWORD = "correct horse".toCharArray();

  @Nested
  class InMemory extends EvmSignerContract {
    @Override
    public EvmSigner signer() {
      return EvmSigner.ofPrivateKey(KEY);
    }

    @Override
    public Address account() {
      return ACCOUNT;
    }

    @Override
    public String secret() {
      return KEY;
    }
  }

  @Nested
  class FromKeystore extends EvmSignerContract {
    @TempDir Path directory;
    private EvmSigner signer;

    @BeforeEach
    void read() throws Exception {
      signer = EvmSigner.fromKeystore(keystore(directory), PASSWORD);
    }

    @Override
    public EvmSigner signer() {
      return signer;
    }

    @Override
    public Address account() {
      return ACCOUNT;
    }

    @Override
    public String secret() {
      return KEY;
    }
  }

  /** A key that stays where it is: only numbers come back, and s in either half. */
  @Nested
  class InAnHsm extends EvmSignerContract {
    @Override
    public EvmSigner signer() {
      return new HsmSigner();
    }

    @Override
    public Address account() {
      return ACCOUNT;
    }

    @Override
    public String secret() {
      return KEY;
    }
  }

  private static final class HsmSigner implements EvmSigner {
    private static final ECKeyPair INSIDE = ECKeyPair.create(new BigInteger(KEY, 16));

    @Override
    public Address address() {
      return ACCOUNT;
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      if (digest.length != 32) {
        throw new IllegalArgumentException("digest: expected 32 bytes");
      }
      ECDSASignature low = INSIDE.sign(digest);
      BigInteger s = digest[0] % 2 == 0 ? low.s : Sign.CURVE_PARAMS.getN().subtract(low.s);
      return EvmSignature.ofAccount(ACCOUNT, digest, low.r, s);
    }
  }

  /** A cloud's API: only DER comes back, and s in either half. */
  @Nested
  class InACloud extends EvmSignerContract {
    @Override
    public EvmSigner signer() {
      return new CloudSigner();
    }

    @Override
    public Address account() {
      return ACCOUNT;
    }

    @Override
    public String secret() {
      return KEY;
    }
  }

  private static final class CloudSigner implements EvmSigner {
    private final HsmSigner inside = new HsmSigner();

    @Override
    public Address address() {
      return ACCOUNT;
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      EvmSignature low = inside.sign(digest);
      BigInteger s = digest[0] % 2 == 0 ? low.s() : Sign.CURVE_PARAMS.getN().subtract(low.s());
      return EvmSignature.ofDer(ACCOUNT, digest, der(low.r(), s));
    }
  }

  private static byte[] der(BigInteger r, BigInteger s) {
    byte[] first = r.toByteArray();
    byte[] second = s.toByteArray();
    return ByteBuffer.allocate(6 + first.length + second.length)
        .put((byte) 0x30)
        .put((byte) (4 + first.length + second.length))
        .put((byte) 0x02)
        .put((byte) first.length)
        .put(first)
        .put((byte) 0x02)
        .put((byte) second.length)
        .put(second)
        .array();
  }

  /** Whatever byte is changed, cut or added, it is no other signature and no other exception. */
  @Test
  void whatIsNotDerOfTheAccountIsRefused() {
    byte[] digest = new byte[32];
    EvmSignature signature = new HsmSigner().sign(digest);
    byte[] der = der(signature.r(), signature.s());
    assertThat(EvmSignature.ofDer(ACCOUNT, digest, der)).isEqualTo(signature);
    for (int i = 0; i < der.length; i++) {
      byte[] cut = Arrays.copyOf(der, i);
      assertThatThrownBy(() -> EvmSignature.ofDer(ACCOUNT, digest, cut))
          .isInstanceOf(IllegalArgumentException.class);
      for (int bit = 0; bit < 8; bit++) {
        byte[] changed = der.clone();
        changed[i] ^= (byte) (1 << bit);
        assertThatThrownBy(() -> EvmSignature.ofDer(ACCOUNT, digest, changed))
            .as("byte %s, bit %s", i, bit)
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
    assertThatThrownBy(
            () -> EvmSignature.ofDer(ACCOUNT, digest, Arrays.copyOf(der, der.length + 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSignatureOfAnotherAccountIsNoneOfThisOne() {
    byte[] digest = new byte[32];
    ECDSASignature other = ECKeyPair.create(BigInteger.TEN).sign(digest);
    assertThatThrownBy(() -> EvmSignature.ofAccount(ACCOUNT, digest, other.r, other.s))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> EvmSignature.ofAccount(ACCOUNT, digest, BigInteger.ZERO, BigInteger.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aNewKeystoreHoldsANewKeyThatItsOwnerAndItsPasswordOpen(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("keys").resolve("scout.json");
    EvmSigner made = EvmKeystore.create(file, PASSWORD);
    byte[] digest = new byte[32];
    assertThat(made.sign(digest).signerOf(digest)).contains(made.address());
    assertThat(EvmSigner.fromKeystore(file, PASSWORD).address()).isEqualTo(made.address());
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    String before = Files.readString(file);
    assertThatThrownBy(() -> EvmKeystore.create(file, PASSWORD))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(file).hasContent(before);
    assertThat(EvmKeystore.create(directory.resolve("other.json"), PASSWORD).address())
        .isNotEqualTo(made.address());
  }

  @Test
  void anImportedKeyIsThatOfItsAccountAndIsInNoMessage(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("key.json");
    assertThatThrownBy(() -> EvmKeystore.importKey(file, "short".toCharArray(), KEY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 8 characters")
        .hasMessageNotContaining(KEY);
    assertThatThrownBy(() -> EvmKeystore.importKey(file, PASSWORD, KEY + "0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining(KEY);
    assertThat(file).doesNotExist();
    assertThat(EvmKeystore.importKey(file, PASSWORD, "0x" + KEY).address()).isEqualTo(ACCOUNT);
    assertThat(EvmSigner.fromKeystore(file, PASSWORD).address()).isEqualTo(ACCOUNT);
    assertThat(file).content().doesNotContain(KEY, new String(PASSWORD));
  }

  @Test
  void aWrongPasswordIsToldAndNotRepeated(@TempDir Path directory) throws Exception {
    Path file = keystore(directory);
    assertThatThrownBy(() -> EvmSigner.fromKeystore(file, "wr0ng".toCharArray()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("password is wrong")
        .hasMessageNotContaining("wr0ng")
        .hasNoCause();
  }

  @Test
  void aKeyOfAnotherAddressIsRefused(@TempDir Path directory) throws Exception {
    Path file = keystore(directory);
    Files.writeString(
        file, Files.readString(file).replace(ACCOUNT.lowerCase().substring(2), "11".repeat(20)));
    assertThatThrownBy(() -> EvmSigner.fromKeystore(file, PASSWORD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("address");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "not json " + KEY,
        "{\"version\":3,\"crypto\":null}",
        "{\"version\":3,\"crypto\":{}}",
        "{\"version\":1,\"crypto\":{\"cipher\":\"x\"}}"
      })
  void whatIsNoKeystoreIsRefusedWithoutBeingQuoted(String text, @TempDir Path directory)
      throws Exception {
    Path file = Files.writeString(directory.resolve("key.json"), text);
    assertThatThrownBy(() -> EvmSigner.fromKeystore(file, PASSWORD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("keystore " + file)
        .hasMessageNotContaining(KEY)
        .hasNoCause();
  }

  @Test
  void aMissingFileIsAMissingFile(@TempDir Path directory) {
    assertThatThrownBy(() -> EvmSigner.fromKeystore(directory.resolve("none"), PASSWORD))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aMissingVariableIsNamed() {
    assertThatThrownBy(() -> EvmSigner.fromEnvironment("X402J_NO_SUCH_KEY"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("X402J_NO_SUCH_KEY");
    assertThat(KEY).hasSize(64);
  }

  private static Path keystore(Path directory) throws IOException {
    try {
      var file =
          Wallet.createLight(new String(PASSWORD), ECKeyPair.create(new BigInteger(KEY, 16)));
      return Files.writeString(
          directory.resolve("key.json"), new ObjectMapper().writeValueAsString(file));
    } catch (org.web3j.crypto.exception.CipherException e) {
      throw new AssertionError(e);
    }
  }
}
