// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Extension;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Hashes;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.WalletSignatures;
import io.github.x402j.extension.SignInMessage;
import io.github.x402j.extension.SignInProblem;
import io.github.x402j.extension.SignInWithX;
import io.github.x402j.gate.SignInStore.Bought;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets payers in that have bought the same before and sign in. In order: what the message says, the
 * account's signature, the purchase, a contract's signature, the nonce. Safe for use by several
 * threads.
 */
final class SignIns implements ExtensionPerRequest {
  /** What listeners and handlers see as the reason of the grant. */
  static final String REASON = SignInWithX.EXTENSION;

  private static final Logger log = LoggerFactory.getLogger(SignInStore.class);

  /** Purchases that the store did not take and that are kept here; beyond it the oldest is lost. */
  private static final int MAX_UNWRITTEN = 10_000;

  private final SignInStore store;
  private final SignInWithX extension;
  private final Facilitators facilitators;
  private final Listeners listeners;
  private final Clock clock;
  private volatile boolean isInUse;
  private final Map<Purchased, Bought> unwritten = new LinkedHashMap<>();

  private record Purchased(String item, Address payer, Network network) {}

  SignIns(
      SignInStore store,
      @Nullable String statement,
      Facilitators facilitators,
      Listeners listeners,
      Clock clock) {
    this.store = store;
    this.extension = SignInWithX.of(store.nonceKey(), statement, clock);
    this.facilitators = facilitators;
    this.listeners = listeners;
    this.clock = clock;
  }

  /** Notes that something is sold that payers may sign in for. */
  SignIns inUse() {
    isInUse = true;
    return this;
  }

  /**
   * Makes sure that sign-ins can be checked, if something is sold that payers may sign in for.
   *
   * @throws IllegalStateException if not
   */
  void requireWallets(List<PaymentRequirements> offered) {
    for (PaymentRequirements option : offered) {
      if (isInUse
          && facilitators.handle(option)
          && facilitators.of(option).wallets() == WalletSignatures.NONE) {
        throw new IllegalStateException(
            "signIn: the facilitator of "
                + option.network()
                + " checks no signature of a wallet; Facilitator.wallets() returns what does");
      }
    }
  }

  @Override
  public String name() {
    return SignInWithX.EXTENSION;
  }

  @Override
  public Extension entry(PaymentRequired descriptor) {
    return extension.announce(descriptor);
  }

  @Override
  public Set<String> freshMembers() {
    return SignInWithX.FRESH;
  }

  // ---- buying

  /** Records a settled payment for what can be signed in for. Throws nothing. */
  void record(VerifiedPayment payment) {
    Duration time = payment.purchase().signInFor();
    if (time == null || payment.receipt().isPresent()) {
      return;
    }
    Bought bought =
        new Bought(
            item(payment.purchase(), payment.required()),
            payment.payer(),
            payment.requirements().network(),
            clock.instant().plus(time));
    try {
      store.record(bought);
      writeAgain();
    } catch (RuntimeException e) { // the money has moved: the sale goes on
      log.error("{}: its purchase is not recorded for sign-ins yet", payment, e);
      keep(bought);
    }
  }

  /**
   * Names what was bought: the rule, the method, and the URL with its query. Nothing of it is the
   * payer's word.
   */
  private static String item(Purchase purchase, PaymentRequired required) {
    String query = purchase.query();
    String name =
        String.join(
            "\n",
            purchase.route() == null ? "" : purchase.route(),
            purchase.method(),
            required.resource().url() + (query == null ? "" : "?" + query));
    return HexFormat.of().formatHex(Hashes.sha256(name));
  }

  private synchronized void keep(Bought bought) {
    unwritten.put(new Purchased(bought.item(), bought.payer(), bought.network()), bought);
    if (unwritten.size() > MAX_UNWRITTEN) {
      unwritten.remove(unwritten.keySet().iterator().next());
    }
  }

  /** Writes what the store did not take before. */
  private void writeAgain() {
    for (Bought each : kept()) {
      store.record(each);
      forget(each);
    }
  }

