// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JWSVerifier;
import io.github.x402j.AcceptedReceipt;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentRequired;
import io.github.x402j.TransferConfirmation;
import io.github.x402j.TransferConfirmation.Answer;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.ReceiptAcceptor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks receipts with configured keys only. It never uses a key, a URL or an algorithm that a
 * token names.
 *
 * <p>Usable alone, through {@link #verify}, and in a {@link io.github.x402j.gate.PaymentGate}. Safe
 * for use by several threads.
 */
public final class ReceiptVerifier implements ReceiptAcceptor, AutoCloseable {
  /** The {@code typ} of every receipt. */
  public static final String TYPE = "x402-receipt+jwt";

  private static final Logger log = LoggerFactory.getLogger(ReceiptVerifier.class);

  private final Map<String, Trusted> issuers;
  private final Clock clock;
  private final VerifiedTokens verified = new VerifiedTokens(VerifiedTokens.MAX_TOKENS);

  private record Trusted(TrustedIssuer issuer, IssuerKeys keys) {}

  /** The result of {@link #verify}. */
  public sealed interface Verdict {
    /**
     * A trusted issuer signed it for this audience, and it has not expired.
     *
     * @param receipt its claims
     */
    record Genuine(Receipt receipt) implements Verdict {}

    /**
     * It is not valid here.
     *
     * @param detail for people; repeats nothing of the token
     */
    record Rejected(String detail) implements Verdict {}
  }

  private ReceiptVerifier(List<TrustedIssuer> trusted, Clock clock) {
    if (trusted.isEmpty()) {
      throw new IllegalArgumentException("receipt verifier: expected at least one trusted issuer");
    }
    Map<String, Trusted> byName = new LinkedHashMap<>();
    for (TrustedIssuer issuer : trusted) {
      if (byName.put(issuer.issuer(), new Trusted(issuer, issuer.keys(clock))) != null) {
        throw new IllegalArgumentException(
            "receipt verifier: issuer " + issuer.issuer() + " is configured twice");
      }
    }
    issuers = Map.copyOf(byName);
    this.clock = clock;
    issuers.values().forEach(each -> each.keys().start());
  }

  /**
   * Returns a verifier. It fetches keys behind URLs now, and in the background until {@link
   * #close}. A URL that does not answer now logs a warning, and is tried again.
   *
   * @throws IllegalArgumentException if an issuer is configured twice, or none is
   */
  public static ReceiptVerifier of(TrustedIssuer... trusted) {
    return new ReceiptVerifier(Arrays.asList(trusted), Clock.systemUTC());
  }

  /** Returns a verifier with this clock. */
  public static ReceiptVerifier of(List<TrustedIssuer> trusted, Clock clock) {
    return new ReceiptVerifier(trusted, clock);
  }

  /**
   * Returns whether the token is a receipt of a trusted issuer for its audience, now. It counts no
   * use, and compares nothing with a purchase or a chain.
   *
   * @throws MalformedPaymentException if it is not a compact JWS, or longer than 8,192 characters
   * @throws FacilitatorException if the issuer's keys are not known at present
   */
  public Verdict verify(String token) throws MalformedPaymentException, FacilitatorException {
    Optional<VerifiedTokens.Entry> known = verified.find(token);
    if (known.isPresent() && isStillTrusted(known.get())) {
      return judge(known.get());
    }
    return verifyAnew(token);
  }

  /** A key that was removed from the set, or replaced under its name, is trusted no more. */
  @SuppressWarnings("ReferenceEquality") // it is the same key only if it is the same object
  private boolean isStillTrusted(VerifiedTokens.Entry entry) throws FacilitatorException {
    Trusted trusted = issuers.get(entry.receipt().issuer());
    return trusted != null && trusted.keys().byKid().get(entry.kid()) == entry.key();
  }

  private Verdict verifyAnew(String token) throws MalformedPaymentException, FacilitatorException {
    ReceiptToken jwt = ReceiptToken.parse(token);
    Trusted trusted = jwt.issuer().map(issuers::get).orElse(null);
    if (trusted == null) {
      return new Verdict.Rejected("iss: not a trusted issuer");
    }
    Optional<String> wrong = jwt.wrongHeader(trusted.issuer());
    if (wrong.isPresent()) {
      return new Verdict.Rejected(wrong.get());
    }
    JWSVerifier key = trusted.keys().byKid().get(jwt.kid());
    if (key == null) {
      return new Verdict.Rejected("kid: not a key of the issuer");
    }
    if (!jwt.isSignedBy(key)) {
      return new Verdict.Rejected("the signature is not the issuer's");
    }
    VerifiedTokens.Entry signed;
    try {
      signed = jwt.signedBy(key);
    } catch (IllegalArgumentException e) {
      return new Verdict.Rejected("claims: " + e.getMessage());
    }
    Verdict verdict = judge(signed);
    if (verdict instanceof Verdict.Genuine) {
      verified.remember(token, signed);
    }
    return verdict;
  }

  /** Compares what the issuer signed with the audience and the time. */
  private Verdict judge(VerifiedTokens.Entry signed) {
    Receipt receipt = signed.receipt();
    TrustedIssuer issuer = trusted(receipt.issuer());
    Duration skew = issuer.clockSkew();
    Instant now = clock.instant();
    if (!receipt.audience().equals(issuer.audience())) {
      return new Verdict.Rejected("aud: another audience");
    }
    if (receipt.issuedAt().isAfter(now.plus(skew))) {
      return new Verdict.Rejected("iat: in the future");
    }
    Instant notBefore = signed.notBefore();
    if (notBefore != null && notBefore.isAfter(now.plus(skew))) {
      return new Verdict.Rejected("nbf: in the future");
    }
    if (!receipt.expiresAt().plus(skew).isAfter(now)) {
      return new Verdict.Rejected("exp: the receipt has expired");
    }
    if (receipt.lifetime().compareTo(issuer.maxLifetime()) > 0) {
      return new Verdict.Rejected("exp: further from iat than is accepted");
    }
    return new Verdict.Genuine(receipt);
  }

  @Override
  public Decision accept(String token, PaymentRequired required, Purchase purchase)
      throws MalformedPaymentException, FacilitatorException {
    Verdict verdict = verify(token);
    if (verdict instanceof Verdict.Rejected rejected) {
      return new Decision.Rejected(rejected.detail());
    }
    Receipt receipt = ((Verdict.Genuine) verdict).receipt();
    return ReceiptTerms.decide(receipt, trusted(receipt.issuer()), required, purchase);
  }

  @Override
  public Answer confirm(AcceptedReceipt receipt) throws FacilitatorException {
    Optional<TransferConfirmation> confirmation = trusted(receipt.key().issuer()).confirmation();
    return confirmation.isPresent() ? confirmation.get().confirm(receipt) : new Answer.NotNeeded();
  }

  @Override
  public Duration transactionMemory() {
    return issuers.values().stream()
        .map(trusted -> trusted.issuer().transactionMemory())
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  private TrustedIssuer trusted(String issuer) {
    Trusted trusted = issuers.get(issuer);
    if (trusted == null) {
      throw new IllegalArgumentException("not a receipt of a trusted issuer");
    }
    return trusted.issuer();
  }

  /**
   * Checks that every issuer is trusted for this audience. Receipts for another audience are for
   * another seller: whoever bought there could use them here.
   *
   * @param origin the seller's public origin
   * @throws IllegalStateException if one is not; the message names it
   */
  public void requireAudience(String origin) {
    for (Trusted each : issuers.values()) {
      if (!each.issuer().audience().equals(origin)) {
        throw new IllegalStateException(
            "acceptReceipts: issuer "
                + each.issuer().issuer()
                + " is trusted for the audience "
                + each.issuer().audience()
                + ", expected the seller's public origin, "
                + origin
                + "; pass that to TrustedIssuer.builder(...)");
      }
    }
  }

  /**
   * Checks that this verifier accepts the passes of a seller. It cannot compare keys that come from
   * a URL which does not answer now.
   *
   * @param longest the lifetime of the longest pass
   * @throws IllegalStateException if it would not accept them; the message says what was expected
   */
  public void requireOpens(ReceiptIssuer seller, Duration longest) {
    Trusted own = issuers.get(seller.issuer());
    if (own == null) {
      throw PassSaleChecks.notTrusted(seller, issuers.keySet());
    }
    PassSaleChecks checks = new PassSaleChecks(seller, own.issuer());
    checks.requireSameTerms(longest);
    try {
      if (verifyAnew(checks.trial(clock.instant())) instanceof Verdict.Rejected rejected) {
        throw checks.rejected(rejected.detail());
      }
    } catch (MalformedPaymentException e) {
      throw checks.rejected(String.valueOf(e.getMessage()));
    } catch (FacilitatorException e) {
      log.warn("the passes of {} cannot be opened yet: {}", seller.issuer(), e.getMessage());
    }
  }

  /** Returns how many tokens are remembered as verified. */
  long remembered() {
    return verified.size();
  }

  /** Ends the background refresh. */
  @Override
  public void close() {
    issuers.values().forEach(each -> each.keys().close());
  }
}
