// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.LongFunction;
import org.apache.logging.log4j.spi.Provider;
import org.hyperledger.besu.config.GenesisConfigFile;
import org.hyperledger.besu.crypto.SECP256K1;
import org.hyperledger.besu.ethereum.chain.Blockchain;
import org.hyperledger.besu.ethereum.core.Account;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.ethereum.core.MutableWorldState;
import org.hyperledger.besu.ethereum.core.ProcessableBlockHeader;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.core.Wei;
import org.hyperledger.besu.ethereum.core.WorldState;
import org.hyperledger.besu.ethereum.core.WorldUpdater;
import org.hyperledger.besu.ethereum.mainnet.MainnetProtocolSchedule;
import org.hyperledger.besu.ethereum.mainnet.ProtocolSpec;
import org.hyperledger.besu.ethereum.mainnet.TransactionProcessor;
import org.hyperledger.besu.ethereum.mainnet.TransactionValidationParams;
import org.hyperledger.besu.ethereum.storage.keyvalue.WorldStateKeyValueStorage;
import org.hyperledger.besu.ethereum.storage.keyvalue.WorldStatePreimageKeyValueStorage;
import org.hyperledger.besu.ethereum.vm.BlockHashLookup;
import org.hyperledger.besu.ethereum.vm.OperationTracer;
import org.hyperledger.besu.ethereum.worldstate.WorldStateArchive;
import org.hyperledger.besu.services.kvstore.InMemoryKeyValueStorage;
import org.hyperledger.besu.util.bytes.BytesValue;
import org.jspecify.annotations.Nullable;

/**
 * The Ethereum virtual machine (Istanbul rules) and the states it produces. A state is named by its
 * root hash and never goes away, which is what makes calls against old blocks and going back to
 * them cheap. Thread safe.
 */
final class Evm {

  private static final String LOGGER_FACTORY = "log4j2.loggerContextFactory";
  private static final SECP256K1.Signature NO_SIGNATURE =
      SECP256K1.Signature.create(SECP256K1.HALF_CURVE_ORDER, SECP256K1.HALF_CURVE_ORDER, (byte) 0);

  /**
   * What a transaction or a call did. The output of a revert is what the contract gave as its
   * reason.
   */
  record Outcome(Status status, long gasUsed, BytesValue output, List<Log> logs, String problem) {
    enum Status {
      SUCCEEDED,
      REVERTED,
      HALTED,
      INVALID
    }

    boolean succeeded() {
      return status == Status.SUCCEEDED;
    }
  }

  /** What {@code eth_call} asks for. {@code to} is absent for a contract creation. */
  record Call(
      Address from, Optional<Address> to, Wei value, long gas, Wei gasPrice, BytesValue data) {
    Call withGas(long other) {
      return new Call(from, to, value, other, gasPrice, data);
    }
  }

  private final ProtocolSpec<Void> spec;
  private final WorldStateArchive states;
  private final Blockchain noBlockchain = noBlockchain();

  private Evm(ProtocolSpec<Void> spec, WorldStateArchive states) {
    this.spec = spec;
    this.states = states;
  }

  static Evm of(long chainId) {
    quietLogging();
    String genesis =
        "{\"config\":{\"chainId\":%d,\"istanbulBlock\":0,\"ethash\":{}}}".formatted(chainId);
    ProtocolSpec<Void> spec =
        MainnetProtocolSchedule.fromConfig(
                GenesisConfigFile.fromConfig(genesis).getConfigOptions(), true)
            .getByBlockNumber(0);
    WorldStateArchive states =
        new WorldStateArchive(
            new WorldStateKeyValueStorage(new InMemoryKeyValueStorage()),
            new WorldStatePreimageKeyValueStorage(new InMemoryKeyValueStorage()));
    return new Evm(spec, states);
  }

  /**
   * Chooses the simple logger of Log4j's API, to which the EVM logs (errors only, to standard
   * error), unless the application brought an implementation or made a choice.
   */
  private static void quietLogging() {
    boolean provided = ServiceLoader.load(Provider.class).stream().findAny().isPresent();
    if (!provided && System.getProperty(LOGGER_FACTORY) == null) {
      System.setProperty(
          LOGGER_FACTORY, "org.apache.logging.log4j.simple.SimpleLoggerContextFactory");
    }
  }

  /** Returns what the EVM must be given, and never asks for a public transaction. */
  private static Blockchain noBlockchain() {
    return (Blockchain)
        Proxy.newProxyInstance(
            Evm.class.getClassLoader(),
            new Class<?>[] {Blockchain.class},
            (proxy, method, arguments) -> {
              throw new UnsupportedOperationException(method.getName());
            });
  }

