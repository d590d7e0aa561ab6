// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Recent;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmVerification.Asked;
import io.github.x402j.evm.EvmVerification.Findings;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Asks the chain about one payment, or about many in one round trip. Safe for use by several
 * threads.
 *
 * <p>Payments that may share calls share two through {@link Multicall}: one for what is asked of
 * the tokens, and one that simulates the transfers after each other. What a shared simulation
 * refuses proves nothing, as it has the effects of the transfers before it, and gets the gas that
 * they leave over; such a payment is asked about alone. What it lets through would go through
 * alone: balances are read before all transfers, and authorizations are each payer's own.
 */
final class PaymentInspector {
  /** Their transfers stay below the gas that nodes allow a call. */
  static final int MOST_TOGETHER = 50;

  /** A node that refuses long calls is tried with them again after this long. */
  private static final Duration REFUSAL_REMEMBERED = Duration.ofMinutes(1);

  /** A chain without the contract is asked for it again after this long. */
  private static final Duration ABSENCE_REMEMBERED = Duration.ofMinutes(10);

  private static final BigInteger OVERHEAD = BigInteger.valueOf(100_000);
  private static final int MOST_REMEMBERED = 10_000;

  /** After this many payments in a row without an answer the others of a round are not asked. */
  private static final int FAILURES_IN_A_ROW = 2;

  private static final Answer NO_ANSWER =
      new Answer(null, new FacilitatorException("the chain does not answer"));

  private final Chain chain;
  private final Ticker ticker;
  private final boolean contractWallets;
  private final Set<Address> tokens = ConcurrentHashMap.newKeySet();

  /** Payers whose code could use up the gas of others. */
  private final Recent<Address, Boolean> withCode = new Recent<>(MOST_REMEMBERED);

  private volatile int mostTogether = MOST_TOGETHER;
  private volatile long learnedUntil;

  PaymentInspector(Chain chain, Ticker ticker, boolean contractWallets) {
    this.chain = chain;
    this.ticker = ticker;
    this.contractWallets = contractWallets;
    this.learnedUntil = ticker.nanos();
  }

  /**
   * The findings of one of several payments, or why there are none: one of the two.
   *
   * @param found what the chain shows
   * @param failure why the chain did not answer
   */
  record Answer(@Nullable Findings found, @Nullable FacilitatorException failure) {

    Findings get() throws FacilitatorException {
      if (found == null) {
        throw new FacilitatorException(
            String.valueOf(Objects.requireNonNull(failure).getMessage()), failure);
      }
      return found;
    }
  }

  /** From now on payments of these tokens may share calls: the seller has chosen the contracts. */
  void trust(List<PaymentRequirements> offered) {
    offered.forEach(option -> tokens.add(option.asset()));
  }

  /** Asks about one payment in one round trip, and simulates exactly the transfer that is given. */
  Findings one(Asked asked) throws FacilitatorException {
    Map<Asked, Answer> answers = new IdentityHashMap<>();
    round(List.of(new Part(List.of(asked))), answers);
    return Objects.requireNonNull(answers.get(asked)).get();
  }

  /**
   * Asks about all in one round trip, and in a second one about those that a shared simulation did
   * not let through. The answers are in the order of the payments; one that fails says nothing of
   * the others.
   */
  List<Answer> all(List<Asked> asked) {
    Map<Asked, Answer> answers = shared(asked);
    List<Asked> rest = asked.stream().filter(each -> !answers.containsKey(each)).toList();
    if (rest.size() > 1) {
      tryRound(rest.stream().map(each -> new Part(List.of(each))).toList(), answers);
    }
    int failures = 0;
    for (Asked each : rest) {
      if (answers.containsKey(each)) {
        continue;
      }
      Answer answer = failures < FAILURES_IN_A_ROW ? alone(each) : NO_ANSWER;
      failures = answer.found() == null ? failures + 1 : 0;
      answers.put(each, answer);
    }
    return asked.stream().map(each -> Objects.requireNonNull(answers.get(each))).toList();
  }

  private Answer alone(Asked asked) {
    try {
      return new Answer(one(asked), null);
    } catch (FacilitatorException e) {
      return new Answer(null, e);
    }
  }

