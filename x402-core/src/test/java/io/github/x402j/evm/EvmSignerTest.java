// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in environment variables, in one process that has them all. */
class EvmSignerTest {
  private static final String DIGITS =
      "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
  private static final String ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
  private static final String N =
      "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
  private static final String N_LESS_1 = N.substring(0, 63) + "0";

  private static final Map<String, String> VARIABLES = new LinkedHashMap<>();
  private static final Map<String, String> SAID = new LinkedHashMap<>();

  static {
    VARIABLES.put("GOOD", DIGITS);
    VARIABLES.put("GOOD_0X", "0x" + DIGITS);
    VARIABLES.put("GOOD_UPPER", DIGITS.toUpperCase(Locale.ROOT));
    VARIABLES.put("GOOD_SPACES", "  0x" + DIGITS + "\n");
    VARIABLES.put("GOOD_LARGEST", N_LESS_1);
    VARIABLES.put("GOOD_SMALLEST", "0".repeat(63) + "1");
    VARIABLES.put("BAD_SHORT", DIGITS.substring(1));
    VARIABLES.put("BAD_LONG", DIGITS + "0");
    VARIABLES.put("BAD_0X_ONLY", "0x");
    VARIABLES.put("BAD_0X_TWICE", "0x0x" + DIGITS.substring(4));
    VARIABLES.put("BAD_SIGN", "+" + DIGITS.substring(1));
    VARIABLES.put("BAD_NO_HEX", "x" + DIGITS.substring(1));
    VARIABLES.put("BAD_ARABIC", "\u0664" + DIGITS.substring(1));
    VARIABLES.put("BAD_WORDS", "correct horse battery staple");
    VARIABLES.put("BAD_TWO", DIGITS + " " + DIGITS);
    VARIABLES.put("BAD_ZERO", "0".repeat(64));
    VARIABLES.put("BAD_N", N);
    VARIABLES.put("BAD_LARGER_THAN_N", "f".repeat(64));
    VARIABLES.put("BAD_EMPTY", "");
    VARIABLES.put("BAD_BLANK", "  \t ");
  }

  /** Says of each variable what becomes of it, all of it: messages, causes, stack traces. */
  public static void main(String[] variables) throws IOException {
    for (String variable : variables) {
      System.out.println(variable + "=" + said(variable).replace('\n', ' '));
    }
  }

  private static String said(String variable) throws IOException {
    try {
      EvmSigner signer = EvmSigner.fromEnvironment(variable);
      return signer.address() + " " + signer + " " + serialised(signer);
    } catch (IllegalArgumentException e) {
      StringWriter all = new StringWriter();
      e.printStackTrace(new PrintWriter(all));
      return e.getMessage() + " | " + all;
    }
  }

  private static String serialised(EvmSigner signer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(signer);
      return "serialised";
    } catch (NotSerializableException e) {
      return "not serialisable";
    }
  }

  @BeforeAll
  static void askAnotherProcess() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dfile.encoding=UTF-8",
                "-cp",
                System.getProperty("java.class.path"),
                EvmSignerTest.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.command().addAll(VARIABLES.keySet());
    builder.command().add("BAD_MISSING");
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().putAll(VARIABLES);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    out.lines().forEach(line -> SAID.put(line.split("=", 2)[0], line.split("=", 2)[1]));
    assertThat(SAID.keySet()).containsAll(VARIABLES.keySet()).contains("BAD_MISSING");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GOOD", "GOOD_0X", "GOOD_UPPER", "GOOD_SPACES"})
  void takesAKeyWithAndWithoutPrefix(String variable) {
    assertThat(SAID.get(variable)).startsWith(ADDRESS + " ");
  }

  @Test
  void takesTheSmallestAndTheLargestKey() {
    assertThat(SAID.get("GOOD_SMALLEST")).startsWith("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    assertThat(SAID.get("GOOD_LARGEST")).startsWith("0x80C0dbf239224071c59dD8970ab9d542E3414aB2");
  }

  @Test
  void refusesEverythingElseAndNamesTheVariable() {
    SAID.forEach(
        (variable, said) -> {
          if (variable.startsWith("BAD")) {
            assertThat(said)
                .startsWith("environment variable " + variable + ": ")
                .containsAnyOf("64 hex digits", "1 to n - 1", "expected a private key");
          }
        });
  }

  @Test
  void showsNoPartOfAnyValueAnywhere() {
    String all = String.join("\n", SAID.values()).toLowerCase(Locale.ROOT);
    VARIABLES.values().stream()
        .map(value -> value.strip().toLowerCase(Locale.ROOT))
        .filter(value -> value.length() > 16)
        .forEach(
            value ->
                assertThat(all)
                    .doesNotContain(value.substring(0, 12))
                    .doesNotContain(value.substring(value.length() - 12)));
  }

  @Test
  void aSignerShowsItsAddressAloneAndIsNotSerialised() {
    assertThat(SAID.get("GOOD"))
        .isEqualTo(ADDRESS + " EvmSigner[" + ADDRESS + ", key redacted] not serialisable");
  }
}
