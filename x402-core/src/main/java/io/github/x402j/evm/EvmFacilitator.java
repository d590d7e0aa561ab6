// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.UnreachableException;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Verifies payments against an EVM chain and settles them on it. The seller's own key pays the gas.
 *
 * <pre>{@code
 * Facilitator facilitator =
 *     EvmFacilitator.at(System.getenv("RPC_URL"), EvmSigner.fromEnvironment("GAS_KEY"));
 * }</pre>
 *
 * <p>The gas key moves no tokens and needs only the chain's coin for gas: the payer's signature
 * fixes amount and recipient. Safe for use by several threads.
 */
public final class EvmFacilitator implements Facilitator {
  /** How long a settlement waits for its transaction receipt by default. */
  public static final Duration DEFAULT_SETTLE_TIMEOUT = Duration.ofSeconds(30);

  /**
   * The most that a unit of gas may cost by default where the price of what is sold cannot be
   * compared with that of gas: 100 gwei, in wei. See {@link Builder#feeCeiling}.
   */
  public static final BigInteger DEFAULT_FEE_CEILING = BigInteger.valueOf(100_000_000_000L);

  /** The most gas that a settlement may use by default; a transfer of USDC uses about 90,000. */
  public static final BigInteger DEFAULT_GAS_LIMIT = BigInteger.valueOf(150_000);

  /** The most gas that a settlement may use if contract wallets are accepted. */
  public static final BigInteger MAX_GAS = BigInteger.valueOf(300_000);

  /** How many payments share a transaction at most by default. */
  public static final int DEFAULT_PAYMENTS_PER_TRANSACTION = 100;

  private static final int MOST_PAYMENTS_PER_TRANSACTION = 150;
  private static final Duration LONGEST_GATHERING = Duration.ofSeconds(5);

  private final Chain chain;
  private final GasPool gasPool;
  private final FeeCeiling feeCeiling;
  private final BigInteger gasLimit;
  private final EvmSchemes schemes;
  private final OfflineChecks checks;
  private final EvmVerification verification;
  private final EvmSettlement settlement;
  private final EventSearchWindow lookBack;

  private final @Nullable Network configured;

  /** The chain behind the port; null until the node is asked. */
  private volatile @Nullable Network network;

  private EvmFacilitator(Builder builder) {
    configured = builder.network;
    network = configured;
    chain = builder.chain;
    feeCeiling = builder.feeCeiling;
    gasLimit = builder.contractWallets ? builder.gasLimit.max(MAX_GAS) : builder.gasLimit;
    ChainPulse pulse = new ChainPulse(chain, builder.ticker);
    gasPool =
        new GasPool(
            builder.gasKeys.stream()
                .map(key -> new GasAccount(key, builder.chain, () -> network().chainId()))
                .toList(),
            new GasFunds(
                chain, builder.gasKeys.stream().map(EvmSigner::address).toList(), builder.clock));
    schemes = builder.schemes;
    checks =
        new OfflineChecks(
            schemes,
            builder.clock,
            any -> builder.contractWallets ? Optional.of(builder.chain) : Optional.empty());
    lookBack = builder.lookBack;
    PaymentsInFlight inFlight = new PaymentsInFlight(builder.clock);
    verification =
        new EvmVerification(chain, gasPool, inFlight, builder.ticker, builder.contractWallets);
    settlement =
        new EvmSettlement(
            chain,
            pulse,
            gasPool,
            verification,
            inFlight,
            builder.clock,
            builder.ticker,
            new EvmSettlement.Terms(
                feeCeiling,
                builder.settleTimeout,
                builder.confirmations,
                lookBack,
                new SettlementQueue.Sharing(builder.mostPayments, builder.longestWait),
                builder.listener));
  }

  /**
   * Returns a facilitator with the default settings, on the chain of the node. An offer on another
   * chain fails the start.
   *
   * @param rpcUrl {@code http} or {@code https}; nothing is sent yet
   * @param gasKey pays the gas
   * @throws IllegalArgumentException if it is no such URL, or null or blank, as an environment
   *     variable is that is not set; the message does not repeat it
   */
  public static EvmFacilitator at(@Nullable String rpcUrl, EvmSigner gasKey) {
    if (rpcUrl == null || rpcUrl.isBlank()) {
      throw new IllegalArgumentException(
          "RPC URL: expected http:// or https:// and a host, found nothing; is the environment"
              + " variable set?");
    }
    return builder(Web3jChain.at(url(rpcUrl.trim())), gasKey).build();
  }

