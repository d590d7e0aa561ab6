// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.gate.SignInStore;
import io.github.x402j.gate.SignInStore.Bought;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SignInStore} does. Extend it in the tests of your store and return an empty one
 * from {@link #emptyStore}; JUnit then runs each of these tests on it.
 */
public abstract class SignInStoreContract {
  private static final Instant NOON = Instant.parse("2026-11-03T12:00:00Z");
  private static final String ITEM = "ab".repeat(32);
  private static final String OTHER_ITEM = "cd".repeat(32);
  private static final Address PAYER = Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192");
  private static final Address OTHER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");

  /** Returns an empty store with room for at least a thousand purchases and sign-ins. */
  public abstract SignInStore emptyStore();

  private static Bought bought(Network network, Instant until) {
    return new Bought(ITEM, PAYER, network, until);
  }

  @Test
  void itsKeyIsRandomAndStaysTheSame() {
    SignInStore store = emptyStore();
    byte[] key = store.nonceKey();
    assertThat(key).hasSize(SignInStore.KEY_BYTES).isNotEqualTo(new byte[SignInStore.KEY_BYTES]);
    key[0]++;
    assertThat(store.nonceKey()).isNotEqualTo(key).isEqualTo(store.nonceKey());
  }

  @Test
  void knowsWhoHasBoughtWhatOnWhichChainUntilItsTimeIsOver() {
    SignInStore store = emptyStore();
    assertThat(store.boughtOn(ITEM, PAYER, NOON)).isEmpty();
    store.record(bought(Network.BASE, NOON.plusSeconds(60)));
    store.record(bought(Network.POLYGON, NOON.plusSeconds(90)));
    assertThat(store.boughtOn(ITEM, PAYER, NOON))
        .containsExactlyInAnyOrder(Network.BASE, Network.POLYGON);
    assertThat(store.boughtOn(ITEM, PAYER, NOON.plusSeconds(59)))
        .containsExactlyInAnyOrder(Network.BASE, Network.POLYGON);
    assertThat(store.boughtOn(ITEM, PAYER, NOON.plusSeconds(60))).containsExactly(Network.POLYGON);
    assertThat(store.boughtOn(ITEM, PAYER, NOON.plusSeconds(90))).isEmpty();
    assertThat(store.boughtOn(OTHER_ITEM, PAYER, NOON)).isEmpty();
    assertThat(store.boughtOn(ITEM, OTHER, NOON)).isEmpty();
  }

  @Test
  void aPurchaseProlongsAnEarlierOneAndNeverShortensIt() {
    SignInStore store = emptyStore();
    store.record(bought(Network.BASE, NOON.plusSeconds(60)));
    store.record(bought(Network.BASE, NOON.plusSeconds(120)));
    store.record(bought(Network.BASE, NOON.plusSeconds(30)));
    assertThat(store.boughtOn(ITEM, PAYER, NOON.plusSeconds(119))).containsExactly(Network.BASE);
    assertThat(store.boughtOn(ITEM, PAYER, NOON.plusSeconds(120))).isEmpty();
  }

  @Test
  void aNonceIsUsedOnce() {
    SignInStore store = emptyStore();
    assertThat(store.use("Nonce0001", NOON.plusSeconds(60), NOON)).isTrue();
    assertThat(store.use("Nonce0001", NOON.plusSeconds(60), NOON)).isFalse();
    assertThat(store.use("Nonce0001", NOON.plusSeconds(60), NOON.plusSeconds(59))).isFalse();
    assertThat(store.use("nonce0001", NOON.plusSeconds(60), NOON)).isTrue();
    assertThat(store.use("a".repeat(128), NOON.plusSeconds(60), NOON)).isTrue();
  }

  @Test
  void ofManyWithOneNonceOneGetsIt() throws Exception {
    SignInStore store = emptyStore();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 5; round++) {
        String nonce = "manyOf000" + round;
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          all.add(() -> store.use(nonce, NOON.plusSeconds(60), NOON));
        }
        int winners = 0;
        for (Future<Boolean> each : threads.invokeAll(all)) {
          winners += each.get() ? 1 : 0;
        }
        assertThat(winners).isEqualTo(1);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
