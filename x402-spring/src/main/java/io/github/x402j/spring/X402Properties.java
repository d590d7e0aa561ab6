// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.TransferMethod;
import io.github.x402j.servlet.ErrorDelivery;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties of the starter. What is left out has the default of {@link
 * io.github.x402j.servlet.PaymentFilter.Builder}.
 *
 * @param enabled Whether the starter sells anything.
 * @param dev Whether to sell for test money, on a chain in this process that starts with a funded
 *     payer. Needs x402-localchain on the class path. Settings of a real chain are ignored.
 * @param publicUrl URL under which clients see the webapp, with its context path. Several are
 *     separated by commas, the preferred one first.
 * @param payTo Address that is paid.
 * @param network Chain on which payments are accepted: eip155:8453, or a name such as base or
 *     base-sepolia.
 * @param token Token that is accepted, in place of USDC.
 * @param rpcUrl URL of a node of the chain.
 * @param gasKey Private key of the account that pays the gas: 64 hex digits.
 * @param keystore Keystore file that holds the key of the gas account, in place of the gas key.
 * @param facilitator Remote facilitator that verifies and settles, in place of a gas key.
 * @param acceptContractWallets Whether payers may be contracts (EIP-1271).
 * @param routes Rules by path.
 * @param ledger Where used authorizations and sales are kept.
 * @param createTables Whether the ledger in a database creates its tables if they are missing.
 * @param maxTimeout How long a payment may be valid: whole seconds, 10 to 3600. Default: 60s.
 * @param deliverErrors Errors of held responses that go out as the handler made them. Default:
 *     client_errors.
 * @param headerLimit Longest head of a 402 and of a paid response. Default: 4KB.
 * @param requestHeaderLimit Longest head of a request that reaches the webapp. Default:
 *     server.max-http-request-header-size, or 8KB.
 * @param serviceName Who sells, for lists of services: 1 to 32 printable ASCII characters.
 * @param iconUrl Icon of the service, for lists of services.
 * @param signInStatement What a wallet shows to people before they sign in.
 * @param bufferLimit Longest response that is held. Default: 8MB.
 * @param spillAbove Held bytes beyond this go to a temporary file. Default: all in memory.
 * @param olderRequiredHeader Whether a 402 repeats its descriptor in X-Payment-Required.
 * @param mpp Payment HTTP scheme (MPP), at the same URLs.
 * @param publishOffers Whether /.well-known/x402 and /.well-known/openapi.json tell what is
 *     discoverable.
 * @param maxConcurrentVerifications Payments that are verified at a time. Default: 64.
 * @param maxConcurrentSettlements Payments that are settled at a time. Default: 48.
 * @param failuresPerMinute Failures in a minute after which a payer gets 429. Default: 30.
 * @param accessTimeout How long all AccessHook beans together may take. Default: 2s.
 * @param waitInThread Whether each held request keeps its thread until its payment is settled.
 * @param stopTimeout How long a stop waits for the sales in progress. Default: 20s.
 * @param startWithoutNode Whether to start although the node or the facilitator does not answer.
 * @param filterOrder Order of the filter: behind Spring Security, which has -100.
 */
