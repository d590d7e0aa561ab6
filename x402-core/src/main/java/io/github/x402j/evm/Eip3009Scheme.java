// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Recent;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Scheme {@code exact} by EIP-3009: the token itself takes the payer's authorization (specification
 * {@code scheme_exact_evm}, section 1).
 */
final class Eip3009Scheme implements EvmScheme {

  private static final int MAX_DOMAINS = 1_000;

  /**
   * Bounded: a payment that was begun names the token of its time, which the payer could invent.
   */
  private final Recent<Token, byte[]> domainSeparators = new Recent<>(MAX_DOMAINS);

  @Override
  public String name() {
    return PaymentRequirements.EXACT;
  }

  @Override
  public boolean covers(PaymentRequirements requirements) {
    return requirements.scheme().equals(PaymentRequirements.EXACT)
        && requirements.takesAuthorization();
  }

  @Override
  public EvmPayment read(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException {
    return new Eip3009Payment(
        payload.scheme(),
        payload.network(),
        ExactEvmPayload.parse(payload.payload()),
        requirements,
        domainSeparator(requirements));
  }

  private byte[] domainSeparator(PaymentRequirements requirements)
      throws MalformedPaymentException {
    Token token;
    try {
      token = tokenOf(requirements);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new MalformedPaymentException("accepted: " + e.getMessage());
    }
    Optional<byte[]> known = domainSeparators.get(token);
    if (known.isPresent()) {
      return known.get();
    }
    byte[] separator = Eip712.domainSeparator(token);
    domainSeparators.put(token, separator);
    return separator;
  }

  @Override
  public void start(PaymentRequirements offered, @Nullable Chain chain)
      throws FacilitatorException {
    Token token = tokenOf(offered);
    if (chain == null) {
      requireKnownName(token);
    } else {
      requireContract(token, chain);
      OnChainToken.requireDecimals(offered, chain);
    }
  }

  private static void requireContract(Token token, Chain chain) throws FacilitatorException {
    if (!chain.hasCode(token.contract())) {
      throw new IllegalStateException(
          "asset: there is no contract at " + token.contract() + " on " + token.network());
    }
    Chain.CallResult result =
        chain.call(List.of(Chain.Call.latest(token.contract(), Eip3009.domainSeparator()))).get(0);
    if (!(result instanceof Chain.CallResult.Returned returned)
        || returned.data().length() != 2 + 64) {
      throw new IllegalStateException(
          "asset: "
              + token.contract()
              + " has no DOMAIN_SEPARATOR(); is it a token with EIP-3009?");
    }
    if (!returned.data().equals(Hex.text(Eip712.domainSeparator(token)))) {
      throw new IllegalStateException(
          String.format(
              "asset: the domain separator of %s is not that of name \"%s\" and version \"%s\" on"
                  + " %s; correct the token's EIP-712 name or version",
              token.contract(), token.name(), token.version(), token.network()));
    }
  }

  private static void requireKnownName(Token token) {
    Stablecoin coin = Stablecoin.of(token.network(), token.contract()).orElse(null);
    if (coin != null
        && !(coin.token().name().equals(token.name())
            && coin.token().version().equals(token.version()))) {
      throw new IllegalStateException(
          String.format(
              "asset: %s on %s signs as name \"%s\" and version \"%s\", not \"%s\" and \"%s\"",
              coin.symbol(),
              token.network(),
              coin.token().name(),
              coin.token().version(),
              token.name(),
              token.version()));
    }
  }

  /** The token without its decimals, on which no signature depends. */
  private static Token tokenOf(PaymentRequirements requirements) {
    return new Token(
        requirements.network(),
        requirements.asset(),
        0,
        extra(requirements, "name"),
        extra(requirements, "version"));
  }

  private static String extra(PaymentRequirements requirements, String name) {
    if (requirements.extra().get(name) instanceof String text) {
      return text;
    }
    throw new IllegalStateException(
        "extra." + name + ": the EIP-712 domain of " + requirements.asset() + " needs it");
  }
}