  /**
   * Asks about all in one round trip, in as few calls as possible.
   *
   * @return the answers that are certain; the other payments are to be asked about alone
   */
  Map<Asked, Answer> shared(List<Asked> asked) {
    List<Part> parts = new ArrayList<>();
    List<Asked> sharing = new ArrayList<>();
    for (Asked each : asked) {
      if (mayShare(each)) {
        sharing.add(each);
      } else {
        parts.add(new Part(List.of(each)));
      }
    }
    int most = mostTogether();
    for (int from = 0; from < sharing.size(); from += most) {
      parts.add(new Part(sharing.subList(from, Math.min(sharing.size(), from + most))));
    }
    Map<Asked, Answer> answers = new IdentityHashMap<>();
    if (asked.size() > 1) {
      tryRound(parts, answers);
    }
    return answers;
  }

  private boolean mayShare(Asked asked) {
    OfflineChecks.Checked checked = OfflineChecks.Checked.of(asked.payment());
    return checked.owner().isPresent()
        && checked.payment().mayShare()
        && tokens.contains(asked.payment().requirements().asset())
        && withCode.get(asked.payment().payer()).isEmpty();
  }

  private int mostTogether() {
    return ticker.nanos() - learnedUntil < 0 ? mostTogether : MOST_TOGETHER;
  }

  private synchronized void learn(int most, Duration validFor) {
    mostTogether = Math.max(1, Math.min(most, mostTogether()));
    learnedUntil = ticker.nanos() + validFor.toNanos();
  }

  private void tryRound(List<Part> parts, Map<Asked, Answer> answers) {
    try {
      round(parts, answers);
    } catch (FacilitatorException e) { // whoever is without an answer is asked about alone
      parts.stream()
          .mapToInt(part -> part.asked().size())
          .filter(size -> size > 1)
          .max()
          .ifPresent(size -> learn(size / 2, REFUSAL_REMEMBERED));
    }
  }

  /** Makes all calls in one round trip, and adds the answers that are certain. */
  private void round(List<Part> parts, Map<Asked, Answer> answers) throws FacilitatorException {
    List<Chain.Call> calls = new ArrayList<>();
    List<Address> payers = new ArrayList<>();
    for (Part part : parts) {
      calls.addAll(part.calls());
      part.asked().forEach(each -> payers.add(each.payment().payer()));
    }
    Chain.Inspections found =
        contractWallets // whether there is code is not asked
            ? new Chain.Inspections(Collections.nCopies(payers.size(), false), chain.call(calls))
            : chain.inspectAll(payers, calls);
    Iterator<Boolean> codes = found.hasCode().iterator();
    Iterator<Chain.CallResult> results = found.results().iterator();
    for (Part part : parts) {
      List<Boolean> hasCode = take(codes, part.asked().size());
      List<Chain.CallResult> own = take(results, part.calls().size());
      if (part.isShared()) {
        addCertain(part.asked(), hasCode, own.get(0), own.get(1), answers);
      } else {
        Asked one = part.asked().get(0);
        answers.put(one, answer(one, hasCode.get(0), own));
      }
    }
  }

  private void addCertain(
      List<Asked> asked,
      List<Boolean> hasCode,
      Chain.CallResult state,
      Chain.CallResult simulation,
      Map<Asked, Answer> answers) {
    List<Chain.Call> questions = asked.stream().flatMap(each -> questions(each).stream()).toList();
    Optional<List<Chain.CallResult>> states = apart(state, questions.size());
    if (states.isEmpty()) {
      boolean isNoContract = state.equals(new Chain.CallResult.Returned("0x"));
      learn(
          isNoContract ? 1 : asked.size() / 2,
          isNoContract ? ABSENCE_REMEMBERED : REFUSAL_REMEMBERED);
      return;
    }
    Optional<List<Chain.CallResult>> simulated = apart(simulation, asked.size());
    if (simulated.isEmpty() && !hasCode.contains(true)) {
      learn(asked.size() / 2, REFUSAL_REMEMBERED);
    }
    Iterator<Chain.CallResult> results = states.get().iterator();
    for (int i = 0; i < asked.size(); i++) {
      Asked each = asked.get(i);
      List<Chain.CallResult> own = new ArrayList<>(take(results, questions(each).size()));
      own.add(simulated.isPresent() ? simulated.get().get(i) : new Chain.CallResult.Reverted(""));
      Answer answer = answer(each, hasCode.get(i), own);
      if (answer.found() != null && isCertain(answer.found())) {
        answers.put(each, answer);
      }
    }
  }

