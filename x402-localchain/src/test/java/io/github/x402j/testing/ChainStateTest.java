// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Wei;
import org.junit.jupiter.api.Test;

/** The blocks and the time of a chain whose clock stands still. */
class ChainStateTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Address RICH =
      Address.fromHexString("0x00000000000000000000000000000000000000aa");

  private final MutableClock clock = new MutableClock(NOW);
  private final ChainState chain =
      new ChainState(Evm.of(84532), 84532, clock, Map.of(RICH, Wei.of(1)));

  @Test
  void beginsWithABlockThatHasNoTransactions() {
    assertThat(chain.head().number()).isZero();
    assertThat(chain.head().transactions()).isEmpty();
    assertThat(chain.head().header().getTimestamp()).isEqualTo(NOW.getEpochSecond());
    assertThat(chain.nonce(RICH)).isZero();
  }

  @Test
  void stampsTheNextBlockWithTheClockAndNeverEarlierThanItsParent() {
    clock.advance(Duration.ofSeconds(5));
    chain.mine();
    assertThat(chain.head().header().getTimestamp()).isEqualTo(NOW.getEpochSecond() + 5);

    clock.advance(Duration.ofSeconds(-60));
    chain.mine();
    assertThat(chain.head().header().getTimestamp()).isEqualTo(NOW.getEpochSecond() + 5);

    chain.advanceTime(Duration.ofMinutes(2));
    assertThat(chain.now()).isEqualTo(NOW.plusSeconds(5 - 60 + 120));
  }

  @Test
  void findsABlockByNumberAndHashAndNoOther() {
    chain.mine();
    MinedBlock first = chain.head();
    assertThat(chain.block(1)).contains(first);
    assertThat(chain.block(first.hash())).contains(first);
    assertThat(chain.block(2)).isEmpty();
    assertThat(chain.block(-1)).isEmpty();
    assertThat(chain.blockHash(7)).isEqualTo(Hash.ZERO);
  }

  @Test
  void returnsARangeOfBlocksWithinTheChain() {
    chain.mine();
    chain.mine();
    assertThat(chain.blocks(1, 2)).extracting(MinedBlock::number).containsExactly(1L, 2L);
    assertThat(chain.blocks(-5, 100)).hasSize(3);
    assertThat(chain.blocks(2, 1)).isEmpty();
  }

  @Test
  void forgetsWhatCameAfterTheBlockThatItGoesBackTo() {
    chain.mine();
    MinedBlock kept = chain.head();
    chain.mine();
    MinedBlock gone = chain.head();

    chain.revertTo(kept.hash());

    assertThat(chain.head()).isEqualTo(kept);
    assertThat(chain.block(gone.hash())).isEmpty();
    assertThatThrownBy(() -> chain.revertTo(gone.hash()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no block");
  }
}
