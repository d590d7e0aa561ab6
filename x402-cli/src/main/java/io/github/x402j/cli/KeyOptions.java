// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.evm.EvmKeystore;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the key of an agent is: in an environment variable, or in an encrypted keystore. */
final class KeyOptions {
  private static final String DEFAULT_VARIABLE = "X402_KEY";

  @Option(
      names = "--key-env",
      paramLabel = "NAME",
      description =
          "The environment variable with the private key. Default: the agent's keystore in --keys,"
              + " or for pay without one X402_KEY.")
  @Nullable String keyVariable;

  @Option(
      names = "--keys",
      paramLabel = "DIRECTORY",
      defaultValue = "${env:X402_KEYS:-${sys:user.home}/.x402/keys}",
      description = {
        "Where the encrypted keystores of the agents are, one file each.",
        "Default: $$X402_KEYS, or .x402/keys in your home."
      })
  Path directory = Path.of("");

  @Option(
      names = "--password-env",
      paramLabel = "NAME",
      defaultValue = "X402_KEYSTORE_PASSWORD",
      description =
          "The environment variable with the keystore's password. Without it, and without"
              + " --password-file, the terminal asks. Default: ${DEFAULT-VALUE}.")
  String passwordVariable = "";

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the keystore's password.")
  @Nullable Path passwordFile;

  /** Returns the keystore of the agent, which need not be there. */
  Path keystore(String agent) {
    return directory.resolve(agent + ".json");
  }

  /**
   * Returns the signer of the agent.
   *
   * @param agent null for a payment without a wallet
   * @throws IllegalArgumentException if there is no key, or the password is wrong
   */
  EvmSigner signer(Terminal terminal, @Nullable String agent) throws IOException {
    boolean inKeystore =
        keyVariable == null && agent != null && Files.exists(keystore(String.valueOf(agent)));
    if (!inKeystore) {
      return terminal.signer(keyVariable == null ? DEFAULT_VARIABLE : keyVariable);
    }
    return EvmSigner.fromKeystore(
        keystore(String.valueOf(agent)), password(terminal, String.valueOf(agent), false));
  }

  /** Makes a keystore with a new key, or with the key in a variable. */
  EvmSigner create(Terminal terminal, String agent, @Nullable String importVariable)
      throws IOException {
    Path file = keystore(agent);
    if (importVariable == null) {
      return EvmKeystore.create(file, password(terminal, agent, true));
    }
    terminal.signer(importVariable); // its message names the variable
    @Nullable String key = terminal.environment().apply(importVariable);
    return EvmKeystore.importKey(
        file, password(terminal, agent, true), key == null ? null : key.trim());
  }

  private char[] password(Terminal terminal, String agent, boolean isNew) throws IOException {
    Path file = passwordFile;
    if (file != null) {
      return firstLine(file);
    }
    @Nullable String value = terminal.environment().apply(passwordVariable);
    if (value != null && !value.isEmpty()) {
      return value.toCharArray();
    }
    char[] typed = terminal.password("Password of the keystore of " + agent + ": ");
    if (typed == null) {
      throw new IllegalArgumentException(
          "keystore password: expected it in environment variable "
              + passwordVariable
              + ", in --password-file, or typed at a terminal; found none of them");
    }
    if (isNew && !Arrays.equals(typed, terminal.password("The same again: "))) {
      throw new IllegalArgumentException("keystore password: the two are not the same");
    }
    return typed;
  }

  private static char[] firstLine(Path file) throws IOException {
    CharBuffer text = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(Files.readAllBytes(file)));
    int end = 0;
    while (end < text.length() && text.charAt(end) != '\n' && text.charAt(end) != '\r') {
      end++;
    }
    char[] password = new char[end];
    text.get(password);
    return password;
  }
}