  private static boolean isCertain(Findings found) {
    return found.refused() != null || found.simulated() instanceof Chain.CallResult.Returned;
  }

  private static Optional<List<Chain.CallResult>> apart(Chain.CallResult result, int calls) {
    try {
      return Optional.of(Multicall.results(result, calls));
    } catch (FacilitatorException e) {
      return Optional.empty();
    }
  }

  private static <T> List<T> take(Iterator<T> from, int count) {
    List<T> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(from.next());
    }
    return taken;
  }

  /**
   * Payments that are asked about in the same calls.
   *
   * @param asked one payment, which has calls of its own, or several
   */
  private record Part(List<Asked> asked) {
    boolean isShared() {
      return asked.size() > 1;
    }

    List<Chain.Call> calls() {
      if (isShared()) {
        List<Chain.Call> state = asked.stream().flatMap(each -> questions(each).stream()).toList();
        return List.of(
            Chain.Call.latest(Multicall.ADDRESS, Multicall.data(state)),
            transaction(asked.stream().map(Asked::transfer).toList()));
      }
      List<Chain.Call> calls = new ArrayList<>(questions(asked.get(0)));
      calls.add(asked.get(0).transfer());
      return calls;
    }
  }

  /** Returns the one call that makes all of these transfers, as the sender of the first. */
  static Chain.Call transaction(List<Chain.Call> transfers) {
    BigInteger gas = OVERHEAD;
    for (Chain.Call transfer : transfers) {
      BigInteger limit = transfer.gas();
      gas = gas.add(limit == null ? EvmFacilitator.MAX_GAS : limit);
    }
    Chain.Call first = transfers.get(0);
    return new Chain.Call(
        first.from(), Multicall.ADDRESS, Multicall.data(transfers), true, gas, first.price(), null);
  }

  /** Returns what is asked of the token: of the authorization, and last the payer's balance. */
  private static List<Chain.Call> questions(Asked asked) {
    List<Chain.Call> calls =
        new ArrayList<>(OfflineChecks.Checked.of(asked.payment()).payment().questions());
    calls.add(EvmVerification.balance(asked.payment()));
    return calls;
  }

  /**
   * @param results those of the questions, and last that of the transfer
   */
  private Answer answer(Asked asked, boolean hasCode, List<Chain.CallResult> results) {
    try {
      return new Answer(findings(asked, hasCode, results), null);
    } catch (FacilitatorException e) {
      return new Answer(null, e);
    }
  }

  private Findings findings(Asked asked, boolean hasCode, List<Chain.CallResult> results)
      throws FacilitatorException {
    SignedPayment payment = asked.payment();
    int questions = results.size() - 2;
    Optional<Verification.Invalid> refused =
        OfflineChecks.Checked.of(payment).payment().answer(results.subList(0, questions));
    BigInteger balance = OnChainToken.number(results.get(questions), "balanceOf");
    if (hasCode) {
      withCode.put(payment.payer(), true);
    }
    if (refused.isEmpty() && hasCode) {
      refused = Optional.of(refusedForCode(payment));
    }
    if (refused.isEmpty() && balance.compareTo(payment.requirements().amount().atomicUnits()) < 0) {
      refused = Optional.of(EvmVerification.tooLittle(payment));
    }
    return new Findings(refused.orElse(null), balance, results.get(questions + 1));
  }

  /**
   * The token would ask that code about the signature, and it may answer a simulation otherwise.
   */
  private static Verification.Invalid refusedForCode(SignedPayment payment) {
    return new Verification.Invalid(
        ErrorReason.INVALID_SIGNATURE,
        "signature: the payer's account has code (a contract, or a delegation by EIP-7702), and"
            + " contract wallets are not accepted here",
        payment.payer());
  }
}
