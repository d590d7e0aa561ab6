// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.web3j.protocol.core.Response;

/**
 * Reads a node's answers and trusts none of them. An answer of another form than expected is a
 * {@link FacilitatorException} that names the method and quotes nothing.
 */
final class RpcAnswers {
  /** Enough for times of the next 34,000 years. */
  private static final int MAX_TIME_BITS = 40;

  private RpcAnswers() {}

  /** An answer whose result is text. */
  static final class TextResponse extends Response<String> {}

  /** An answer whose result is a block. */
  static final class BlockResponse extends Response<BlockAnswer> {}

  /** An answer whose result is the receipt of a transaction. */
  static final class ReceiptResponse extends Response<ReceiptAnswer> {}

  /** An answer whose result is a transaction. */
  static final class TransactionResponse extends Response<TransactionAnswer> {}

  /** An answer whose result are events. */
  static final class LogsResponse extends Response<List<LogAnswer>> {}

  // What is read of an answer, and no more: chains and nodes add members of their own, and kinds of
  // transactions that nobody knew. What is missing is null.

  @JsonIgnoreProperties(ignoreUnknown = true)
  record BlockAnswer(
      @Nullable String number, @Nullable String timestamp, @Nullable String baseFeePerGas) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record TransactionAnswer(@Nullable String hash, @Nullable String input) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record ReceiptAnswer(
      @Nullable String transactionHash,
      @Nullable String blockNumber,
      @Nullable String from,
      @Nullable String status,
      @Nullable String gasUsed,
      @Nullable String effectiveGasPrice,
      @Nullable String l1Fee,
      @Nullable List<LogAnswer> logs) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record LogAnswer(
      @Nullable String address,
      @Nullable List<String> topics,
      @Nullable String data,
      @Nullable String transactionHash) {}

  static BigInteger quantity(String method, Response<?> response) throws FacilitatorException {
    return quantity(method, text(method, response));
  }

  static String text(String method, Response<?> response) throws FacilitatorException {
    if (result(method, response) instanceof String text) {
      return text;
    }
    throw invalid(method, null);
  }

  /** Reads contract data, which may be empty. */
  static String data(String method, Response<?> response) throws FacilitatorException {
    String data = text(method, response);
    if (!Hex.isBytes(data)) {
      throw invalid(method, null);
    }
    return data;
  }

  /** Returns whether the answer to {@code eth_getCode} is code. */
  static boolean isCode(Response<?> response) throws FacilitatorException {
    return data("eth_getCode", response).length() > "0x".length();
  }

  static Chain.CallResult callResult(Response<?> response) throws FacilitatorException {
    String reverted = reverted(response);
    if (reverted != null) { // first: a contract chooses its own words
      return new Chain.CallResult.Reverted(reverted);
    }
    return response.hasError() && SendErrors.isWithoutFunds(response.getError().getMessage())
        ? new Chain.CallResult.WithoutFunds()
        : new Chain.CallResult.Returned(data("eth_call", response));
  }

  /** Reads what a transaction takes from the estimate of its gas. */
  static Chain.Quote quote(Response<?> estimate, Chain.Quote fees) throws FacilitatorException {
    String reverted = reverted(estimate);
    BigInteger gas = reverted == null ? quantity("eth_estimateGas", estimate) : BigInteger.ZERO;
    return new Chain.Quote(gas, reverted, fees.baseFee(), fees.priorityFee(), fees.gasPrice());
  }

  /** Returns the call data of the transaction, empty if the node does not have it. */
  static Optional<String> callData(String transaction, Response<?> response)
      throws FacilitatorException {
    if (!shows(transaction, response)
        || !(response.getResult() instanceof TransactionAnswer answer)) {
      return Optional.empty();
    }
    if (answer.input() == null || !Hex.isBytes(answer.input())) {
      throw invalid("eth_getTransactionByHash", null);
    }
    return Optional.of(answer.input().toLowerCase(Locale.ROOT));
  }