  /** Makes the first state, in which these accounts own something and these have code. */
  Hash genesis(Map<Address, Wei> balances, Map<Address, BytesValue> codes) {
    MutableWorldState state = states.getMutable();
    WorldUpdater updater = state.updater();
    balances.forEach((address, wei) -> updater.createAccount(address, 0, wei));
    codes.forEach((address, code) -> updater.getOrCreate(address).getMutable().setCode(code));
    updater.commit();
    state.persist();
    return state.rootHash();
  }

  /** Returns an account as it was in a state, or null if it did not exist there. */
  @Nullable Account account(Hash root, Address address) {
    return state(root).get(address);
  }

  WorldState state(Hash root) {
    return states.get(root).orElseThrow(() -> new IllegalStateException("no state " + root));
  }

  /** Returns a state to execute the transactions of one block on. */
  Execution on(Hash root, ProcessableBlockHeader header, LongFunction<Hash> blockHashes) {
    return new Execution(mutable(root), header, blockHashes);
  }

  /** Executes a call as if it were a transaction, and leaves no trace. */
  Outcome call(
      Hash root, ProcessableBlockHeader header, LongFunction<Hash> blockHashes, Call call) {
    Account sender = account(root, call.from());
    Transaction.Builder builder =
        Transaction.builder()
            .nonce(sender == null ? 0 : sender.getNonce())
            .gasPrice(call.gasPrice())
            .gasLimit(call.gas())
            .value(call.value())
            .payload(call.data())
            .sender(call.from())
            .signature(NO_SIGNATURE);
    call.to().ifPresent(builder::to);
    return new Execution(mutable(root), header, blockHashes)
        .process(builder.build(), TransactionValidationParams.transactionSimulator());
  }

  /** Returns the gas that a transaction costs before its first instruction. */
  long intrinsicGas(Transaction transaction) {
    return spec.getGasCalculator().transactionIntrinsicGasCost(transaction).toLong();
  }

  /**
   * Returns an empty string if signature and chain id of a transaction are right, or what is wrong.
   */
  String problemWith(Transaction transaction) {
    var result = spec.getTransactionValidator().validate(transaction);
    return result.isValid() ? "" : result.getErrorMessage();
  }

  private MutableWorldState mutable(Hash root) {
    return states.getMutable(root).orElseThrow(() -> new IllegalStateException("no state " + root));
  }

  /** One state while it changes. Used by one thread. */
  final class Execution {

    private final MutableWorldState state;
    private final ProcessableBlockHeader header;
    private final BlockHashLookup blockHashes;

    private Execution(
        MutableWorldState state, ProcessableBlockHeader header, LongFunction<Hash> hashes) {
      this.state = state;
      this.header = header;
      this.blockHashes =
          new BlockHashLookup(header, noBlockchain) {
            @Override
            public Hash getBlockHash(long number) {
              return hashes.apply(number);
            }
          };
    }

    /** Executes a transaction on what the ones before it left. An invalid one changes nothing. */
    Outcome execute(Transaction transaction) {
      return process(transaction, TransactionValidationParams.processingBlock());
    }

    /** Puts code at an address, out of nowhere. */
    void place(Address address, BytesValue code) {
      WorldUpdater updater = state.updater();
      updater.getOrCreate(address).getMutable().setCode(code);
      updater.commit();
    }

    /** Keeps the state and returns its name. */
    Hash finish() {
      state.persist();
      return state.rootHash();
    }

    private Outcome process(Transaction transaction, TransactionValidationParams params) {
      WorldUpdater updater = state.updater();
      TransactionProcessor.Result result =
          spec.getTransactionProcessor()
              .processTransaction(
                  noBlockchain,
                  updater,
                  header,
                  transaction,
                  header.getCoinbase(),
                  OperationTracer.NO_TRACING,
                  blockHashes,
                  false,
                  params);
      if (result.isInvalid()) {
        String problem = result.getValidationResult().getErrorMessage();
        return new Outcome(Outcome.Status.INVALID, 0, BytesValue.EMPTY, List.of(), problem);
      }
      updater.commit();
      return outcome(transaction, result);
    }

    private Outcome outcome(Transaction transaction, TransactionProcessor.Result result) {
      long gasUsed = transaction.getGasLimit() - result.getGasRemaining();
      if (result.isSuccessful()) {
        List<Log> logs = List.copyOf(result.getLogs());
        return new Outcome(Outcome.Status.SUCCEEDED, gasUsed, result.getOutput(), logs, "");
      }
      Optional<BytesValue> reason = result.getRevertReason();
      return new Outcome(
          reason.isPresent() ? Outcome.Status.REVERTED : Outcome.Status.HALTED,
          gasUsed,
          reason.orElse(BytesValue.EMPTY),
          List.of(),
          "");
    }
  }

  static BigInteger toBigInteger(Wei wei) {
    return new BigInteger(1, wei.getBytes().extractArray());
  }
}
