// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.client.ReceiptStore;
import io.github.x402j.client.StoredReceipt;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ReceiptStore} does. Extend it in the tests of your store, and return an empty
 * one from {@link #store}. Tests of your own can use {@link #receipt} and {@link #token}.
 */
public abstract class ReceiptStoreContract {
  /** The time of these tests. */
  public static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");

  /** An origin. */
  public static final String SHOP = "https://shop.example:443";

  /** Returns an empty store that keeps at most this number of receipts. */
  public abstract ReceiptStore store(int capacity) throws Exception;

  /** Returns a receipt for {@code GET /pass}. */
  public static StoredReceipt receipt(
      String origin, @Nullable Long uses, Instant expires, String id) {
    return new StoredReceipt(origin, List.of("GET /pass"), uses, expires, token(id, expires));
  }

  /** Returns a token with this identifier, which is never checked. */
  public static String token(String id, Instant expires) {
    String claims = "{\"jti\":\"" + id + "\",\"exp\":" + expires.getEpochSecond() + "}";
    return "e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
        + ".sig";
  }

  @Test
  void givesWhatIsOfTheOriginAndNotExpired() throws Exception {
    ReceiptStore store = store(10);
    StoredReceipt soon = receipt(SHOP, null, NOW.plusSeconds(60), "soon");
    StoredReceipt later = receipt(SHOP, 3L, NOW.plusSeconds(90), "later");
    store.keep(soon);
    store.keep(later);
    store.keep(receipt(SHOP, null, NOW, "expired"));
    store.keep(receipt("https://other.example:443", null, NOW.plusSeconds(60), "other"));
    store.keep(receipt("http://shop.example:80", null, NOW.plusSeconds(60), "plain"));

    assertThat(store.of(SHOP, NOW)).containsExactly(later, soon);
    assertThat(store.of(SHOP, NOW.plusSeconds(60))).containsExactly(later);
  }

  @Test
  void keepsOneReceiptOnceAndForgetsIt() throws Exception {
    ReceiptStore store = store(10);
    StoredReceipt receipt = receipt(SHOP, 3L, NOW.plusSeconds(60), "a");
    store.keep(receipt);
    StoredReceipt used = receipt(SHOP, 2L, NOW.plusSeconds(60), "a");
    store.keep(used);
    assertThat(store.of(SHOP, NOW)).containsExactly(used);
    store.drop(receipt);
    store.drop(receipt);
    assertThat(store.all()).isEmpty();
  }

  @Test
  void makesRoomByWhatIsLeastUseful() throws Exception {
    ReceiptStore store = store(2);
    StoredReceipt proof = receipt(SHOP, 0L, NOW.plusSeconds(900), "proof");
    StoredReceipt soon = receipt(SHOP, null, NOW.plusSeconds(60), "soon");
    StoredReceipt later = receipt(SHOP, 3L, NOW.plusSeconds(90), "later");
    store.keep(proof);
    store.keep(soon);
    store.keep(later);
    assertThat(store.all()).containsExactlyInAnyOrder(soon, later);
    store.keep(receipt(SHOP, 1L, NOW.plusSeconds(70), "between"));
    assertThat(store.all()).doesNotContain(soon).contains(later).hasSize(2);
  }
}
