// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What gas may cost when nothing is configured. */
class FeeCeilingTest {
  private static final Address PAY_TO = Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192");
  private static final BigInteger GAS = BigInteger.valueOf(104_000);
  private static final BigInteger GWEI = BigInteger.valueOf(1_000_000_000L);

  private static PaymentRequirements sold(Token token, long units) {
    return PaymentRequirements.exact(token, TokenAmount.of(units), PAY_TO, Duration.ofSeconds(60));
  }

  private static BigInteger ceiling(Token token, long units) {
    return new FeeCeiling.ThePrice().of(sold(token, units), GAS);
  }

  /** The coins' worth as of the day on which this was written, rounded up. */
  @ParameterizedTest
  @CsvSource({"8453, 4000", "42161, 4000", "137, 0.5", "143, 0.1"})
  void theGasOfASettlementCostsNoMoreThanWhatIsSoldAndNoMoreThanADollar(
      long chainId, BigDecimal dollarsPerCoin) {
    Token usdc = Usdc.on(new Network(chainId)).orElseThrow();
    for (long units : List.of(1L, 1_000L, 10_000L, 990_000L, 1_000_000L, 5_000_000_000L)) {
      BigDecimal cost =
          new BigDecimal(ceiling(usdc, units).multiply(GAS))
              .movePointLeft(18)
              .multiply(dollarsPerCoin);
      BigDecimal price = BigDecimal.valueOf(units, 6);
      assertThat(cost).as("%s for %s", usdc.network(), price).isLessThanOrEqualTo(price);
      assertThat(cost).isLessThanOrEqualTo(BigDecimal.ONE);
    }
  }

  /** Usual prices of gas, in thousandths of a gwei; a cent must sell at them. */
  @ParameterizedTest
  @CsvSource({"8453, 10", "42161, 20", "137, 60000", "143, 150000"})
  void aCentSellsAtUsualPrices(long chainId, long milliGwei) throws Exception {
    BigInteger price = BigInteger.valueOf(milliGwei).multiply(BigInteger.valueOf(1_000_000));
    BigInteger ceiling = ceiling(Usdc.on(new Network(chainId)).orElseThrow(), 10_000);
    Chain.Quote quote = new Chain.Quote(GAS, null, price, BigInteger.ONE, price);
    assertThat(GasAccount.Fees.of(quote, ceiling).price().most()).isLessThanOrEqualTo(ceiling);
  }

  @Test
  void gasThatCostsMoreThanWhatIsSoldIsNotBought() {
    BigInteger ceiling = ceiling(Usdc.BASE, 10_000);
    assertThat(ceiling).isLessThan(GWEI);
    Chain.Quote dear = new Chain.Quote(GAS, null, GWEI, BigInteger.ONE, GWEI);
    assertThatThrownBy(() -> GasAccount.Fees.of(dear, ceiling))
        .isInstanceOf(FacilitatorException.class)
        .hasMessageContaining("ceiling");
  }

  @Test
  void whereThePriceOrTheCoinIsNotKnownItIsAsEver() {
    Token other = new Token(Network.BASE, PAY_TO, 18, "EURC", "2");
    for (Token token : List.of(other, Usdc.BASE_SEPOLIA, Usdc.ARBITRUM_SEPOLIA)) {
      assertThat(ceiling(token, 10_000)).isEqualTo(EvmFacilitator.DEFAULT_FEE_CEILING);
    }
    assertThat(new FeeCeiling.Fixed(GWEI).of(sold(Usdc.BASE, 1), GAS)).isEqualTo(GWEI);
  }
}
