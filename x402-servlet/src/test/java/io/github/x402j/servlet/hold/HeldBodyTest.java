// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes in comes out, from memory, from the file, and from both. */
class HeldBodyTest {
  private static HeldLimits limits(long maxBytes, int memoryBytes) {
    return new HeldLimits(maxBytes, memoryBytes, 1024);
  }

  private static byte[] bytes(HeldBody body) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    body.writeTo(out);
    return out.toByteArray();
  }

  /** Lengths around the sizes of the chunks, and a file that begins anywhere. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1023, 1024, 1025, 100_000, 10_000_000})
  void givesBackWhatWasWrittenInAnyPieces(int memoryBytes) throws IOException {
    Random random = new Random(402);
    int[] around = {0, 1, 2, 1023, 1024, 1025, 65_535, 65_536, 65_537, 70_000};
    for (int round = 0; round < 40; round++) {
      HeldBody body = new HeldBody(limits(1_000_000, memoryBytes));
      ByteArrayOutputStream expected = new ByteArrayOutputStream();
      for (int piece = 0; piece < 12; piece++) {
        byte[] bytes = new byte[around[random.nextInt(around.length)] + 3];
        random.nextBytes(bytes);
        int length = bytes.length - 3;
        if (expected.size() + length <= 1_000_000) {
          body.write(bytes, 2, length);
          expected.write(bytes, 2, length);
        }
        if (random.nextInt(15) == 0) {
          body.clear();
          expected.reset();
        }
        assertThat(body.size()).isEqualTo(expected.size());
      }
      assertThat(bytes(body)).isEqualTo(expected.toByteArray());
      body.release();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 1_000_000})
  void takesItsLimitAndNotAByteMore(int memoryBytes) throws IOException {
    HeldBody body = new HeldBody(limits(2_000, memoryBytes));
    body.write(new byte[2_000], 0, 2_000);
    body.write(new byte[0], 0, 0);

    assertThatThrownBy(() -> body.write(new byte[1], 0, 1))
        .isInstanceOf(OverflowException.class)
        .hasMessageContaining("2000");
    assertThat(bytes(body)).hasSize(2_000);
    body.release();
  }

  @Test
  void givesTextToAWriter() throws IOException {
    HeldBody body = new HeldBody(limits(2_000, 3));
    byte[] text = "gr\u00fc\u00dfe".getBytes(UTF_8);
    body.write(text, 0, text.length);
    StringWriter out = new StringWriter();
    body.writeTo(out, UTF_8);

    assertThat(out).hasToString("gr\u00fc\u00dfe");
    body.release();
  }

  @Test
  void isEmptyOnceItIsReleasedAndTakesNoMore() throws IOException {
    for (int memoryBytes : new int[] {0, 5, 100}) {
      HeldBody body = new HeldBody(limits(2_000, memoryBytes));
      body.write(new byte[20], 0, 20);
      body.release();
      body.release();

      assertThat(bytes(body)).isEmpty();
      assertThat(body.size()).isZero();
      assertThatThrownBy(() -> body.write(new byte[1], 0, 1)).isInstanceOf(IOException.class);
    }
  }
}
