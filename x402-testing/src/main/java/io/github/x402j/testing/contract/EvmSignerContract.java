// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.github.x402j.Address;
import io.github.x402j.evm.EvmSigner;
import java.io.ByteArrayOutputStream;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link EvmSigner} does: it signs for its account, from several threads, and does not
 * show its key. Extend it in the tests of your signer, and return the signer, its account and the
 * text that must stay hidden. A key for tests is enough; its signatures are checked here and go
 * nowhere.
 */
public abstract class EvmSignerContract {
  /** Returns the signer under test. */
  public abstract EvmSigner signer();

  /** Returns the account whose key it has. */
  public abstract Address account();

  /** Returns the key in 64 hex digits, or anything else that is secret. */
  public abstract String secret();

  @Test
  void signsForItsAccount() {
    assertThat(signer().address()).isEqualTo(account());
    for (int i = 0; i < 20; i++) {
      byte[] digest = digest(i);
      assertThat(signer().sign(digest).signerOf(digest)).contains(account());
    }
  }

  @Test
  void leavesTheDigestAsItIs() {
    byte[] digest = digest(7);
    signer().sign(digest);
    assertThat(digest).isEqualTo(digest(7));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 33, 64})
  void refusesWhatIsNoDigest(int length) {
    assertThatThrownBy(() -> signer().sign(new byte[length]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void signsForSeveralThreadsAtATime() {
    EvmSigner signer = signer();
    assertThat(
            IntStream.range(0, 64)
                .parallel()
                .allMatch(
                    i ->
                        signer.sign(digest(i)).signerOf(digest(i)).orElseThrow().equals(account())))
        .isTrue();
  }

  @Test
  void showsItsKeyToNobody() throws Exception {
    EvmSigner signer = signer();
    assertHidden(signer.toString());
    assertHidden(String.format("%s %s", signer, signer.sign(digest(1))));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Throwable refused = catchThrowable(() -> new ObjectOutputStream(bytes).writeObject(signer));
    assertThat(refused).isInstanceOf(NotSerializableException.class);
    assertHidden(bytes.toString(StandardCharsets.ISO_8859_1));
    assertHidden(
        new ObjectMapper()
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .writeValueAsString(signer));
    assertHidden(String.valueOf(catchThrowable(() -> signer.sign(new byte[5]))));
  }

  private void assertHidden(String text) {
    assertThat(text.toLowerCase(Locale.ROOT)).doesNotContain(secret().toLowerCase(Locale.ROOT));
  }

  private static byte[] digest(int seed) {
    byte[] digest = new byte[32];
    Arrays.fill(digest, (byte) (seed * 37 + 1));
    return digest;
  }
}
