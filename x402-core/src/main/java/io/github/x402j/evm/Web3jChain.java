// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.web3j.protocol.core.Request;
import org.web3j.protocol.core.Response;
import org.web3j.protocol.core.methods.response.EthBlock;
import org.web3j.protocol.core.methods.response.EthGetTransactionReceipt;
import org.web3j.protocol.core.methods.response.EthLog;
import org.web3j.protocol.core.methods.response.EthTransaction;
import org.web3j.protocol.core.methods.response.Log;
import org.web3j.protocol.core.methods.response.Transaction;
import org.web3j.protocol.core.methods.response.TransactionReceipt;

/**
 * A chain behind a JSON-RPC endpoint, spoken to with web3j's requests.
 *
 * <p>Safe for use by several threads. The URL, which often holds a key, appears in no message and
 * not in {@code toString}.
 */
public final class Web3jChain implements Chain {
  /** How long one round trip may take unless said otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private static final String LATEST = "latest";
  private static final String PENDING = "pending";

  private final JsonRpc rpc;

  private Web3jChain(JsonRpc rpc) {
    this.rpc = rpc;
  }

  /** Returns the chain behind the URL, with {@link #DEFAULT_TIMEOUT}; nothing is sent yet. */
  public static Web3jChain at(URI rpcUrl) {
    return at(rpcUrl, DEFAULT_TIMEOUT);
  }

  /**
   * Returns the chain behind the URL; nothing is sent yet.
   *
   * @param timeout for one whole round trip, more than zero
   * @throws IllegalArgumentException if the URL is not http or https
   */
  public static Web3jChain at(URI rpcUrl, Duration timeout) {
    String scheme = String.valueOf(rpcUrl.getScheme()).toLowerCase(Locale.ROOT);
    if ((!scheme.equals("http") && !scheme.equals("https")) || rpcUrl.getHost() == null) {
      throw new IllegalArgumentException("RPC URL: expected http:// or https:// and a host");
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("RPC timeout: expected more than zero");
    }
    return new Web3jChain(new JsonRpc(rpcUrl, timeout));
  }

  @Override
  public long chainId() throws FacilitatorException {
    try {
      return quantity("eth_chainId", List.of()).longValueExact();
    } catch (ArithmeticException e) {
      throw nonsense("eth_chainId", e);
    }
  }

  @Override
  public boolean hasCode(Address address) throws FacilitatorException {
    String code = text("eth_getCode", List.of(address.lowerCase(), LATEST));
    if (!Hex.isBytes(code)) {
      throw nonsense("eth_getCode", null);
    }
    return code.length() > "0x".length();
  }

  @Override
  public BigInteger balance(Address account) throws FacilitatorException {
    return quantity("eth_getBalance", List.of(account.lowerCase(), LATEST));
  }

  @Override
  public BigInteger nextNonce(Address account) throws FacilitatorException {
    return quantity("eth_getTransactionCount", List.of(account.lowerCase(), PENDING));
  }

  @Override
  public List<CallResult> call(List<Call> calls) throws FacilitatorException {
    List<Request<?, TextResponse>> requests = new ArrayList<>();
    for (Call call : calls) {
      requests.add(request("eth_call", List.of(callObject(call), tag(call)), TextResponse.class));
    }
    List<CallResult> results = new ArrayList<>();
    for (Response<?> response : batch(requests)) {
      results.add(callResult(response));
    }
    return results;
  }

  private static CallResult callResult(Response<?> response) throws FacilitatorException {
    if (response.hasError() && (isRevert(response.getError()) || isOutOfGas(response.getError()))) {
      return new CallResult.Reverted(String.valueOf(response.getError().getMessage()));
    }
    Object result = resultOf("eth_call", response);
    if (!(result instanceof String data) || !Hex.isBytes(data)) {
      throw nonsense("eth_call", null);
    }
    return new CallResult.Returned(data);
  }