  /** Returns what gas costs; no gas is needed. */
  static Chain.Quote fees(Optional<BigInteger> baseFee, BigInteger gasPrice) {
    BigInteger priorityFee =
        baseFee.map(fee -> gasPrice.subtract(fee).max(BigInteger.ONE)).orElse(BigInteger.ZERO);
    return new Chain.Quote(BigInteger.ZERO, null, baseFee.orElse(null), priorityFee, gasPrice);
  }

  /** Returns what is added to a base fee where the node does not say what is usual. */
  static BigInteger usualPriority(BigInteger baseFee) {
    return baseFee.divide(BigInteger.TEN).max(BigInteger.ONE);
  }

  /** Returns the base fee of a block, empty where the chain has none. */
  static Optional<BigInteger> baseFee(Response<?> newestBlock) throws FacilitatorException {
    String baseFee = block(newestBlock).baseFeePerGas();
    return baseFee == null
        ? Optional.empty()
        : Optional.of(quantity("eth_getBlockByNumber", baseFee));
  }

  /** Returns why a call fails on chain, or null if the node says something else. */
  private static @Nullable String reverted(Response<?> response) {
    return response.hasError() && (isRevert(response.getError()) || isOutOfGas(response.getError()))
        ? String.valueOf(response.getError().getMessage())
        : null;
  }

  /** Returns whether a call was executed, and failed: the error says something of the call. */
  static boolean isOfExecution(Response.Error error) {
    return isRevert(error) || isOutOfGas(error) || SendErrors.isWithoutFunds(error.getMessage());
  }