  private synchronized List<Bought> kept() {
    return new ArrayList<>(unwritten.values());
  }

  private synchronized void forget(Bought bought) {
    unwritten.remove(new Purchased(bought.item(), bought.payer(), bought.network()), bought);
  }

  private Set<Network> boughtOn(String item, Address payer) {
    writeAgain();
    return store.boughtOn(item, payer, clock.instant());
  }

  // ---- signing in

  /**
   * Returns the admission of a request that brings a sign-in; empty if it brings none, or its payer
   * has not bought this, so that it is asked to pay.
   */
  Optional<Admission> admit(
      AccessCheck access, Purchase purchase, Function<String, List<String>> headers) {
    List<String> values = headers.apply(PaymentHeader.SIGN_IN_WITH_X);
    if (values.isEmpty() || purchase.signInFor() == null) {
      return Optional.empty();
    }
    PaymentRequired required = access.challenge().settleable();
    try {
      SignInMessage.Signed signed = SignInWithX.read(values);
      Optional<SignInProblem> problem = extension.problem(signed, required);
      return problem.isPresent() ? refused(access, problem.get()) : admit(access, purchase, signed);
    } catch (MalformedPaymentException e) {
      return refused(access, SignInProblem.MALFORMED_HEADER);
    } catch (FacilitatorException | LedgerException e) {
      listeners.unavailable(required, String.valueOf(e.getMessage()));
      return Optional.of(new Admission.Refused(Refusals.accessUndecided()));
    }
  }

  private Optional<Admission> admit(
      AccessCheck access, Purchase purchase, SignInMessage.Signed signed)
      throws FacilitatorException {
    PaymentRequired required = access.challenge().settleable();
    SignInMessage message = signed.message();
    Network network = message.network().orElseThrow();
    WalletSignatures wallets = facilitators.of(offerOn(network, required)).wallets();
    byte[] digest = message.digest();
    boolean isAccounts = wallets.isOfAccount(message.address(), digest, signed.signature());
    if (!isAccounts && !wallets.asksContracts(network)) {
      return refused(access, SignInProblem.SIGNATURE);
    }
    Set<Network> bought = boughtOn(item(purchase, required), message.address());
    if (isAccounts && bought.isEmpty()) {
      return Optional.empty();
    }
    // The contract at an address may be another's on another chain. A node is asked last.
    boolean isWallets =
        isAccounts
            || (bought.contains(network)
                && wallets.isOfContract(network, message.address(), digest, signed.signature()));
    if (!isWallets) {
      return refused(access, SignInProblem.SIGNATURE);
    }
    if (!store.use(message.nonce(), SignInWithX.rememberedUntil(message), clock.instant())) {
      return refused(access, SignInProblem.NONCE);
    }
    return Optional.of(granted(access, purchase, message.address()));
  }

  private static PaymentRequirements offerOn(Network network, PaymentRequired required) {
    return required.accepts().stream()
        .filter(option -> option.network().equals(network))
        .findFirst()
        .orElseThrow();
  }

  private Admission granted(AccessCheck access, Purchase purchase, Address payer) {
    PaymentRequired listed = access.listed().unsigned();
    Optional<Admission> decided =
        access.onPayer(VerifiedPayment.ofSignIn(payer, access.challenge().unsigned(), purchase));
    if (decided.isPresent()) {
      return decided.get();
    }
    listeners.granted(listed, REASON);
    return new Admission.Granted(listed, REASON);
  }

  /** A payer whose sign-in is refused may sign in anew, or pay, if a payment can be settled. */
  private Optional<Admission> refused(AccessCheck access, SignInProblem problem) {
    Challenge challenge = access.challenge();
    listeners.failed(challenge.unsigned(), ErrorReason.INVALID_SIGN_IN, problem.wireCode());
    if (facilitators.outage(challenge.unsigned().accepts()).isPresent()) {
      return Optional.of(new Admission.Refused(Refusals.outage()));
    }
    return Optional.of(
        new Admission.Refused(
            Refusals.paymentRequired(
                challenge.offered().withError(problem.wireCode()), challenge.hasOlderHeader())));
  }
}
