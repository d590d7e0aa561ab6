// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.core.Wei;
import org.hyperledger.besu.util.bytes.BytesValue;

/**
 * An EVM chain in this JVM that answers JSON-RPC on loopback. It mines a block for each transaction
 * as it comes, has legacy (EIP-155) transactions only, no base fee, and executes by the rules of
 * the Istanbul fork.
 *
 * <pre>{@code
 * try (LocalChain chain = LocalChain.start()) {
 *   TestWallet payer = TestWallet.random();
 *   TestUsdc usdc = chain.deployUsdc();
 *   usdc.mint(payer.address(), 1_000_000); // a dollar
 *   System.out.println(chain.rpcUrl() + " " + usdc.balanceOf(payer.address()));
 * }
 * }</pre>
 *
 * <p>Thread safe. Its Java methods bypass {@link #faults()} and are not counted in {@link
 * #requests()}.
 */
public final class LocalChain implements TestChain {

  /** The chain id of a chain started without one: that of Base Sepolia. */
  public static final long DEFAULT_CHAIN_ID = 84532;

  /**
   * Deploys, mints and pays out. It is always the same, so that contracts get the same addresses
   * each time.
   */
  private static final TestWallet OPERATOR = TestWallet.of("c0".repeat(32));

  private static final Wei OPERATOR_WEI = Wei.of(BigInteger.TEN.pow(36));

  /** A block of a chain, to go back to. */
  public static final class Snapshot {
    private final Hash block;

    private Snapshot(Hash block) {
      this.block = block;
    }
  }

  private final ChainState chain;
  private final RpcServer server;
  private final Operator operator;
  private final Faults faults;

  private LocalChain(ChainState chain, RpcServer server, Operator operator, Faults faults) {
    this.chain = chain;
    this.server = server;
    this.operator = operator;
    this.faults = faults;
  }

  /** Starts a chain with {@link #DEFAULT_CHAIN_ID} on a free port. */
  public static LocalChain start() {
    return start(DEFAULT_CHAIN_ID);
  }

  /** Starts a chain on a free port. */
  public static LocalChain start(long chainId) {
    return start(chainId, 0);
  }

  /**
   * Starts a chain.
   *
   * @param chainId its EIP-155 chain id, above zero
   * @param port where it listens on 127.0.0.1, or 0 for a free port
   * @throws UncheckedIOException if it cannot listen there
   */
  public static LocalChain start(long chainId, int port) {
    return start(chainId, port, Clock.systemUTC());
  }

  /**
   * Starts a chain with {@link #DEFAULT_CHAIN_ID} on a free port whose time is that of a clock, as
   * for messages signed long ago.
   */
  public static LocalChain start(Clock clock) {
    return start(DEFAULT_CHAIN_ID, 0, clock);
  }

  private static LocalChain start(long chainId, int port, Clock clock) {
    if (chainId <= 0) {
      throw new IllegalArgumentException("chainId: expected above zero, found " + chainId);
    }
    Evm evm = Evm.of(chainId);
    Address rich = Address.fromHexString(OPERATOR.address());
    ChainState chain = new ChainState(evm, chainId, clock, Map.of(rich, OPERATOR_WEI));
    RpcMethods methods = new RpcMethods(chain, evm);
    Faults faults = new Faults();
    Operator operator = new Operator(new LocalNode(chain, methods), chainId, OPERATOR);
    try {
      return new LocalChain(chain, RpcServer.start(port, methods, faults), operator, faults);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen on 127.0.0.1 port " + port, e);
    }
  }

  @Override
  public URI rpcUrl() {
    return server.url();
  }

  @Override
  public long chainId() {
    return chain.chainId();
  }

  @Override
  public void fund(String address, BigInteger wei) {
    operator.send(address, wei, "");
  }

  @Override
  public BigInteger etherBalance(String address) {
    return operator.balance(address);
  }

  @Override
  public TestUsdc deployUsdc(String name, String version, int decimals) {
    return TestUsdc.deploy(operator, name, version, decimals);
  }

  @Override
  public TestToken deployToken(String name, String symbol, int decimals) {
    return TestToken.deploy(operator, name, symbol, decimals, false);
  }

  @Override
  public TestToken deployPermitToken(String name, String symbol, int decimals) {
    return TestToken.deploy(operator, name, symbol, decimals, true);
  }

