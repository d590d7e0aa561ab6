// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Price;
import io.github.x402j.evm.EvmSigner;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Provisions an {@link AgentWallet}. Not safe for use by several threads. */
public final class AgentWalletBuilder {
  private static final Pattern AGENT = Pattern.compile("[A-Za-z0-9._][A-Za-z0-9._-]{0,63}");

  private final String agent;
  private final EvmSigner signer;
  private final SpendJournal journal;
  private @Nullable Dollars limit;
  private BillingPeriod period = BillingPeriod.EVER;
  private List<String> domains = List.of();
  private @Nullable Instant expires;
  private @Nullable SpendingPolicy policy;
  private boolean renews;
  private boolean trustsRefusals;
  private Clock clock = Clock.systemUTC();

  AgentWalletBuilder(String agent, EvmSigner signer, SpendJournal journal) {
    if (!AGENT.matcher(agent).matches()) {
      throw new IllegalArgumentException(
          "agent: expected 1 to 64 of A-Z a-z 0-9 . _ - that do not begin with -");
    }
    this.agent = agent;
    this.signer = signer;
    this.journal = journal;
  }

  /** Sets the most that is spent within a period; exactly that much still is. Mandatory. */
  public AgentWalletBuilder limit(String price, BillingPeriod period) {
    return limit(Price.parse(price), period);
  }

  /** Sets the most that is spent within a period; exactly that much still is. Mandatory. */
  public AgentWalletBuilder limit(Price price, BillingPeriod period) {
    this.limit = Dollars.of(price);
    this.period = period;
    return this;
  }

  /**
   * Sets where the agent may pay. Mandatory.
   *
   * @param domains names such as {@code api.example.com}, or {@code *.example.com} for each host
   *     below that one
   * @throws IllegalArgumentException if there is none, or one is no such name
   */
  public AgentWalletBuilder allowedDomains(String... domains) {
    Rules.hosts("allowedDomains", List.of(domains));
    this.domains =
        List.of(domains).stream()
            .map(domain -> Rules.hostPattern("allowedDomains", domain))
            .toList();
    return this;
  }

  /** Sets from when on nothing is paid. Default: never. */
  public AgentWalletBuilder expiresAt(Instant time) {
    this.expires = time;
    return this;
  }

  /**
   * Adds rules. They are not in the journal, as some ask people: each process gives its own.
   * Default: none beside the wallet's own.
   */
  public AgentWalletBuilder policy(SpendingPolicy policy) {
    this.policy = policy;
    return this;
  }

  /** Keeps a wallet whose limit is hit for the next period. Default: it is revoked. */
  public AgentWalletBuilder renewEachPeriod() {
    this.renews = true;
    return this;
  }

  /**
   * Frees the amount of a payment as soon as its seller answers 402 or that settlement failed.
   *
   * <p>Dangerous: the seller holds the signature until the authorization expires, up to {@link
   * PayingHttpClient#MAX_WINDOW}. One that lies can collect more than the limit. Without this the
   * amount stays reserved until {@link AgentWallet#reconcile} finds it unused on the chain.
   */
  public AgentWalletBuilder trustRefusals() {
    this.trustsRefusals = true;
    return this;
  }

  /** Sets what time it is. Default: the system's clock. */
  public AgentWalletBuilder clock(Clock clock) {
    this.clock = clock;
    return this;
  }

  /**
   * Returns the wallet, after its terms are in the journal.
   *
   * @throws IllegalStateException if limit or domains are missing, or the agent has a wallet of
   *     another account
   * @throws UncheckedIOException if the journal cannot be read or written
   */
  public AgentWallet create() {
    if (limit == null) {
      throw new IllegalStateException(
          "limit: missing; say how much may be spent, such as $20 per BillingPeriod.MONTH");
    }
    if (domains.isEmpty()) {
      throw new IllegalStateException(
          "allowedDomains: missing; say where may be paid, such as api.example.com");
    }
    AgentWallet wallet = new AgentWallet(agent, signer, journal, policy, clock);
    wallet.provisioned(
        new Terms(signer.address(), limit, period, domains, expires, renews, trustsRefusals));
    return wallet;
  }
}
