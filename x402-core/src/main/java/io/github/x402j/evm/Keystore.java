// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.web3j.crypto.ECKeyPair;
import org.web3j.crypto.Keys;
import org.web3j.crypto.Wallet;
import org.web3j.crypto.WalletFile;
import org.web3j.crypto.exception.CipherException;

/** Reads keys from files that are encrypted with a password. */
final class Keystore {
  private static final long MAX_BYTES = 64 * 1024;

  private Keystore() {}

  static ECKeyPair read(Path file, char[] password) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw noKeystore(file, "expected at most " + MAX_BYTES + " bytes");
    }
    WalletFile keystore = parse(file, Files.readString(file));
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