@ConfigurationProperties("x402")
public record X402Properties(
    @DefaultValue("true") boolean enabled,
    @DefaultValue("false") boolean dev,
    @DefaultValue List<String> publicUrl,
    @Nullable String payTo,
    @Nullable String network,
    @Nullable TokenContract token,
    @Nullable String rpcUrl,
    @Nullable String gasKey,
    @Nullable Keystore keystore,
    @Nullable RemoteFacilitator facilitator,
    @DefaultValue("false") boolean acceptContractWallets,
    @DefaultValue List<PricedPath> routes,
    @DefaultValue("memory") LedgerKind ledger,
    @DefaultValue("false") boolean createTables,
    @Nullable Duration maxTimeout,
    @Nullable ErrorDelivery deliverErrors,
    @Nullable DataSize headerLimit,
    @Nullable DataSize requestHeaderLimit,
    @Nullable String serviceName,
    @Nullable String iconUrl,
    @Nullable String signInStatement,
    @Nullable DataSize bufferLimit,
    @Nullable DataSize spillAbove,
    @DefaultValue("false") boolean olderRequiredHeader,
    @Nullable Mpp mpp,
    @DefaultValue("false") boolean publishOffers,
    @Nullable Integer maxConcurrentVerifications,
    @Nullable Integer maxConcurrentSettlements,
    @Nullable Integer failuresPerMinute,
    @Nullable Duration accessTimeout,
    @DefaultValue("false") boolean waitInThread,
    @Nullable Duration stopTimeout,
    @DefaultValue("false") boolean startWithoutNode,
    @DefaultValue("-50") int filterOrder) {

  /** Copies the lists. */
  public X402Properties {
    publicUrl = List.copyOf(publicUrl);
    routes = List.copyOf(routes);
  }

  /** Shows nothing, as keys and URLs with keys are among the properties. */
  @Override
  public String toString() {
    return "X402Properties[redacted]";
  }

  /** Where used authorizations and sales are kept. */
  public enum LedgerKind {
    /** In the memory of this process. */
    MEMORY,
    /** In the database of the DataSource; needs x402-jdbc on the class path. */
    JDBC
  }

  /**
   * A token.
   *
   * @param contract Address of its contract.
   * @param decimals How many decimal digits one token has.
   * @param name Name of its EIP-712 domain.
   * @param version Version of its EIP-712 domain.
   * @param method How a signature moves it: eip3009 as USDC does, or permit2 for any ERC-20 token,
   *     which needs no name and version.
   */
  public record TokenContract(
      @Nullable String contract,
      @DefaultValue("6") int decimals,
      @Nullable String name,
      @DefaultValue("2") String version,
      @DefaultValue("eip3009") TransferMethod method) {}

  /**
   * A keystore file of version 3.
   *
   * @param path The file.
   * @param password Its password.
   */
  public record Keystore(@Nullable Path path, @Nullable String password) {
    /** Shows the file alone. */
    @Override
    public String toString() {
      return "Keystore[" + path + "]";
    }
  }

  /**
   * A remote facilitator.
   *
   * @param url Its URL, without /verify. With x402.rpc-url its answers are checked on the chain.
   * @param settleIsIdempotent Whether it answers a payment that it has settled with that
   *     settlement, as FacilitatorServlet does.
   * @param cdp API key of the Coinbase Developer Platform, whose facilitator then is the default.
   * @param payai API key of PayAI, whose facilitator then is the default.
   */
  public record RemoteFacilitator(
      @Nullable String url,
      @DefaultValue("false") boolean settleIsIdempotent,
      @Nullable ApiKey cdp,
      @Nullable ApiKey payai) {
    /** Shows nothing, as there may be a key in the URL. */
    @Override
    public String toString() {
      return "RemoteFacilitator[redacted]";
    }
  }

  /**
   * The Payment HTTP scheme.
   *
   * @param secret Binds challenges to their ids: at least 32 random bytes, the same on all servers.
   * @param formerSecrets Secrets that are still accepted, while one is replaced.
   */
  public record Mpp(@Nullable String secret, @DefaultValue List<String> formerSecrets) {
    /** Copies the list. */
    public Mpp {
      formerSecrets = List.copyOf(formerSecrets);
    }

    /** Shows no secret. */
    @Override
    public String toString() {
      return "Mpp[redacted]";
    }
  }

  /**
   * An API key of a facilitator.
   *
   * @param keyId Its id or name.
   * @param keySecret Its secret, as the facilitator shows it.
   */
  public record ApiKey(@Nullable String keyId, @Nullable String keySecret) {
    /** Shows nothing. */
    @Override
    public String toString() {
      return "ApiKey[redacted]";
    }
  }

  /**
   * A rule: what requests for some paths cost.
   *
   * @param pattern Path within the webapp: /exact, /prefix/*, /with/{name}.
   * @param price Price such as $0.01.
   * @param free Whether the paths cost nothing, in place of a price.
   * @param methods Methods that the rule covers. Default: all.
   * @param description What is sold, for people.
   * @param mimeType Media type of the response.
   * @param tags What it is about, for lists of services: at most 5.
   * @param signIn How long a payer who has paid gets the same again by signing in.
   * @param maxTimeout How long a payment may be valid. Default: x402.max-timeout.
   * @param settleFirst Whether the money moves before the handler runs.
   * @param deliverErrors Errors that go out as the handler made them. Default: x402.deliver-errors.
   * @param bufferLimit Longest response that is held. Default: x402.buffer-limit.
   * @param ignoreCase Whether the path matches in any letter case.
   * @param pass Pass that the payment buys. Needs a ReceiptIssuer bean.
   * @param discoverable Whether the 402 says how the paths are called, for facilitators to list.
   */
  public record PricedPath(
      @Nullable String pattern,
      @Nullable String price,
      @DefaultValue("false") boolean free,
      @DefaultValue Set<String> methods,
      @Nullable String description,
      @Nullable String mimeType,
      @DefaultValue List<String> tags,
      @Nullable Duration signIn,
      @Nullable Duration maxTimeout,
      @DefaultValue("false") boolean settleFirst,
      @Nullable ErrorDelivery deliverErrors,
      @Nullable DataSize bufferLimit,
      @DefaultValue("false") boolean ignoreCase,
      @Nullable PassFor pass,
      @DefaultValue("false") boolean discoverable) {

    /** Copies the collections. */
    public PricedPath {
      methods = Set.copyOf(methods);
      tags = List.copyOf(tags);
    }
  }

  /**
   * A pass: the payment opens the rule again.
   *
   * @param lifetime For how long: whole seconds, 1 second to 366 days.
   * @param uses For how many further requests. Default: any number.
   * @param group Rules that share the pass have the same group.
   */
  public record PassFor(
      @Nullable Duration lifetime, @Nullable Integer uses, @Nullable String group) {}
}