  private static boolean isRevert(Response.Error error) {
    return error.getCode() == 3
        || String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT).contains("revert");
  }

  /** Geth's words, and anvil's. */
  private static boolean isOutOfGas(Response.Error error) {
    String words = String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT);
    return words.contains("out of gas")
        || words.contains("outofgas")
        || words.contains("gas required exceeds");
  }

  /** Reads the receipt of a transaction; empty if it is not in a block. */
  static Optional<Chain.Receipt> receipt(String transaction, Response<?> response)
      throws FacilitatorException {
    String method = "eth_getTransactionReceipt";
    if (!(resultOrNull(method, response) instanceof ReceiptAnswer receipt)
        || receipt.blockNumber() == null) {
      return Optional.empty();
    }
    if (!transaction.equalsIgnoreCase(receipt.transactionHash())) {
      throw invalid(method, null);
    }
    List<Chain.Event> events = events(receipt.logs());
    Optional<Boolean> succeeded = succeeded(receipt.status(), events);
    if (succeeded.isEmpty()) {
      return Optional.empty();
    }
    BigInteger gasUsed = quantityOrNull(method, receipt.gasUsed());
    return Optional.of(
        new Chain.Receipt(
            transaction,
            sender(method, receipt),
            succeeded.get(),
            quantity(method, receipt.blockNumber()),
            events,
            gasUsed,
            fee(method, gasUsed, receipt)));
  }

  /** Rollups of the OP Stack tell the fee of the layer below apart. */
  private static @Nullable BigInteger fee(
      String method, @Nullable BigInteger gasUsed, ReceiptAnswer receipt)
      throws FacilitatorException {
    BigInteger price = quantityOrNull(method, receipt.effectiveGasPrice());
    if (gasUsed == null || price == null) {
      return null;
    }
    BigInteger below = quantityOrNull(method, receipt.l1Fee());
    BigInteger here = gasUsed.multiply(price);
    return below == null ? here : here.add(below);
  }

  private static @Nullable BigInteger quantityOrNull(String method, @Nullable String text)
      throws FacilitatorException {
    return text == null ? null : quantity(method, text);
  }

  /**
   * Returns whether a transaction was not reverted, empty if its receipt does not say: a node may
   * show it before it has executed the block. What was reverted has no events.
   */
  private static Optional<Boolean> succeeded(@Nullable String status, List<Chain.Event> events)
      throws FacilitatorException {
    if (status != null) {
      return Optional.of(quantity("eth_getTransactionReceipt", status).signum() == 1);
    }
    return events.isEmpty() ? Optional.empty() : Optional.of(true);
  }

  private static Address sender(String method, ReceiptAnswer receipt) throws FacilitatorException {
    try {
      return Address.parse(String.valueOf(receipt.from()));
    } catch (IllegalArgumentException e) {
      throw invalid(method, e);
    }
  }

  /** Returns whether the node has shown the transaction. */
  static boolean shows(String transaction, Response<?> response) throws FacilitatorException {
    return resultOrNull("eth_getTransactionByHash", response) instanceof TransactionAnswer found
        && transaction.equalsIgnoreCase(found.hash());
  }

  static Chain.Head head(Response<?> response) throws FacilitatorException {
    BlockAnswer block = block(response);
    BigInteger seconds = quantity("eth_getBlockByNumber", block.timestamp());
    if (seconds.bitLength() > MAX_TIME_BITS) {
      throw invalid("eth_getBlockByNumber", null);
    }
    return new Chain.Head(
        quantity("eth_getBlockByNumber", block.number()),
        Instant.ofEpochSecond(seconds.longValue()));
  }

  private static BlockAnswer block(Response<?> response) throws FacilitatorException {
    if (result("eth_getBlockByNumber", response) instanceof BlockAnswer block) {
      return block;
    }
    throw invalid("eth_getBlockByNumber", null);
  }

  static List<Chain.Event> events(Response<?> response) throws FacilitatorException {
    if (!(result("eth_getLogs", response) instanceof List<?> results)) {
      throw invalid("eth_getLogs", null);
    }
    List<LogAnswer> logs = new ArrayList<>();
    for (Object result : results) {
      if (!(result instanceof LogAnswer log)) {
        throw invalid("eth_getLogs", null);
      }
      logs.add(log);
    }
    return events(logs);
  }

  private static List<Chain.Event> events(@Nullable List<LogAnswer> logs)
      throws FacilitatorException {
    if (logs == null) {
      throw invalid("logs", null);
    }
    List<Chain.Event> events = new ArrayList<>();
    for (LogAnswer log : logs) {
      events.add(event(log));
    }
    return events;
  }

  private static Chain.Event event(LogAnswer log) throws FacilitatorException {
    List<String> topics = log.topics();
    String data = log.data();
    String transaction = log.transactionHash();
    if (topics == null || data == null || transaction == null) {
      throw invalid("logs", null);
    }
    try {
      return new Chain.Event(
          Address.parse(String.valueOf(log.address())),
          topics.stream().map(topic -> topic.toLowerCase(Locale.ROOT)).toList(),
          data.toLowerCase(Locale.ROOT),
          transaction.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException | NullPointerException e) { // a topic may be null
      throw invalid("logs", e);
    }
  }

  private static BigInteger quantity(String method, @Nullable String text)
      throws FacilitatorException {
    try {
      return Hex.quantity(String.valueOf(text));
    } catch (IllegalArgumentException e) {
      throw invalid(method, e);
    }
  }

  private static Object result(String method, Response<?> response) throws FacilitatorException {
    Object result = resultOrNull(method, response);
    if (result == null) {
      throw invalid(method, null);
    }
    return result;
  }

  private static @Nullable Object resultOrNull(String method, Response<?> response)
      throws FacilitatorException {
    if (response.hasError()) {
      throw new FacilitatorException("the chain refused " + method);
    }
    return response.getResult();
  }

  static FacilitatorException invalid(String method, @Nullable Exception cause) {
    String message = "the chain's answer to " + method + " is invalid";
    return cause == null
        ? new FacilitatorException(message)
        : new FacilitatorException(message, cause);
  }
}
