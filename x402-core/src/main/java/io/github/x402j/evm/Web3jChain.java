// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settings;
import io.github.x402j.evm.RpcAnswers.BlockResponse;
import io.github.x402j.evm.RpcAnswers.LogsResponse;
import io.github.x402j.evm.RpcAnswers.ReceiptResponse;
import io.github.x402j.evm.RpcAnswers.TextResponse;
import io.github.x402j.evm.RpcAnswers.TransactionResponse;
import io.github.x402j.http.Ticker;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.web3j.crypto.Hash;
import org.web3j.protocol.core.Request;
import org.web3j.protocol.core.Response;

/**
 * A chain behind a JSON-RPC endpoint, spoken to with web3j's requests.
 *
 * <p>Safe for use by several threads. The URL, which often holds a key, appears in no message and
 * not in {@code toString}.
 */
public final class Web3jChain implements Chain {
  /** How long one round trip may take by default. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private static final String LATEST = "latest";
  private static final String PENDING = "pending";

  private final JsonRpc rpc;
  private final Ticker ticker;
  private final EventLogs logs;

  private Web3jChain(JsonRpc rpc, Ticker ticker) {
    this.rpc = rpc;
    this.ticker = ticker;
    this.logs = new EventLogs(this::logs, ticker);
  }

  /** Returns the chain behind the URL, with {@link #DEFAULT_TIMEOUT}; nothing is sent yet. */
  public static Web3jChain at(URI rpcUrl) {
    return at(rpcUrl, DEFAULT_TIMEOUT);
  }

  /**
   * Returns the chain behind the URL, with {@link #DEFAULT_TIMEOUT}; nothing is sent yet.
   *
   * @throws IllegalArgumentException if it is no http or https URL, or null or blank, as an
   *     environment variable is that is not set; the message does not repeat it
   */
  public static Web3jChain at(@Nullable String rpcUrl) {
    return at(Settings.requireUrl("RPC URL", rpcUrl));
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
    return new Web3jChain(new JsonRpc(rpcUrl, timeout), Ticker.SYSTEM);
  }

  /**
   * Returns the chain that is asked by this client, which follows no redirect, and pauses in this
   * time; for a simulation.
   */
  static Web3jChain simulated(URI rpcUrl, Duration timeout, HttpClient http, Ticker ticker) {
    return new Web3jChain(new JsonRpc(rpcUrl, timeout, http, ticker), ticker);
  }

  @Override
  public Web3jChain withListener(ChainListener listener) {
    return new Web3jChain(rpc.withListener(listener), ticker);
  }

  @Override
  public long chainId() throws FacilitatorException {
    try {
      return quantity("eth_chainId", List.of()).longValueExact();
    } catch (ArithmeticException e) {
      throw RpcAnswers.invalid("eth_chainId", e);
    }
  }

  @Override
  public boolean hasCode(Address address) throws FacilitatorException {
    List<String> params = List.of(address.lowerCase(), LATEST);
    return RpcAnswers.isCode(send("eth_getCode", params, TextResponse.class));
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
    return results(batch(requests(calls)));
  }

  @Override
  public Inspections inspectAll(List<Address> accounts, List<Call> calls)
      throws FacilitatorException {
    List<Request<?, TextResponse>> requests = requests(calls);
    for (Address account : accounts) {
      requests.add(
          request("eth_getCode", List.of(account.lowerCase(), LATEST), TextResponse.class));
    }
    List<? extends Response<?>> responses = batch(requests);
    List<Boolean> hasCode = new ArrayList<>();
    for (Response<?> response : responses.subList(calls.size(), responses.size())) {
      hasCode.add(RpcAnswers.isCode(response));
    }
    return new Inspections(hasCode, results(responses.subList(0, calls.size())));
  }

  private List<Request<?, TextResponse>> requests(List<Call> calls) {
    List<Request<?, TextResponse>> requests = new ArrayList<>();
    for (Call call : calls) {
      requests.add(request("eth_call", List.of(callObject(call), block(call)), TextResponse.class));
    }
    return requests;
  }

  private static List<CallResult> results(List<? extends Response<?>> responses)
      throws FacilitatorException {
    List<CallResult> results = new ArrayList<>();
    for (Response<?> response : responses) {
      results.add(RpcAnswers.callResult(response));
    }
    return results;
  }