  /** Without the parser's exception, whose message repeats the URL and the key in it. */
  private static URI url(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("RPC URL: expected http:// or https:// and a host");
    }
  }

  /**
   * Returns a builder for the chain behind the port.
   *
   * @param gasKey pays the gas
   */
  public static Builder builder(Chain chain, EvmSigner gasKey) {
    return new Builder(null, chain, gasKey);
  }

  /**
   * Returns a builder for one chain.
   *
   * @param network the chain that is expected behind the port; another one fails the start
   * @param gasKey pays the gas
   */
  public static Builder builder(Network network, Chain chain, EvmSigner gasKey) {
    return new Builder(network, chain, gasKey);
  }

  @Override
  public boolean supports(String scheme, Network candidate) {
    return schemes.names(scheme) && candidate.equals(network());
  }

  private Network network() {
    Network known = network;
    if (known == null) {
      try {
        known = new Network(chain.chainId());
      } catch (FacilitatorException e) {
        throw new UnreachableException("RPC URL: " + e.getMessage(), e);
      }
      network = known;
    }
    return known;
  }

  /** Returns the gas accounts. */
  @Override
  public Set<Address> signers() {
    return gasPool.addresses();
  }

  @Override
  public void start(List<PaymentRequirements> offered) {
    Network here = network();
    EvmSchemes.requireChain(chain, here);
    for (PaymentRequirements option : offered) {
      if (!option.network().equals(here)) {
        network = configured; // the node is asked again at the next start
        throw new IllegalStateException(
            "accepts: a payment on "
                + option.network()
                + " cannot be settled; the node behind the RPC URL is on "
                + here);
      }
    }
    schemes.start(offered, chain);
    verification.start(offered);
    try {
      gasPool.funds().ask();
      settlement.share(offered);
    } catch (FacilitatorException e) {
      throw EvmSchemes.unreachable(here, e);
    }
    lookBack.measure(chain, offered);
  }

  /** No gas account can pay for a settlement. */
  @Override
  public Optional<String> outage() {
    return gasPool.funds().outage();
  }

  /** No gas account can pay for a settlement, or its gas costs too much for what is sold. */
  @Override
  public Optional<String> outage(PaymentRequirements offered) {
    return gasPool.funds().outage(feeCeiling.of(offered, GasFunds.USUAL_GAS));
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return checks.check(payload, requirements);
  }

  /** Contracts are asked if {@link Builder#acceptContractWallets} is on. */
  @Override
  public WalletSignatures wallets() {
    return checks.wallets();
  }

  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    return verification.verify(
        payment,
        transfer(payment, gasPool.any()),
        feeCeiling.of(payment.requirements(), GasFunds.USUAL_GAS));
  }

  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    return settlement.settle(payment, account -> transfer(payment, account), beforeBroadcast);
  }

  @Override
  public CompletionStage<Settlement> settleLater(
      SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    return settlement.settleLater(payment, account -> transfer(payment, account), beforeBroadcast);
  }

  @Override
  public boolean tellsBeforeBroadcast() {
    return true;
  }

  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions)
      throws FacilitatorException {
    return settlement.outcome(payment, transactions);
  }

  /** Returns how many payments wait to be sent, for a gauge. */
  public int waitingPayments() {
    return settlement.waiting();
  }

  /** Returns how many transactions are sent and not yet in a block, for a gauge. */
  public int sentTransactions() {
    return gasPool.accounts().stream().mapToInt(GasAccount::busy).sum();
  }

  /** Shows the network and the gas accounts, and no key. */
  @Override
  public String toString() {
    return "EvmFacilitator["
        + (network == null ? "chain not asked yet" : network)
        + ", gas accounts "
        + gasPool.addresses()
        + "]";
  }

  /** Its gas is capped as the settlement's: code at the payer's account could keep a node busy. */
  private Chain.Call transfer(SignedPayment payment, Address gasAccount) {
    OfflineChecks.Checked checked = OfflineChecks.Checked.of(payment);
    EvmPayment asked = checked.payment();
    return asked
        .transfer(
            asked.sender().orElse(gasAccount), checked.owner(), payment.requirements().amount())
        .withGas(gasLimit);
  }

  static int requireConfirmations(int blocks) {
    if (blocks < 1 || blocks > 1000) {
      throw new IllegalArgumentException(
          "confirmations: expected 1 to 1000 blocks, found " + blocks);
    }
    return blocks;
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private static final BigInteger LEAST_GAS_LIMIT = BigInteger.valueOf(50_000);

    private final @Nullable Network network;
    private Chain chain;
    private ChainListener listener = ChainListener.NONE;
    private final List<EvmSigner> gasKeys = new ArrayList<>();
    private Clock clock = Clock.systemUTC();
    private Ticker ticker = Ticker.SYSTEM;
    private FeeCeiling feeCeiling = new FeeCeiling.ThePrice();
    private BigInteger gasLimit = DEFAULT_GAS_LIMIT;
    private Duration settleTimeout = DEFAULT_SETTLE_TIMEOUT;
    private int confirmations = 1;
    private EventSearchWindow lookBack = EventSearchWindow.byDefault();
    private boolean contractWallets;
    private int mostPayments = DEFAULT_PAYMENTS_PER_TRANSACTION;
    private Duration longestWait = Duration.ZERO;
    private EvmSchemes schemes = EvmSchemes.standard();

    private Builder(@Nullable Network network, Chain chain, EvmSigner gasKey) {
      this.network = network;
      this.chain = chain;
      gasKeys.add(gasKey);
    }

    /**
     * Adds another gas key. Settlements are spread over all keys and go out at the same time. Each
     * account needs funds and must be used by this facilitator only.
     */
    public Builder gasKey(EvmSigner another) {
      gasKeys.add(another);
      return this;
    }

    /** Sets who observes the messages to the node and what gas costs. Default: none. */
    public Builder listener(ChainListener newListener) {
      listener = new GuardedChainListener(newListener);
      chain = chain.withListener(listener);
      return this;
    }

    /** Reads the time from this clock. Default: the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Sets the most wei that a unit of gas may cost, whatever is sold. While it costs more, nothing
     * is sent and payments get a 503. Default: for USDC on Base, Arbitrum One, Polygon and Monad,
     * so much that the gas of a settlement costs no more than what is sold, and no more than a
     * dollar; elsewhere {@link #DEFAULT_FEE_CEILING}.
     */
    public Builder feeCeiling(BigInteger weiPerGas) {
      if (weiPerGas.signum() <= 0) {
        throw new IllegalArgumentException("feeCeiling: expected more than zero wei per gas");
      }
      feeCeiling = new FeeCeiling.Fixed(weiPerGas);
      return this;
    }

    /**
     * Sets the most gas that a settlement may use. Raise it where a chain counts more than the
     * execution, as Arbitrum does when Ethereum is expensive. If contract wallets are accepted, it
     * is at least {@link #MAX_GAS}. At least 50,000. Default: {@link #DEFAULT_GAS_LIMIT}.
     */
    public Builder gasLimit(BigInteger gas) {
      if (gas.compareTo(LEAST_GAS_LIMIT) < 0) {
        throw new IllegalArgumentException(
            "gasLimit: expected at least " + LEAST_GAS_LIMIT + ", found " + gas);
      }
      gasLimit = gas;
      return this;
    }

    /**
     * Sets how long to wait for a transaction receipt; after that the settlement is pending. Must
     * be positive. Default: {@link #DEFAULT_SETTLE_TIMEOUT}.
     */
    public Builder settleTimeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("settleTimeout: expected more than zero");
      }
      settleTimeout = timeout;
      return this;
    }

    /**
     * Sets how many blocks make a settlement final, its own included: 1 to 1000. A deeper
     * reorganisation is not noticed. Default: 1.
     */
    public Builder confirmations(int blocks) {
      confirmations = requireConfirmations(blocks);
      return this;
    }

    /**
     * Sets how many blocks back to search for the transaction that used an authorization. Logs a
     * warning at the start if that is too few for the chain. Default: 5,000, and on a fast chain as
     * many as it makes while a payment can be asked for, measured at the start.
     */
    public Builder lookBackBlocks(long blocks) {
      if (blocks < 1) {
        throw new IllegalArgumentException("lookBackBlocks: expected at least 1");
      }
      lookBack = EventSearchWindow.of(blocks);
      return this;
    }

    /**
     * Accepts payers that are contracts (EIP-1271). The contract is asked about signatures that are
     * not an account's, by a static call with a gas cap. That is a network call before the
     * signature is known to be good. Wallets that are not deployed yet (EIP-6492) are refused.
     * Default: off.
     */
    public Builder acceptContractWallets() {
      contractWallets = true;
      return this;
    }

    /**
     * Sets how many payments may share a transaction: 1 to 150; 1 sends each in a transaction of
     * its own. Payments share one if they are ready at the same time, come from plain accounts, and
     * pay in a token that the facilitator was started with, on a chain that has the contract
     * Multicall3. Default: {@link #DEFAULT_PAYMENTS_PER_TRANSACTION}.
     */
    public Builder paymentsPerTransaction(int most) {
      if (most < 1 || most > MOST_PAYMENTS_PER_TRANSACTION) {
        throw new IllegalArgumentException(
            "paymentsPerTransaction: expected 1 to "
                + MOST_PAYMENTS_PER_TRANSACTION
                + ", found "
                + most);
      }
      mostPayments = most;
      return this;
    }

    /**
     * Sets how long a payment waits for others to share its transaction: at most 5 s. It saves gas
     * where payments are few. Default: 0, a payment is sent as soon as a gas account is free.
     */
    public Builder gatherFor(Duration longest) {
      if (longest.isNegative() || longest.compareTo(LONGEST_GATHERING) > 0) {
        throw new IllegalArgumentException("gatherFor: expected 0 to 5 s, found " + longest);
      }
      longestWait = longest;
      return this;
    }

    /** Pauses in this time; for a simulation. */
    Builder ticker(Ticker newTicker) {
      ticker = newTicker;
      return this;
    }

    /** Settles these schemes only. Default: {@link EvmSchemes#standard}. */
    Builder schemes(EvmSchemes newSchemes) {
      schemes = newSchemes;
      return this;
    }

    /**
     * Returns the facilitator; nothing is sent yet.
     *
     * @throws IllegalArgumentException if a gas key was given twice
     */
    public EvmFacilitator build() {
      return new EvmFacilitator(this);
    }
  }
}