  @Override
  public TestUsdc placeUsdc(String address, String name, String version) {
    TestUsdc deployed = deployUsdc(name, version);
    chain.place(Address.fromHexString(address), BytesValue.fromHexString(deployed.code()));
    return deployed.at(address);
  }

  @Override
  public void placeCode(String address, String code) {
    chain.place(Address.fromHexString(address), BytesValue.fromHexString(code));
  }

  @Override
  public String deployContractWallet(String ownerAddress, WalletBehaviour behaviour) {
    return operator.deployContractWallet(ownerAddress, behaviour);
  }

  // ---- time

  /**
   * Moves the chain's clock forward. Existing blocks keep their time.
   *
   * @throws IllegalArgumentException if the duration is negative
   */
  public void advanceTime(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("time does not go back");
    }
    chain.advanceTime(by);
  }

  /** Returns the time that a block mined now would carry, in whole seconds. */
  public Instant now() {
    return chain.now();
  }

  /**
   * Returns a clock that shows {@link #now()}, for code under test that must agree with the chain
   * about the time.
   */
  public Clock clock() {
    return new ChainClock(chain, ZoneOffset.UTC);
  }

  // ---- blocks

  /**
   * Sets whether transactions are mined as they come or wait for {@link #mine()}. Switching it on
   * mines what waits. Default: on.
   */
  public void automine(boolean on) {
    chain.automine(on);
  }

  /** Mines one block with all waiting transactions whose nonce is next, or an empty one. */
  public void mine() {
    chain.mine();
  }

  /** Returns the number of the latest block. */
  public long blockNumber() {
    return chain.head().number();
  }

  /**
   * Sets what {@code eth_gasPrice} answers, which is also the least that a transaction must offer.
   * Default: 1 gwei.
   */
  public void gasPrice(BigInteger weiPerGas) {
    chain.gasPrice(weiPerGas);
  }

  /** Returns the latest block as something to go back to. */
  public Snapshot snapshot() {
    return new Snapshot(chain.head().hash());
  }

  /**
   * Takes back all blocks after a snapshot, as a reorganisation does, and drops the transactions in
   * them and those that wait. Time goes on. A snapshot can be used again and again.
   *
   * @throws IllegalArgumentException if its block is no longer in the chain
   */
  public void revertTo(Snapshot snapshot) {
    chain.revertTo(snapshot.block);
  }

  /** Returns whether a transaction is in a block. */
  public boolean mined(String transactionHash) {
    return chain.place(Hash.fromHexString(transactionHash)).isPresent();
  }

  /** Returns the nonce of an account as of the latest block. */
  public long nonce(String address) {
    return chain.nonce(Address.wrap(BytesValue.fromHexString(address)));
  }

  // ---- the endpoint

  /** Returns the faults of the JSON-RPC endpoint: set them here. */
  public Faults faults() {
    return faults;
  }

  /**
   * Returns how many requests the JSON-RPC endpoint has received. Each request of a batch counts.
   */
  public long requests() {
    return server.requests();
  }

  /** Returns how many requests of a method the JSON-RPC endpoint has received. */
  public long requests(String method) {
    return server.requests(method);
  }

  /** Stops listening; the chain is gone. */
  @Override
  public void close() {
    server.close();
  }

  @Override
  public String toString() {
    return "LocalChain[" + chainId() + " at " + rpcUrl() + "]";
  }

  /** The chain, asked directly. */
  private record LocalNode(ChainState chain, RpcMethods methods) implements Operator.Node {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public JsonNode call(String method, Object... params) {
      return methods.call(method, new Params(JSON.valueToTree(List.of(params))));
    }

    /** Mines in a block of its own, whatever waits and whether or not the chain mines by itself. */
    @Override
    public JsonNode mine(String signedTransaction) {
      Transaction transaction = RpcMethods.decode(BytesValue.fromHexString(signedTransaction));
      chain.mineAlone(transaction);
      return call("eth_getTransactionReceipt", transaction.getHash().toString());
    }
  }

  private static final class ChainClock extends Clock {
    private final ChainState chain;
    private final ZoneId zone;

    private ChainClock(ChainState chain, ZoneId zone) {
      this.chain = chain;
      this.zone = zone;
    }

    @Override
    public ZoneId getZone() {
      return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
      return new ChainClock(chain, other);
    }

    @Override
    public Instant instant() {
      return chain.now();
    }
  }
}
