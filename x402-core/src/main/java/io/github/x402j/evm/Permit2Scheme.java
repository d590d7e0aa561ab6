// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TransferMethod;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Scheme {@code exact} by Permit2: a contract that the payer has approved moves any ERC-20 token
 * (specification {@code scheme_exact_evm}, section 2).
 */
final class Permit2Scheme implements EvmScheme {
  private static final String WITNESS_TYPE_HASH_OF_PROXY = "0x2c03ae6a";

  @Override
  public String name() {
    return PaymentRequirements.EXACT;
  }

  @Override
  public boolean covers(PaymentRequirements requirements) {
    return requirements.scheme().equals(PaymentRequirements.EXACT)
        && TransferMethod.of(requirements).equals(Optional.of(TransferMethod.PERMIT2));
  }

  @Override
  public EvmPayment read(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException {
    return new Permit2Payment(
        payload.scheme(), payload.network(), Permit2Payload.parse(payload.payload()), requirements);
  }

  /** A call of an address without code succeeds and moves nothing, so each contract is asked. */
  @Override
  public void start(PaymentRequirements offered, @Nullable Chain chain)
      throws FacilitatorException {
    if (chain == null) {
      return;
    }
    String where = " on " + offered.network() + "; payments by Permit2 need it";
    if (!chain.hasCode(Permit2.ADDRESS)) {
      throw new IllegalStateException("accepts: there is no Permit2 at " + Permit2.ADDRESS + where);
    }
    List<Chain.CallResult> proxy =
        chain.call(
            List.of(
                Chain.Call.latest(Permit2.EXACT_PROXY, Permit2Payment.PERMIT2_OF_PROXY),
                Chain.Call.latest(Permit2.EXACT_PROXY, WITNESS_TYPE_HASH_OF_PROXY)));
    if (!isProxy(proxy.get(0))
        || !proxy.get(1).equals(new Chain.CallResult.Returned(Permit2.WITNESS_TYPE_HASH))) {
      throw new IllegalStateException(
          "accepts: there is no x402ExactPermit2Proxy at " + Permit2.EXACT_PROXY + where);
    }
    if (!chain.hasCode(Multicall.ADDRESS)) {
      throw new IllegalStateException(
          "accepts: there is no Multicall3 at " + Multicall.ADDRESS + where);
    }
    requireToken(offered, chain);
  }

  private static void requireToken(PaymentRequirements offered, Chain chain)
      throws FacilitatorException {
    if (!chain.hasCode(offered.asset())) {
      throw new IllegalStateException(
          "asset: there is no contract at " + offered.asset() + " on " + offered.network());
    }
    OnChainToken.requireDecimals(offered, chain);
  }

  /** Returns whether this is the proxy's answer to {@link Permit2Payment#PERMIT2_OF_PROXY}. */
  static boolean isProxy(Chain.CallResult result) {
    return result instanceof Chain.CallResult.Returned returned
        && returned.data().equals("0x" + "0".repeat(24) + Permit2.ADDRESS.lowerCase().substring(2));
  }
}