  @Override
  public Quote quote(Call call) throws FacilitatorException {
    List<Object> params = List.of(callObject(call), block(call));
    List<? extends Response<?>> responses =
        batch(
            List.of(
                request("eth_estimateGas", params, TextResponse.class),
                request("eth_getBlockByNumber", List.of(LATEST, false), BlockResponse.class),
                request("eth_gasPrice", List.of(), TextResponse.class)));
    Quote fees = fees(responses.get(1), responses.get(2));
    return RpcAnswers.quote(responses.get(0), fees);
  }

  @Override
  public Quote fees() throws FacilitatorException {
    return newest().fees();
  }

  @Override
  public Newest newest() throws FacilitatorException {
    List<? extends Response<?>> responses =
        batch(
            List.of(
                request("eth_getBlockByNumber", List.of(LATEST, false), BlockResponse.class),
                request("eth_gasPrice", List.of(), TextResponse.class)));
    Head head = RpcAnswers.head(responses.get(0));
    return new Newest(head, fees(responses.get(0), responses.get(1)));
  }

  /** Where the node has no {@code eth_gasPrice}, it may say what is usual on top of a base fee. */
  private Quote fees(Response<?> newestBlock, Response<?> gasPrice) throws FacilitatorException {
    Optional<BigInteger> baseFee = RpcAnswers.baseFee(newestBlock);
    if (baseFee.isEmpty() || !gasPrice.hasError()) {
      return RpcAnswers.fees(baseFee, RpcAnswers.quantity("eth_gasPrice", gasPrice));
    }
    Response<?> priority = send("eth_maxPriorityFeePerGas", List.of(), TextResponse.class);
    return RpcAnswers.fees(
        baseFee,
        baseFee
            .get()
            .add(
                priority.hasError()
                    ? RpcAnswers.usualPriority(baseFee.get())
                    : RpcAnswers.quantity("eth_maxPriorityFeePerGas", priority)));
  }

  @Override
  public Broadcast send(String rawTransaction) {
    Response<?> response;
    try {
      response =
          rpc.send(
              request("eth_sendRawTransaction", List.of(rawTransaction), TextResponse.class),
              TextResponse.class);
    } catch (IOException | RuntimeException e) {
      return new Broadcast.Unknown();
    }
    if (response.hasError()) {
      return SendErrors.classify(String.valueOf(response.getError().getMessage()));
    }
    return Hash.sha3(rawTransaction).equals(response.getResult())
        ? new Broadcast.Accepted()
        : new Broadcast.Unknown();
  }

  @Override
  public Optional<Receipt> receipt(String transaction) throws FacilitatorException {
    return RpcAnswers.receipt(
        transaction,
        send("eth_getTransactionReceipt", List.of(transaction), ReceiptResponse.class));
  }

  @Override
  public Progress progress(List<String> transactions, List<Address> senders)
      throws FacilitatorException {
    List<Request<?, ? extends Response<?>>> requests = new ArrayList<>();
    for (Address sender : senders) {
      requests.add(
          request(
              "eth_getTransactionCount", List.of(sender.lowerCase(), LATEST), TextResponse.class));
    }
    for (String transaction : transactions) {
      requests.add(
          request("eth_getTransactionReceipt", List.of(transaction), ReceiptResponse.class));
    }
    requests.add(request("eth_getBlockByNumber", List.of(LATEST, false), BlockResponse.class));
    List<? extends Response<?>> responses = batch(requests);
    List<BigInteger> mined = new ArrayList<>();
    for (int i = 0; i < senders.size(); i++) {
      mined.add(RpcAnswers.quantity("eth_getTransactionCount", responses.get(i)));
    }
    List<Optional<Receipt>> receipts = new ArrayList<>();
    for (int i = 0; i < transactions.size(); i++) {
      receipts.add(RpcAnswers.receipt(transactions.get(i), responses.get(senders.size() + i)));
    }
    Response<?> newest = responses.get(responses.size() - 1);
    return new Progress(
        mined, receipts, RpcAnswers.head(newest), RpcAnswers.baseFee(newest).orElse(null));
  }

