// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentRequired;
import java.net.URI;
import java.security.Principal;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A request for something priced, as an {@link AccessHook} sees it. It can be read during the
 * decision only; after that its methods throw {@link IllegalStateException}, because the transport
 * may use the request for another client.
 */
public final class AccessRequest {
  private final PaymentRequired required;
  private final Purchase purchase;
  private final Function<String, List<String>> headers;
  private final Details details;
  private boolean isOver;

  /** What a transport knows of a request besides its headers. */
  public interface Details {
    /** Nothing. */
    Details NONE = new Details() {};

    /** Returns the user that the webapp has authenticated. Default: empty. */
    default Optional<Principal> principal() {
      return Optional.empty();
    }

    /** Returns what the webapp has noted about the request under this name. Default: empty. */
    default Optional<Object> attribute(String name) {
      return Optional.empty();
    }

    /** Returns the address that the request came from. Default: empty. */
    default Optional<String> remoteAddress() {
      return Optional.empty();
    }
  }

  AccessRequest(
      PaymentRequired required,
      Purchase purchase,
      Function<String, List<String>> headers,
      Details details) {
    this.required = required;
    this.purchase = purchase;
    this.headers = headers;
    this.details = details;
  }

  /** Returns the method, upper case; HEAD counts as GET. */
  public String method() {
    return purchase.method();
  }

  /** Returns the public URL of what is asked for, without the query; its path is canonical. */
  public URI resource() {
    return URI.create(required.resource().url());
  }

  /** Returns the query as it came, empty if there is none. */
  public Optional<String> query() {
    return Optional.ofNullable(purchase.query());
  }

  /** Returns the rule that priced it, such as {@code GET /report/{id}}; empty if it has no name. */
  public Optional<String> route() {
    return Optional.ofNullable(purchase.route());
  }

  /** Returns what it costs, with the configured recipient. */
  public PaymentRequired required() {
    return required;
  }

  /**
   * Returns the value of a header; empty if it is missing or occurs twice, as two readers could
   * then see different values.
   *
   * @param name in any letter case
   */
  public Optional<String> header(String name) {
    List<String> values = headers(name);
    return values.size() == 1 ? Optional.of(values.get(0)) : Optional.empty();
  }

  /** Returns all values of a header, whatever the letter case of its name. */
  public List<String> headers(String name) {
    return read(() -> List.copyOf(headers.apply(name)));
  }

  /** Returns the user that the webapp has authenticated, empty if there is none. */
  public Optional<Principal> principal() {
    return read(details::principal);
  }

  /** Returns what filters in front have noted under this name; in servlets, an attribute. */
  public Optional<Object> attribute(String name) {
    return read(() -> details.attribute(name));
  }

  /**
   * Returns the address that the request came from, empty if the transport does not know it. Behind
   * a proxy it is the client's only where the container takes it from the proxy's headers.
   */
  public Optional<String> remoteAddress() {
    return read(details::remoteAddress);
  }

  private synchronized <T> T read(Supplier<T> what) {
    if (isOver) {
      throw new IllegalStateException("the access decision is over; the request cannot be read");
    }
    return what.get();
  }

  /** Ends the decision. A hook that still runs reads nothing of the next client. */
  synchronized void end() {
    isOver = true;
  }
}
