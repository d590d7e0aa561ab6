// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.Objects.requireNonNull;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Price;
import io.github.x402j.Settings;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A wallet that an agent spends from, within the owner's terms: a hard limit per billing period, at
 * named hosts, until it expires or is revoked. The owner holds the key of the account.
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
 * again only when the payment can no longer be settled: the request with the payment never left,
 * the wallet was revoked meanwhile, or {@link #reconcile} finds that the authorization has expired
 * unused. A seller's statement that it did not take a payment is no proof, because it holds the
 * signature; see {@link Builder#trustRefusals()}.
 *
 * <p><b>Revoked.</b> When {@link #revoke} returns, no payment leaves the wallet, from any thread,
 * client or process that shares the journal. A wallet that has spent its whole limit revokes
 * itself, unless it {@linkplain Builder#renewEachPeriod() waits for the next period}. Amounts
 * without a known outcome do not count for that, and neither does what a seller only asks for.
 * {@link #reinstate()} and a higher limit let it pay again.
 *
 * <p>Safe for use by several threads. The methods read the journal, and throw {@link
 * UncheckedIOException} if that fails.
 */
public final class AgentWallet {
  /** The agent of a client that is built with a signer and without a wallet: {@value}. */
  public static final String CLIENT = "client";

  private final String agent;
  private final EvmSigner signer;
  private final SpendJournal journal;
  private final WalletJournal own;
  private final @Nullable SpendingPolicy rules;
  private final @Nullable SpendingPolicy asking;
  private final Clock clock;

  /**
   * @param rules apply beside those that the journal has; null for none
   * @param asking the policy whose approvals are code of this process; null for none
   */
  private AgentWallet(
      String agent,
      EvmSigner signer,
      SpendJournal journal,
      @Nullable SpendingPolicy rules,
      @Nullable SpendingPolicy asking,
      Clock clock) {
    this.agent = agent;
    this.signer = signer;
    this.journal = journal;
    this.own = new WalletJournal(agent, journal, clock);
    this.rules = rules;
    this.asking = asking;
    this.clock = clock;
  }

  /**
   * Begins a wallet, or gives new terms to the wallet of an agent that the journal knows. What was
   * spent stays spent, and a wallet that its owner revoked stays revoked. A higher limit reinstates
   * a wallet that its limit revoked.
   *
   * @param agent 1 to 64 of {@code A-Z a-z 0-9 . _ -}, not beginning with {@code -}
   * @param signer signs for the account; several wallets may share one
   * @throws IllegalArgumentException if the agent's name is not of that form
   */
  public static Builder provision(@Nullable String agent, EvmSigner signer, SpendJournal journal) {
    return new Builder(
        Settings.require("agent", "the name of the agent", agent),
        requireNonNull(signer),
        requireNonNull(journal));
  }

  /**
   * Returns the wallet that was provisioned before, with its terms and its policy. Approvals by
   * code are not in the journal: set them on the client.
   *
   * @throws IllegalArgumentException if there is none in the journal, or the signer is for another
   *     account
   * @throws IOException if the journal cannot be read
   */
  public static AgentWallet open(@Nullable String name, EvmSigner signer, SpendJournal journal)
      throws IOException {
    String agent = Settings.require("agent", "the name of the agent", name);
    Address address = journal.decide((all, entries) -> all.need(agent).terms().address());
    if (!address.equals(signer.address())) {
      throw new IllegalArgumentException(
          "signer: expected one for " + address + ", found one for " + signer.address());
    }
    return new AgentWallet(agent, signer, journal, null, null, Clock.systemUTC());
  }

  /**
   * Returns the wallet that was provisioned before, without the key of its account: it can send
   * payments again, be revoked and be reconciled, and signs nothing.
   *
   * @throws IllegalArgumentException if there is none in the journal
   * @throws IOException if the journal cannot be read
   */
  public static AgentWallet openWithoutKey(@Nullable String name, SpendJournal journal)
      throws IOException {
    String agent = Settings.require("agent", "the name of the agent", name);
    Address address = journal.decide((all, entries) -> all.need(agent).terms().address());
    return new AgentWallet(
        agent, new KeylessSigner(address), journal, null, null, Clock.systemUTC());
  }

  /**
   * Returns a wallet without a key and without limits, which signs nothing: for sending a payment
   * again that a client without a wallet has made.
   */
  public static AgentWallet withoutKey(Address address) {
    return ofPolicy(new KeylessSigner(address), SpendingPolicy.empty(), Clock.systemUTC());
  }

  /** Knows its account, and cannot sign for it. */
  private record KeylessSigner(Address address) implements EvmSigner {
    @Override
    public EvmSignature sign(byte[] digest) {
      throw new IllegalStateException("the wallet of " + address + " was opened without its key");
    }
  }

  /**
   * Returns a wallet that only a policy limits, with a journal in memory: that of a client which is
   * built with a signer.
   */
  public static AgentWallet ofPolicy(EvmSigner signer, SpendingPolicy policy, Clock clock) {
    AgentWallet wallet =
        new AgentWallet(CLIENT, signer, SpendJournal.inMemory(), policy, policy, clock);
    wallet.own.provision(WalletTerms.unlimited(signer.address()), null);
    return wallet;
  }

  /**
   * Requires that this can be the name of an agent.
   *
   * @throws IllegalArgumentException if it is not 1 to 64 of {@code A-Z a-z 0-9 . _ -}, or begins
   *     with {@code -}
   */
  public static void requireName(String agent) {
    if (!Builder.AGENT.matcher(agent).matches()) {
      throw new IllegalArgumentException(
          "agent: expected 1 to 64 of A-Z a-z 0-9 . _ - that do not begin with -");
    }
  }

  /** Returns the agent whose wallet this is. */
  public String agent() {
    return agent;
  }

  /** Returns the account whose money is spent. */
  public Address address() {
    return signer.address();
  }

  /**
   * Returns the amount that may still be spent in this period. Reserved amounts are not in it; zero
   * if the wallet is revoked, has expired or has no limit.
   */
  public Dollars remaining() {
    return own.read(state -> WalletStatus.remaining(state, clock.instant())).orElse(Dollars.ZERO);
  }

  /** Returns the amount spent in the current period, reserved amounts included. */
  public Dollars spent(BillingPeriod period) {
    return own.read(state -> state.spent(period, clock.instant()));
  }

  /** Returns the terms and the state of the wallet. */
  public WalletStatus status() {
    return own.read(state -> WalletStatus.of(agent, state, clock.instant()));
  }

  /** Returns whether the wallet was revoked, by its owner or by itself. */
  public boolean isRevoked() {
    return own.read(WalletState::isRevoked);
  }

  /** Lets a revoked wallet sign again. Does nothing if it is not revoked. */
  public void reinstate() {
    own.reinstate("reinstated by its owner", null);
  }

  /**
   * Lets a revoked wallet sign again, as {@link #reinstate()} does.
   *
   * @param by the name of the person or program that reinstates, for the journal
   */
  public void reinstate(String reason, String by) {
    own.reinstate(reason, by);
  }

  /** Revokes the wallet. {@link #reinstate()} undoes it. */
  public void revoke() {
    revoke("revoked by its owner");
  }

  /**
   * Revokes the wallet, and waits for payments that this process is signing, 3 seconds at most.
   * What a signer that hangs still signs is not sent.
   *
   * @param reason text for the journal, cut to 200 characters
   */
  public void revoke(String reason) {
    own.revoke(reason, null);
  }

  /**
   * Revokes the wallet, as {@link #revoke(String)} does.
   *
   * @param by the name of the person or program that revokes, for the journal
   */
  public void revoke(String reason, String by) {
    own.revoke(reason, by);
  }

  /**
   * Returns the account's balance in the token, as of the newest block. Wallets that share an
   * account share its balance.
   *
   * @throws FacilitatorException if the chain does not answer, or there is no such token
   */
  public TokenAmount balance(Chain chain, Token token) throws FacilitatorException {
    return OnChainToken.balanceOf(chain, token, address());
  }

  /**
   * Reads from the chain what became of payments that expired without a known outcome, and frees
   * the amounts of those that were not settled. Returns the sum that was freed.
   *
   * @param chain the chain to read; payments on other chains are left alone
   * @throws FacilitatorException if the chain does not answer; what was read before is kept
   */
  public Dollars reconcile(Chain chain) throws FacilitatorException {
    return own.reconcile(address(), chain);
  }

  EvmSigner signer() {
    return signer;
  }

  SpendJournal journal() {
    return journal;
  }

  /** Returns the rules that the journal does not have: those of a client without a wallet. */
  Optional<SpendingPolicy> rules() {
    return Optional.ofNullable(rules);
  }

  /** Returns the policy whose approvals are code of this process. */
  Optional<SpendingPolicy> asking() {
    return Optional.ofNullable(asking);
  }

  Clock clock() {
    return clock;
  }

  @Override
  public String toString() {
    return "AgentWallet[" + agent + ", " + address() + "]";
  }

  /** Provisions a wallet. Not safe for use by several threads. */
  public static final class Builder {
    private static final Pattern AGENT = Pattern.compile("[A-Za-z0-9._][A-Za-z0-9._-]{0,63}");

    private final String agent;
    private final EvmSigner signer;
    private final SpendJournal journal;
    private @Nullable Dollars limit;
    private BillingPeriod period = BillingPeriod.EVER;
    private List<HostPattern> domains = List.of();
    private @Nullable Instant expires;
    private @Nullable SpendingPolicy policy;
    private boolean renews;
    private boolean trustsRefusals;
    private @Nullable String by;
    private Clock clock = Clock.systemUTC();

    Builder(String agent, EvmSigner signer, SpendJournal journal) {
      requireName(agent);
      this.agent = agent;
      this.signer = signer;
      this.journal = journal;
    }

    /** Sets the most that is spent within a period; exactly this sum is still spent. Mandatory. */
    public Builder limit(@Nullable String price, BillingPeriod period) {
      return limit(Price.parse(Settings.require("limit", "a price such as $0.01", price)), period);
    }

    /** Sets the most that is spent within a period; see {@link #limit(String, BillingPeriod)}. */
    public Builder limit(Price price, BillingPeriod period) {
      this.limit = Dollars.of(price);
      this.period = period;
      return this;
    }

    /**
     * Sets the hosts that the agent may pay. Mandatory.
     *
     * @param domains names such as {@code api.example.com}, or {@code *.example.com} for each host
     *     below that one
     * @throws IllegalArgumentException if there is none, or one is not a host
     */
    public Builder allowedDomains(@Nullable String... domains) {
      this.domains = HostPattern.parse("allowedDomains", domains);
      return this;
    }

    /** Sets the time from which on nothing is paid. Default: never. */
    public Builder expiresAt(Instant time) {
      this.expires = time;
      return this;
    }

    /**
     * Sets more rules. The journal keeps them with the wallet, so that every process applies them;
     * approvals by code ({@link SpendingPolicy.Approval}) are for this process alone. Default:
     * those that the journal has, none for a new wallet.
     */
    public Builder policy(SpendingPolicy policy) {
      this.policy = policy;
      return this;
    }

    /** Lets a wallet whose limit is hit wait for the next period. Default: it is revoked. */
    public Builder renewEachPeriod() {
      this.renews = true;
      return this;
    }

    /**
     * Frees the amount of a payment as soon as its seller answers 402 or that settlement failed.
     * Dangerous: the seller holds the signature until the authorization expires, up to {@link
     * PaymentSigner#MAX_WINDOW}, and one that lies can collect more than the limit. Default: the
     * amount stays reserved until {@link AgentWallet#reconcile} finds it unused on the chain.
     */
    public Builder trustRefusals() {
      this.trustsRefusals = true;
      return this;
    }

    /**
     * Sets the name of the person or program that provisions the wallet or changes its terms, for
     * the journal. Default: none.
     *
     * @param name 1 to 200 characters
     * @throws IllegalArgumentException if it is anything else
     */
    public Builder by(String name) {
      if (name.isBlank() || name.length() > 200) {
        throw new IllegalArgumentException("by: expected a name of 1 to 200 characters");
      }
      this.by = name;
      return this;
    }

    /** Sets the clock. Default: the system's. */
    public Builder clock(Clock clock) {
      this.clock = clock;
      return this;
    }

    /**
     * Writes the terms to the journal and returns the wallet.
     *
     * @throws IllegalStateException if limit or domains are missing, or the agent has a wallet of
     *     another account
     * @throws UncheckedIOException if the journal cannot be read or written
     */
    public AgentWallet create() {
      if (limit == null) {
        throw new IllegalStateException(
            "limit: missing; set how much may be spent, such as $20 per BillingPeriod.MONTH");
      }
      if (domains.isEmpty()) {
        throw new IllegalStateException(
            "allowedDomains: missing; set the hosts that may be paid, such as api.example.com");
      }
      AgentWallet wallet = new AgentWallet(agent, signer, journal, null, policy, clock);
      wallet.own.provision(
          new WalletTerms(
              signer.address(),
              limit,
              period,
              domains,
              expires,
              renews,
              trustsRefusals,
              policy == null ? null : PolicyText.of(policy),
              0),
          by);
      return wallet;
    }
  }
}