  @Override
  public boolean isKnown(String transaction) throws FacilitatorException {
    return RpcAnswers.shows(
        transaction,
        send("eth_getTransactionByHash", List.of(transaction), TransactionResponse.class));
  }

  @Override
  public Optional<String> callData(String transaction) throws FacilitatorException {
    return RpcAnswers.callData(
        transaction,
        send("eth_getTransactionByHash", List.of(transaction), TransactionResponse.class));
  }

  @Override
  public Head head() throws FacilitatorException {
    return RpcAnswers.head(
        send("eth_getBlockByNumber", List.of(LATEST, false), BlockResponse.class));
  }

  @Override
  public Optional<Head> block(BigInteger number) throws FacilitatorException {
    Response<?> response =
        send("eth_getBlockByNumber", List.of(Hex.quantity(number), false), BlockResponse.class);
    return response.hasError() || response.getResult() == null
        ? Optional.empty()
        : Optional.of(RpcAnswers.head(response));
  }

  @Override
  public List<Event> events(EventFilter filter, BigInteger fromBlock) throws FacilitatorException {
    return events(filter, fromBlock, head().number());
  }

  @Override
  public List<Event> events(EventFilter filter, BigInteger fromBlock, BigInteger toBlock)
      throws FacilitatorException {
    return logs.search(filter, fromBlock, toBlock);
  }

  private List<List<Event>> logs(EventFilter filter, List<EventLogs.Range> ranges)
      throws FacilitatorException {
    List<Request<?, LogsResponse>> requests = new ArrayList<>();
    for (EventLogs.Range range : ranges) {
      Map<String, Object> params = new LinkedHashMap<>();
      params.put("address", filter.contract().lowerCase());
      params.put("topics", filter.topics());
      params.put("fromBlock", Hex.quantity(BigInteger.valueOf(range.from())));
      params.put("toBlock", Hex.quantity(BigInteger.valueOf(range.to())));
      requests.add(request("eth_getLogs", List.of(params), LogsResponse.class));
    }
    List<List<Event>> events = new ArrayList<>();
    for (Response<?> response : batch(requests)) {
      events.add(RpcAnswers.events(response));
    }
    return events;
  }

  @Override
  public String toString() {
    return "Web3jChain[URL redacted]";
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
    GasPrice price = call.price();
    if (price != null) {
      BigInteger priority = price.priority();
      object.put(priority == null ? "gasPrice" : "maxFeePerGas", Hex.quantity(price.most()));
      if (priority != null) {
        object.put("maxPriorityFeePerGas", Hex.quantity(priority));
      }
    }
    return object;
  }

  private static String block(Call call) {
    BigInteger number = call.block();
    return number != null ? Hex.quantity(number) : call.pending() ? PENDING : LATEST;
  }

  private BigInteger quantity(String method, List<?> params) throws FacilitatorException {
    return RpcAnswers.quantity(method, send(method, params, TextResponse.class));
  }

  private <T extends Response<?>> Request<?, T> request(
      String method, List<?> params, Class<T> type) {
    return new Request<>(method, new ArrayList<>(params), rpc, type);
  }

  private Response<?> send(String method, List<?> params, Class<? extends Response<?>> type)
      throws FacilitatorException {
    return answers(method, List.of(request(method, params, type))).get(0);
  }

  private List<? extends Response<?>> batch(
      List<? extends Request<?, ? extends Response<?>>> requests) throws FacilitatorException {
    return answers(requests.size() == 1 ? requests.get(0).getMethod() : "a batch", requests);
  }

  // web3j throws any exception of its parser for what it cannot read. So here, and only here, each
  // of them means that the node did not answer.
  private List<? extends Response<?>> answers(
      String what, List<? extends Request<?, ? extends Response<?>>> requests)
      throws FacilitatorException {
    try {
      return rpc.sendAll(requests);
    } catch (IOException | RuntimeException e) {
      throw silent(what, e);
    }
  }

  private static FacilitatorException silent(String method, Exception cause) {
    String message =
        cause instanceof IOException && cause.getClass() == IOException.class
            ? ": " + cause.getMessage()
            : "";
    return new FacilitatorException("the chain did not answer " + method + message, cause);
  }
}
