// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import io.github.x402j.extension.Discoverable;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
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
    return with(draft -> draft.pricing = value);
  }

  RouteSettings withAccepted(List<AcceptedToken> value) {
    return with(draft -> draft.accepted = value);
  }

  RouteSettings withDescription(String value) {
    return with(draft -> draft.description = value);
  }

  RouteSettings withMimeType(String value) {
    return with(draft -> draft.mimeType = value);
  }

  RouteSettings withTags(List<String> value) {
    return with(draft -> draft.tags = value);
  }

  RouteSettings withMaxTimeout(Duration value) {
    return with(draft -> draft.timeout = value);
  }

  RouteSettings withSettleFirst() {
    return with(draft -> draft.settlesFirst = true);
  }

  RouteSettings withErrors(ErrorDelivery value) {
    return with(draft -> draft.errors = value);
  }

  RouteSettings withBufferLimit(long value) {
    return with(draft -> draft.limit = value);
  }

  RouteSettings withPass(PassTerms value) {
    return with(draft -> draft.pass = value);
  }

  RouteSettings withSignIn(Duration value) {
    return with(draft -> draft.signInFor = value);
  }

  RouteSettings withDiscoverable(Discoverable value) {
    return with(draft -> draft.discoverable = value);
  }

  private RouteSettings with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.settings();
  }

  /** A copy that can be changed. */
  private static final class Draft {
    private @Nullable Pricing pricing;
    private List<AcceptedToken> accepted;
    private @Nullable String description;
    private @Nullable String mimeType;
    private List<String> tags;
    private @Nullable Duration timeout;
    private boolean settlesFirst;
    private @Nullable ErrorDelivery errors;
    private @Nullable Long limit;
    private @Nullable PassTerms pass;
    private @Nullable Duration signInFor;
    private @Nullable Discoverable discoverable;

    Draft(RouteSettings from) {
      pricing = from.pricing;
      accepted = from.accepted;
      description = from.description;
      mimeType = from.mimeType;
      tags = from.tags;
      timeout = from.timeout;
      settlesFirst = from.settlesFirst;
      errors = from.errors;
      limit = from.limit;
      pass = from.pass;
      signInFor = from.signInFor;
      discoverable = from.discoverable;
    }

    RouteSettings settings() {
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
          discoverable);
    }
  }
}
