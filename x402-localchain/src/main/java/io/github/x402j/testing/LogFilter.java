// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.util.bytes.BytesValue;
import org.jspecify.annotations.Nullable;

/**
 * Which logs {@code eth_getLogs} asks for. An empty set of addresses, or of topics at one place,
 * means any.
 *
 * @param topics per place, the topics of which a log must have one
 */
record LogFilter(Set<Address> addresses, List<Set<BytesValue>> topics) {

  LogFilter {
    addresses = Set.copyOf(addresses);
    topics = List.copyOf(topics);
  }

  static LogFilter of(JsonNode filter) {
    Set<Address> addresses =
        alternatives(filter.get("address")).stream()
            .map(Params::toAddress)
            .collect(Collectors.toSet());
    List<Set<BytesValue>> topics = new ArrayList<>();
    for (JsonNode place : alternatives(filter.get("topics"))) {
      topics.add(
          alternatives(place).stream().<BytesValue>map(Params::toHash).collect(Collectors.toSet()));
    }
    return new LogFilter(addresses, topics);
  }

  private static List<JsonNode> alternatives(@Nullable JsonNode value) {
    if (value == null || value.isNull()) {
      return List.of();
    }
    return value.isArray()
        ? StreamSupport.stream(value.spliterator(), false).toList()
        : List.of(value);
  }

  boolean matches(Log log) {
    if (!addresses.isEmpty() && !addresses.contains(log.getLogger())) {
      return false;
    }
    if (topics.size() > log.getTopics().size()) {
      return false;
    }
    for (int i = 0; i < topics.size(); i++) {
      Set<BytesValue> wanted = topics.get(i);
      if (!wanted.isEmpty() && wanted.stream().noneMatch(log.getTopics().get(i)::equals)) {
        return false;
      }
    }
    return true;
  }
}
