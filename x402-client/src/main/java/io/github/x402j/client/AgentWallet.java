// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.Objects.requireNonNull;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an agent may spend, of an account that its owner holds the key of: a hard limit per billing
 * period, at hosts that are named, until it expires or is revoked.
 *
 * <pre>{@code
 * SpendJournal journal = SpendJournal.file(Path.of("spend.journal"));
 * AgentWallet wallet =
 *     AgentWallet.provision("researcher-7", EvmSigner.fromEnvironment("AGENT_KEY"), journal)
 *         .limit("$20", BillingPeriod.MONTH)
 *         .allowedDomains("api.example.com", "*.example.org")
 *         .create();
 * HttpClient client =
 *     PayingHttpClient.over(HttpClient.newHttpClient()).wallet(wallet).token(Usdc.BASE).build();
 * }</pre>
 *
 * <p><b>Exact.</b> An amount is reserved in the journal before its payment is signed. It is free
 * again only when nobody can take it: the request with the payment never left, the wallet was
 * revoked meanwhile, or {@link #reconcile} finds that the authorization has expired unused. That a
 * seller says it did not take a payment is no such proof, as it holds the signature; see {@link
 * AgentWalletBuilder#trustRefusals()}.
 *
 * <p><b>Revoked</b> means: when {@link #revoke} returns, no payment leaves the wallet, from any
 * thread, client or process that shares the journal. A wallet whose limit is hit revokes itself
 * ({@link AgentWalletBuilder#renewEachPeriod()} to have it wait for the next period): a seller's
 * asking for more than is left hits it, if all other rules would allow the payment and the whole
 * limit would suffice for it, and so does spending all of it. Amounts without a known outcome do
 * not count for that.
 *
 * <p>Safe for use by several threads. The methods read the journal, and throw {@link
 * UncheckedIOException} if that fails.
 */
public final class AgentWallet {
  private final String agent;
  private final EvmSigner signer;
  private final SpendJournal journal;
  private final @Nullable SpendingPolicy policy;
  private final Clock clock;

  AgentWallet(
      String agent,
      EvmSigner signer,
      SpendJournal journal,
      @Nullable SpendingPolicy policy,
      Clock clock) {
    this.agent = agent;
    this.signer = signer;
    this.journal = journal;
    this.policy = policy;
    this.clock = clock;
  }

  /**
   * Begins a wallet, or one with new terms for an agent that the journal knows. What was spent, and
   * that it was revoked, stays.
   *
   * @param agent 1 to 64 of {@code A-Z a-z 0-9 . _ -}, not beginning with {@code -}
   * @param signer signs for the account; several wallets may share one
   * @throws IllegalArgumentException if the agent's name is another
   */
  public static AgentWalletBuilder provision(String agent, EvmSigner signer, SpendJournal journal) {
    return new AgentWalletBuilder(agent, requireNonNull(signer), requireNonNull(journal));
  }

  /**
   * Returns the wallet that was provisioned before, on its terms. A {@link SpendingPolicy} is not
   * in the journal: give it to the client.
   *
   * @throws IllegalArgumentException if there is none in the journal, or the signer is for another
   *     account
   * @throws IOException if the journal cannot be read
   */
  public static AgentWallet open(String agent, EvmSigner signer, SpendJournal journal)
      throws IOException {
    Address address = journal.decide((book, entries) -> book.need(agent).terms().address());
    if (!address.equals(signer.address())) {
      throw new IllegalArgumentException(
          "signer: expected one for " + address + ", found one for " + signer.address());
    }
    return new AgentWallet(agent, signer, journal, null, Clock.systemUTC());
  }

  /** Returns a wallet that a policy alone bounds, for a client without a provisioned one. */
  static AgentWallet ofPolicy(EvmSigner signer, SpendingPolicy policy, Clock clock) {
    AgentWallet wallet = new AgentWallet("client", signer, SpendJournal.inMemory(), policy, clock);
    wallet.provisioned(Terms.unlimited(signer.address()));
    return wallet;
  }

  void provisioned(Terms terms) {
    try {
      boolean changed = journal.decide((book, entries) -> provisioned(terms, book, entries));
      if (changed) { // a new wallet need not be on the disk before its first payment is
        journal.makeDurable();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean provisioned(Terms terms, Book book, List<JournalEntry.Draft> entries) {
    Optional<Terms> known = book.wallet(agent).map(WalletBook::terms);
    if (known.isPresent() && !known.get().address().equals(terms.address())) {
      throw new IllegalStateException(
          "agent " + agent + ": its wallet is of " + known.get().address());
    }
    if (known.isPresent() && known.get().equals(terms)) {
      return false;
    }
    entries.add(
        new JournalEntry.Draft(
            clock.instant(), JournalEntry.Event.PROVISIONED, agent, "-", terms.details()));
    return known.isPresent();
  }

  /** Returns whose wallet this is. */
  public String agent() {
    return agent;
  }

  /** Returns the account whose money is spent. */
  public Address address() {
    return signer.address();
  }

  /**
   * Returns what may be spent in this period still, zero if the wallet is revoked or has expired.
   * Nothing that is reserved is in it.
   */
  public Dollars remaining() {
    return status().remaining().orElse(Dollars.ZERO);
  }

  /** Returns what was spent in the period that is now, reserved amounts included. */
  public Dollars spent(BillingPeriod period) {
    return read(book -> book.spent(period, clock.instant()));
  }

  /** Returns all that is known of the wallet. */
  public WalletStatus status() {
    return read(book -> WalletStatus.of(agent, book, clock.instant()));
  }

  /** Returns whether the wallet was revoked, by whomever. */
  public boolean isRevoked() {
    return read(WalletBook::isRevoked);
  }

  /** Revokes the wallet. There is no way back; provision another agent. */
  public void revoke() {
    revoke("revoked by its owner");
  }

  /**
   * Revokes the wallet, and waits for signings of this process that began before.
   *
   * @param reason for people; in the journal
   */
  public void revoke(String reason) {
    try {
      journal.revoke(agent, reason, clock.instant());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns what the account has of the token on the chain, as of the newest block. Wallets that
   * share an account share its balance.
   *
   * @throws FacilitatorException if the chain does not answer, or there is no such token
   */
  public TokenAmount balance(Chain chain, Token token) throws FacilitatorException {
    return OnChainToken.balanceOf(chain, token, address());
  }

  /**
   * Reads from the chain what became of payments that expired without a known outcome, and returns
   * the amounts of those that were not settled, which are free again.
   *
   * @param chain the one that the token is on; payments on others are left alone
   * @return how much was freed
   * @throws FacilitatorException if the chain does not answer; what was read before is kept
   */
  public Dollars reconcile(Chain chain) throws FacilitatorException {
    return new Reconciliation(agent, address(), journal, clock).on(chain);
  }

  /** Returns a name for a request, for the journal. */
  String newRequestId() {
    return UUID.randomUUID().toString();
  }

  EvmSigner signer() {
    return signer;
  }

  SpendJournal journal() {
    return journal;
  }

  Optional<SpendingPolicy> policy() {
    return Optional.ofNullable(policy);
  }

  Clock clock() {
    return clock;
  }

  private <R> R read(Function<WalletBook, R> reader) {
    try {
      return journal.decide((book, entries) -> reader.apply(book.need(agent)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "AgentWallet[" + agent + ", " + address() + "]";
  }
}
