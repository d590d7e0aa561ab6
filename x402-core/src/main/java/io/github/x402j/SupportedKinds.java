// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a facilitator says that it supports (specification 7.3).
 *
 * @param kinds ways to pay, those included that this library does not know
 * @param extensions names of the extensions that it handles
 * @param signers the accounts that send its settlements, as far as it names them
 */
public record SupportedKinds(List<Kind> kinds, List<String> extensions, Set<Address> signers) {
  private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9:._*-]{1,64}");
  private static final int MAX_SHOWN = 24;

  /**
   * One way to pay; scheme and network as the facilitator wrote them.
   *
   * @param extra what a seller has to know to offer it. JSON as JDK types, immutable
   */
  public record Kind(long x402Version, String scheme, String network, Map<String, Object> extra) {
    /** Copies {@code extra}. */
    public Kind {
      extra = JsonValues.copyOf(extra);
    }

    boolean covers(int version, String wantedScheme, Network wanted) {
      return x402Version == version && scheme.equals(wantedScheme) && isOn(wanted);
    }

    private boolean isOn(Network wanted) {
      if (x402Version == 1) {
        return wanted.v1Name().filter(network::equals).isPresent();
      }
      return network.equals(wanted.caip2()) || network.equals("eip155:*");
    }

    /** Text of the other side, so only what cannot be more than a name. */
    @Override
    public String toString() {
      return shown(scheme) + " on " + shown(network) + " (version " + x402Version + ")";
    }

    private static String shown(String text) {
      return HARMLESS.matcher(text).matches() ? text : "?";
    }
  }

  /** Copies the collections. */
  public SupportedKinds {
    kinds = List.copyOf(kinds);
    extensions = List.copyOf(extensions);
    signers = Set.copyOf(signers);
  }

  /** Returns whether payments in this version of the protocol are settled. */
  public boolean covers(int version, String scheme, Network network) {
    return kinds.stream().anyMatch(kind -> kind.covers(version, scheme, network));
  }

  /** Returns whether payments are settled, in some version of the protocol. */
  public boolean covers(String scheme, Network network) {
    return covers(2, scheme, network) || covers(1, scheme, network);
  }

  /** Returns what a seller has to know to offer payments of this kind; empty if that is nothing. */
  public Map<String, Object> extra(String scheme, Network network) {
    return kinds.stream()
        .filter(kind -> kind.covers(2, scheme, network) || kind.covers(1, scheme, network))
        .map(Kind::extra)
        .filter(extra -> !extra.isEmpty())
        .findFirst()
        .orElse(Map.of());
  }

  /** Names the kinds for a person who has configured another one. */
  @Override
  public String toString() {
    if (kinds.isEmpty()) {
      return "none";
    }
    List<String> shown = new ArrayList<>();
    kinds.stream().limit(MAX_SHOWN).forEach(kind -> shown.add(kind.toString()));
    if (kinds.size() > MAX_SHOWN) {
      shown.add("and " + (kinds.size() - MAX_SHOWN) + " more");
    }
    return shown.stream().collect(Collectors.joining(", "));
  }
}
