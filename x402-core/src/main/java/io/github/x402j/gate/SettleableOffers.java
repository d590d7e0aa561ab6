// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of the offers of a gate its facilitators can settle, in each version of the protocol. A
 * remote facilitator tells that at the start, or when it answers for the first time, and may tell
 * something else later. Safe for use by several threads.
 */
final class SettleableOffers {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  private final Facilitators facilitators;
  private volatile List<PaymentRequirements> wanted = List.of();
  private volatile String said = "";
  private volatile boolean started;

  SettleableOffers(Facilitators facilitators) {
    this.facilitators = facilitators;
  }

  /**
   * One descriptor as the two versions of the protocol show it.
   *
   * @param v2 with the offers that clients of version 2 can pay; perhaps none
   * @param v1 with the offers that clients of version 1 can pay; perhaps none
   */
  record Descriptors(PaymentRequired v2, PaymentRequired v1) {
    /** Returns these descriptors with what clients of version 2 get changed. */
    Descriptors withV2(PaymentRequired changed) {
      return new Descriptors(changed, v1);
    }

    /** Returns these descriptors for another URL. */
    Descriptors at(String url) {
      return new Descriptors(v2.at(url), v1.at(url));
    }

    /** Returns these descriptors with another reason. */
    Descriptors withError(String reason) {
      return new Descriptors(v2.withError(reason), v1.withError(reason));
    }

    /** Returns the newer one, unless it offers nothing. */
    PaymentRequired newest() {
      return v2.accepts().isEmpty() ? v1 : v2;
    }

    /** Returns whether these offer the same in the same versions. */
    boolean offersSameAs(Descriptors other) {
      return v2.accepts().equals(other.v2.accepts()) && v1.accepts().equals(other.v1.accepts());
    }
  }

  /**
   * Starts the facilitators with what they can settle of the offers, and says what is left out.
   *
   * @throws IllegalStateException if nothing is left; where every facilitator is configured here,
   *     also if one offer is left out
   */
  void start(List<PaymentRequirements> offered) {
    List<PaymentRequirements> left = facilitators.learns() ? settled(offered) : offered;
    if (left.isEmpty() && !offered.isEmpty()) {
      throw nothingLeft("accepts", offered);
    }
    facilitators.start(left);
    wanted = List.copyOf(offered);
    started = true;
    sayWhatIsOffered();
  }

  private List<PaymentRequirements> settled(List<PaymentRequirements> offered) {
    return offered.stream().filter(option -> settles(1, option) || settles(2, option)).toList();
  }

  /** Fails the start of a resource none of whose offers can be settled. */
  void requireSome(PaymentRequired required) {
    if (settled(required.accepts()).isEmpty()) {
      throw nothingLeft("resource " + required.resource().url(), required.accepts());
    }
  }

  private IllegalStateException nothingLeft(String what, List<PaymentRequirements> offered) {
    return new IllegalStateException(
        what
            + ": nothing that is offered can be settled; wanted "
            + offered.stream()
                .map(SettleableOffers::kind)
                .distinct()
                .collect(Collectors.joining(", "))
            + "; "
            + facilitators.supported());
  }

  /** Returns the descriptor as clients of each version get it; whole before the start. */
  Descriptors of(PaymentRequired required) {
    return started
        ? new Descriptors(only(2, required), only(1, required))
        : new Descriptors(required, required);
  }

  private PaymentRequired only(int x402Version, PaymentRequired required) {
    List<PaymentRequirements> left =
        required.accepts().stream().filter(option -> settles(x402Version, option)).toList();
    return left.size() == required.accepts().size()
        ? required
        : new PaymentRequired(required.resource(), left, required.error(), required.extensions());
  }

  private boolean settles(int x402Version, PaymentRequirements option) {
    return (x402Version == 2 || PaymentCodec.isForV1(option))
        && facilitators.supports(x402Version, option.scheme(), option.network());
  }

  /** Says which offers are left out, in one line, and again when that changes. */
  void sayWhatIsOffered() {
    List<String> out = new ArrayList<>();
    List<String> one = new ArrayList<>();
    for (PaymentRequirements option : wanted) {
      boolean first = settles(1, option);
      boolean second = settles(2, option);
      if (!first && !second) {
        out.add(kind(option));
      } else if (!second || (!first && PaymentCodec.isForV1(option))) {
        one.add(kind(option) + " (version " + (second ? 2 : 1) + " only)");
      }
    }
    String line = line(one, out);
    if (!line.equals(said)) {
      said = line;
      log.warn("{}", line.isEmpty() ? "everything is offered in both versions again" : line);
    }
  }

  private String line(List<String> one, List<String> out) {
    if (one.isEmpty() && out.isEmpty()) {
      return "";
    }
    return "offers follow what can be settled: "
        + (one.isEmpty() ? "" : "offered " + joined(one) + "; ")
        + (out.isEmpty() ? "" : "not offered " + joined(out) + "; ")
        + facilitators.supported();
  }

  private static String joined(List<String> kinds) {
    return kinds.stream().distinct().collect(Collectors.joining(", "));
  }

  private static String kind(PaymentRequirements option) {
    return option.scheme() + " on " + option.network();
  }
}
