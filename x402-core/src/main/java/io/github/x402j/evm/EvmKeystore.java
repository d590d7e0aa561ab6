// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.web3j.crypto.ECKeyPair;
import org.web3j.crypto.Keys;
import org.web3j.crypto.Wallet;
import org.web3j.crypto.WalletFile;
import org.web3j.crypto.exception.CipherException;

/**
 * Makes keystore files of version 3, as web3j, geth and others write them: one key each, encrypted
 * with a password by scrypt. {@link EvmSigner#fromKeystore} reads them.
 *
 * <p>A file that is there is never replaced: the money of its account would be lost with it. Only
 * its owner can read a new file.
 */
public final class EvmKeystore {
  /** The shortest password that a new keystore takes: 8 characters. */
  public static final int MIN_PASSWORD_LENGTH = 8;

  private static final long MAX_BYTES = 64 * 1024;

  private EvmKeystore() {}

  /**
   * Makes a new key, writes it to a new file, and returns its signer.
   *
   * @param password is not changed; the caller may overwrite it afterwards
   * @throws FileAlreadyExistsException if the file is there
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the password is shorter than {@link #MIN_PASSWORD_LENGTH}
   */
  public static EvmSigner create(Path file, char[] password) throws IOException {
    try {
      return write(file, password, Keys.createEcKeyPair());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the platform cannot make keys of secp256k1", e);
    }
  }

  /**
   * Writes a key to a new file, and returns its signer.
   *
   * @param privateKey 64 hex digits, with or without {@code 0x}
   * @throws FileAlreadyExistsException if the file is there
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if it is no private key, or the password is too short; the
   *     message repeats neither
   */
  public static EvmSigner importKey(Path file, char[] password, @Nullable String privateKey)
      throws IOException {
    return write(file, password, EvmSigner.InMemorySigner.keyOf(privateKey));
  }

  private static EvmSigner write(Path file, char[] password, ECKeyPair key) throws IOException {
    if (password.length < MIN_PASSWORD_LENGTH) {
      throw new IllegalArgumentException(
          "password: expected at least " + MIN_PASSWORD_LENGTH + " characters");
    }
    byte[] json;
    try {
      json = new ObjectMapper().writeValueAsBytes(Wallet.createStandard(new String(password), key));
    } catch (CipherException e) {
      throw new IllegalStateException("the platform cannot encrypt a keystore", e);
    }
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    boolean written = false;
    try (FileChannel channel =
            FileChannel.open(
                file,
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                ownerOnly(file));
        OutputStream out = Channels.newOutputStream(channel)) {
      out.write(json);
      channel.force(true);
      written = true;
    } catch (FileAlreadyExistsException e) {
      written = true; // by another
      throw e;
    } finally {
      if (!written) {
        Files.deleteIfExists(file);
      }
    }
    return EvmSigner.InMemorySigner.of(key);
  }

  private static FileAttribute<?>[] ownerOnly(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Returns the key in the file; see {@link EvmSigner#fromKeystore}. */
  static ECKeyPair read(Path file, char[] password) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw noKeystore(file, "expected at most " + MAX_BYTES + " bytes");
    }
    WalletFile keystore = parse(file, Files.readString(file, UTF_8));
    ECKeyPair key;
    try {
      key = Wallet.decrypt(new String(password), keystore);
    } catch (CipherException
        | RuntimeException e) { // web3j's parts fail in many ways on bad numbers
      throw noKeystore(file, "the password is wrong, or the file is damaged");
    }
    String address = keystore.getAddress();
    if (address != null && !Keys.getAddress(key).equals(digits(address))) {
      throw noKeystore(file, "the key is not that of the address in it");
    }
    return key;
  }

  private static String digits(String address) {
    String lowerCase = address.toLowerCase(Locale.ROOT);
    return lowerCase.startsWith("0x") ? lowerCase.substring(2) : lowerCase;
  }

  private static WalletFile parse(Path file, String json) throws IOException {
    WalletFile keystore;
    try {
      keystore =
          new ObjectMapper()
              .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
              .readValue(json, WalletFile.class);
    } catch (JacksonException e) { // its message quotes the file
      throw noKeystore(file, "expected JSON of version 3");
    }
    if (keystore == null || keystore.getCrypto() == null) {
      throw noKeystore(file, "expected JSON of version 3");
    }
    return keystore;
  }

  private static IllegalArgumentException noKeystore(Path file, String why) {
    return new IllegalArgumentException("keystore " + file + ": " + why);
  }
}
