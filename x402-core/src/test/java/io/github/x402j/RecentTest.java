// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RecentTest {
  private final Recent<Integer, String> recent = new Recent<>(1_000);

  @Test
  void keepsTheNewestOfKeysThatAreUsedOnce() {
    for (int key = 0; key < 5_000; key++) {
      recent.put(key, "value " + key);
    }
    for (int key = 4_000; key < 5_000; key++) {
      assertThat(recent.get(key)).contains("value " + key);
    }
    assertThat(recent.get(3_999)).isEmpty();
    assertThat(recent.get(0)).isEmpty();
  }

  @Test
  void mergesAndForgets() {
    assertThat(recent.merge(1, "a", String::concat)).isEqualTo("a");
    assertThat(recent.merge(1, "b", String::concat)).isEqualTo("ab");
    recent.remove(1);
    assertThat(recent.get(1)).isEmpty();
  }
}