  @Override
  public Quote quote(Call call) throws FacilitatorException {
    List<Request<?, ? extends Response<?>>> requests = new ArrayList<>();
    requests.add(
        request("eth_estimateGas", List.of(callObject(call), tag(call)), TextResponse.class));
    requests.add(request("eth_getBlockByNumber", List.of(LATEST, false), EthBlock.class));
    requests.add(request("eth_gasPrice", List.of(), TextResponse.class));
    List<? extends Response<?>> responses = batch(requests);

    BigInteger gasPrice = quantityOf("eth_gasPrice", responses.get(2));
    String baseFeeText = blockOf(responses.get(1)).getBaseFeePerGasRaw();
    BigInteger baseFee =
        baseFeeText == null ? null : quantityOf("eth_getBlockByNumber", baseFeeText);
    BigInteger priorityFee =
        baseFee == null ? BigInteger.ZERO : gasPrice.subtract(baseFee).max(BigInteger.ONE);
    Response<?> estimate = responses.get(0);
    if (estimate.hasError() && (isRevert(estimate.getError()) || isOutOfGas(estimate.getError()))) {
      return new Quote(
          BigInteger.ZERO,
          String.valueOf(estimate.getError().getMessage()),
          baseFee,
          priorityFee,
          gasPrice);
    }
    return new Quote(quantityOf("eth_estimateGas", estimate), null, baseFee, priorityFee, gasPrice);
  }

  @Override
  public Broadcast send(String rawTransaction) {
    Response<?> response;
    try {
      response = send("eth_sendRawTransaction", List.of(rawTransaction), TextResponse.class);
    } catch (FacilitatorException e) {
      return new Broadcast.Unknown();
    }
    if (!response.hasError()) {
      return response.getResult() instanceof String
          ? new Broadcast.Accepted()
          : new Broadcast.Unknown();
    }
    return SendErrors.classify(String.valueOf(response.getError().getMessage()));
  }

  @Override
  public Optional<Receipt> receipt(String transaction) throws FacilitatorException {
    Response<?> response =
        send("eth_getTransactionReceipt", List.of(transaction), EthGetTransactionReceipt.class);
    if (response.hasError()) {
      throw refused("eth_getTransactionReceipt");
    }
    if (!(response.getResult() instanceof TransactionReceipt receipt)
        || receipt.getBlockNumberRaw() == null) {
      return Optional.empty();
    }
    if (!transaction.equalsIgnoreCase(receipt.getTransactionHash())) {
      throw nonsense("eth_getTransactionReceipt", null);
    }
    return Optional.of(
        new Receipt(
            transaction,
            sender(receipt),
            "0x1".equals(receipt.getStatus()),
            quantityOf("eth_getTransactionReceipt", receipt.getBlockNumberRaw()),
            events(receipt.getLogs())));
  }

  private static Address sender(TransactionReceipt receipt) throws FacilitatorException {
    try {
      return Address.parse(String.valueOf(receipt.getFrom()));
    } catch (IllegalArgumentException e) {
      throw nonsense("eth_getTransactionReceipt", e);
    }
  }

  @Override
  public boolean isKnown(String transaction) throws FacilitatorException {
    Response<?> response =
        send("eth_getTransactionByHash", List.of(transaction), EthTransaction.class);
    if (response.hasError()) {
      throw refused("eth_getTransactionByHash");
    }
    return response.getResult() instanceof Transaction found
        && transaction.equalsIgnoreCase(found.getHash());
  }

  @Override
  public Head head() throws FacilitatorException {
    return headOf(blockOf(send("eth_getBlockByNumber", List.of(LATEST, false), EthBlock.class)));
  }

  @Override
  public Optional<Head> block(BigInteger number) throws FacilitatorException {
    Response<?> response =
        send("eth_getBlockByNumber", List.of(Hex.quantity(number), false), EthBlock.class);
    return !response.hasError() && response.getResult() instanceof EthBlock.Block block
        ? Optional.of(headOf(block))
        : Optional.empty();
  }

  private static Head headOf(EthBlock.Block block) throws FacilitatorException {
    BigInteger seconds = quantityOf("eth_getBlockByNumber", block.getTimestampRaw());
    if (seconds.bitLength() > 40) {
      throw nonsense("eth_getBlockByNumber", null);
    }
    return new Head(
        quantityOf("eth_getBlockByNumber", block.getNumberRaw()),
        Instant.ofEpochSecond(seconds.longValue()));
  }

  @Override
  public List<Event> events(Address contract, List<String> topics, BigInteger fromBlock)
      throws FacilitatorException {
    Map<String, Object> filter = new LinkedHashMap<>();
    filter.put("address", contract.lowerCase());
    filter.put("topics", topics);
    filter.put("fromBlock", Hex.quantity(fromBlock));
    filter.put("toBlock", LATEST);
    Response<?> response = send("eth_getLogs", List.of(filter), EthLog.class);
    List<Log> logs = new ArrayList<>();
    if (!(resultOf("eth_getLogs", response) instanceof List<?> results)) {
      throw nonsense("eth_getLogs", null);
    }
    for (Object result : results) {
      if (!(result instanceof Log log)) {
        throw nonsense("eth_getLogs", null);
      }
      logs.add(log);
    }
    return events(logs);
  }

