// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Some requests a day cost nothing. */
class FreeQuotaTest {
  private final MutableClock clock = new MutableClock(Instant.parse("2026-01-01T23:59:00Z"));
  private final FreeQuota quota = new FreeQuota(2, request -> request.header("User"), clock, 3);

  private boolean isFree(String user) {
    AccessRequest request =
        new AccessRequest(
            Sale.REQUIRED,
            Sale.purchase(Sale.REQUEST),
            Sale.headers("User", user),
            AccessRequest.Details.NONE);
    return quota.decide(request) instanceof AccessDecision.Grant;
  }

  @Test
  void eachClientHasItsNumberOfRequestsADay() {
    assertThat(isFree("ann")).isTrue();
    assertThat(isFree("ann")).isTrue();
    assertThat(isFree("ann")).isFalse();
    assertThat(isFree("bob")).isTrue();
    clock.advance(Duration.ofMinutes(1));
    assertThat(isFree("ann")).isTrue();
  }

  @Test
  void aClockThatIsSetBackGivesNothing() {
    isFree("ann");
    isFree("ann");
    clock.advance(Duration.ofDays(-1));
    assertThat(isFree("ann")).isFalse();
  }

  @Test
  void whoComesWhenTheMemoryIsFullPays() {
    IntStream.range(0, 3).forEach(i -> assertThat(isFree("user " + i)).isTrue());
    assertThat(isFree("user 3")).isFalse();
    assertThat(isFree("user 0")).isTrue();
  }

  @Test
  void whoHasNoNameOrALongOnePays() {
    assertThat(isFree("x".repeat(256))).isTrue();
    assertThat(isFree("x".repeat(257))).isFalse();
    FreeQuota withoutKey = FreeQuota.perDay(1, request -> java.util.Optional.empty());
    assertThat(withoutKey.decide(null)).isEqualTo(AccessDecision.charge());
  }

  @Test
  void aQuotaIsAtLeastOne() {
    assertThatIllegalArgumentException().isThrownBy(() -> FreeQuota.perDay(0, request -> null));
  }
}
