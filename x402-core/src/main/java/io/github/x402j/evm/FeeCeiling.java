// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Stablecoin;
import java.math.BigInteger;
import java.util.Map;

/** The most that a unit of gas may cost in a settlement. */
sealed interface FeeCeiling {

  /** Returns wei per gas. */
  BigInteger of(PaymentRequirements sold, BigInteger gas);

  /**
   * The same for every sale.
   *
   * @param weiPerGas more than zero
   */
  record Fixed(BigInteger weiPerGas) implements FeeCeiling {
    @Override
    public BigInteger of(PaymentRequirements sold, BigInteger gas) {
      return weiPerGas;
    }
  }

  /**
   * Such that the gas costs no more than what is sold, and no more than a dollar. It needs a price
   * in dollars, that is in a {@link Stablecoin} of a dollar, and a chain whose coin is known here;
   * elsewhere it is {@link EvmFacilitator#DEFAULT_FEE_CEILING}.
   */
  record ThePrice() implements FeeCeiling {
    private static final BigInteger WEI_PER_COIN = BigInteger.TEN.pow(18);
    private static final int DOLLAR_DECIMALS = 6;
    private static final BigInteger DOLLAR = BigInteger.TEN.pow(DOLLAR_DECIMALS);

    private static final long ETHER = 4_000_000_000L;
    private static final long POL = 500_000L;
    private static final long MON = 100_000L;

    /**
     * The worth of a chain's coin in millionths of a dollar, the atomic units of these tokens: a
     * high one, so that the gas costs less than the ceiling allows. The coins of test networks are
     * worth nothing.
     */
    private static final Map<Network, Long> COINS =
        Map.of(
            Network.BASE, ETHER,
            Network.ETHEREUM, ETHER,
            Network.ARBITRUM_ONE, ETHER,
            Network.ABSTRACT, ETHER,
            Network.HPP, ETHER,
            Network.POLYGON, POL,
            Network.MONAD, MON);

    @Override
    public BigInteger of(PaymentRequirements sold, BigInteger gas) {
      Long coin = COINS.get(sold.network());
      if (coin == null || !isDollars(sold) || gas.signum() == 0) {
        return EvmFacilitator.DEFAULT_FEE_CEILING;
      }
      return sold.amount()
          .atomicUnits()
          .min(DOLLAR)
          .multiply(WEI_PER_COIN)
          .divide(BigInteger.valueOf(coin).multiply(gas));
    }

    private static boolean isDollars(PaymentRequirements sold) {
      return Stablecoin.of(sold.network(), sold.asset())
          .filter(coin -> coin.isDollar() && coin.token().decimals() == DOLLAR_DECIMALS)
          .isPresent();
    }
  }
}
