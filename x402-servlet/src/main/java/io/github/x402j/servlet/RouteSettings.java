// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import io.github.x402j.extension.Discoverable;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a {@link Route} besides path and method. Those that were not set are null.
 *
 * @param accepted empty where the filter's tokens are accepted
 */
record RouteSettings(
    @Nullable Pricing pricing,
    List<AcceptedToken> accepted,
    @Nullable String description,
    @Nullable String mimeType,
    List<String> tags,
    @Nullable Duration timeout,
    boolean settlesFirst,
    @Nullable ErrorDelivery errors,
    @Nullable Long limit,
    @Nullable PassTerms pass,
    @Nullable Duration signInFor,
    @Nullable Discoverable discoverable) {

  /** What requests for a rule cost. */
  sealed interface Pricing {
    /** The same for every request. */
    record Fixed(Price price) implements Pricing {}

    /** A price that depends on the request. */
    record PerRequest(Function<HttpServletRequest, Price> price) implements Pricing {}

    /** What the handler says while it runs; see {@link Payments#require}. */
    record ByHandler() implements Pricing {}

    /** Nothing. */
    record Free() implements Pricing {}
  }

  static final RouteSettings NONE =
      new RouteSettings(
          null, List.of(), null, null, List.of(), null, false, null, null, null, null, null);

  RouteSettings {
    accepted = List.copyOf(accepted);
    tags = List.copyOf(tags);
  }

  RouteSettings withPricing(Pricing value) {
    return new RouteSettings(
        value,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withAccepted(List<AcceptedToken> value) {
    return new RouteSettings(
        pricing,
        value,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withDescription(String value) {
    return new RouteSettings(
        pricing,
        accepted,
        value,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withMimeType(String value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        value,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withTags(List<String> value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        value,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withMaxTimeout(Duration value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        value,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withSettleFirst() {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        true,
        errors,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withErrors(ErrorDelivery value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        value,
        limit,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withBufferLimit(long value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        value,
        pass,
        signInFor,
        discoverable);
  }

  RouteSettings withPass(PassTerms value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        value,
        signInFor,
        discoverable);
  }

  RouteSettings withSignIn(Duration value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        value,
        discoverable);
  }

  RouteSettings withDiscoverable(Discoverable value) {
    return new RouteSettings(
        pricing,
        accepted,
        description,
        mimeType,
        tags,
        timeout,
        settlesFirst,
        errors,
        limit,
        pass,
        signInFor,
        value);
  }
}