  @Override
  public String toString() {
    return "Web3jChain[URL redacted]";
  }

  private static List<Event> events(@Nullable List<? extends Log> logs)
      throws FacilitatorException {
    if (logs == null) {
      throw nonsense("logs", null);
    }
    List<Event> events = new ArrayList<>();
    for (Log log : logs) {
      try {
        events.add(
            new Event(
                Address.parse(log.getAddress()),
                log.getTopics().stream().map(topic -> topic.toLowerCase(Locale.ROOT)).toList(),
                log.getData().toLowerCase(Locale.ROOT),
                log.getTransactionHash().toLowerCase(Locale.ROOT)));
      } catch (IllegalArgumentException | NullPointerException e) {
        throw nonsense("logs", e);
      }
    }
    return events;
  }

  private static Map<String, Object> callObject(Call call) {
    Map<String, Object> object = new LinkedHashMap<>();
    Address from = call.from();
    if (from != null) {
      object.put("from", from.lowerCase());
    }
    object.put("to", call.to().lowerCase());
    object.put("data", call.data());
    BigInteger gas = call.gas();
    if (gas != null) {
      object.put("gas", Hex.quantity(gas));
    }
    return object;
  }

  private static String tag(Call call) {
    return call.pending() ? PENDING : LATEST;
  }

  private BigInteger quantity(String method, List<?> params) throws FacilitatorException {
    return quantityOf(method, text(method, params));
  }

  private String text(String method, List<?> params) throws FacilitatorException {
    if (resultOf(method, send(method, params, TextResponse.class)) instanceof String text) {
      return text;
    }
    throw nonsense(method, null);
  }

  private static BigInteger quantityOf(String method, Response<?> response)
      throws FacilitatorException {
    if (resultOf(method, response) instanceof String text) {
      return quantityOf(method, text);
    }
    throw nonsense(method, null);
  }

  private static BigInteger quantityOf(String method, String text) throws FacilitatorException {
    try {
      return Hex.quantity(String.valueOf(text));
    } catch (IllegalArgumentException e) {
      throw nonsense(method, e);
    }
  }

  private static EthBlock.Block blockOf(Response<?> response) throws FacilitatorException {
    if (resultOf("eth_getBlockByNumber", response) instanceof EthBlock.Block block) {
      return block;
    }
    throw nonsense("eth_getBlockByNumber", null);
  }

  private static Object resultOf(String method, Response<?> response) throws FacilitatorException {
    if (response.hasError()) {
      throw refused(method);
    }
    Object result = response.getResult();
    if (result == null) {
      throw nonsense(method, null);
    }
    return result;
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

  private <T extends Response<?>> Request<?, T> request(
      String method, List<?> params, Class<T> type) {
    return new Request<>(method, new ArrayList<>(params), rpc, type);
  }

  // web3j reports what it cannot read by whatever exception its parser ran into, so here, and only
  // here, any of them means that the node did not give an answer.
  private Response<?> send(String method, List<?> params, Class<? extends Response<?>> type)
      throws FacilitatorException {
    try {
      Response<?> response = rpc.send(request(method, params, type), type);
      if (response == null) {
        throw nonsense(method, null);
      }
      return response;
    } catch (IOException | RuntimeException e) {
      throw silent(method, e);
    }
  }

  private List<? extends Response<?>> batch(
      List<? extends Request<?, ? extends Response<?>>> requests) throws FacilitatorException {
    try {
      return rpc.sendAll(requests);
    } catch (IOException | RuntimeException e) {
      throw silent("a batch", e);
    }
  }

  private static FacilitatorException silent(String method, Exception cause) {
    String message =
        cause instanceof IOException && cause.getClass() == IOException.class
            ? ": " + cause.getMessage()
            : "";
    return new FacilitatorException("the chain did not answer " + method + message, cause);
  }

  private static FacilitatorException refused(String method) {
    return new FacilitatorException("the chain refused " + method);
  }

  private static FacilitatorException nonsense(String method, @Nullable Exception cause) {
    String message = "the chain answered " + method + " with what makes no sense";
    return cause == null
        ? new FacilitatorException(message)
        : new FacilitatorException(message, cause);
  }

  /** An answer whose result is text. */
  static final class TextResponse extends Response<String> {}
}
