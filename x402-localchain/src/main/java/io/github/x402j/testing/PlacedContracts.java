// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.util.Map;
import java.util.stream.Collectors;

/** The contracts that every test chain has at the addresses where real chains have theirs. */
final class PlacedContracts {

  /** The code of each, by its address. */
  static final Map<String, String> CODES =
      Map.of(
              TestChain.MULTICALL, "TestMulticall",
              TestChain.PERMIT2, "TestPermit2",
              TestChain.EXACT_PROXY, "TestExactProxy",
              TestChain.UPTO_PROXY, "TestUptoProxy")
          .entrySet()
          .stream()
          .collect(
              Collectors.toUnmodifiableMap(
                  Map.Entry::getKey, placed -> Operator.code(placed.getValue())));

  private PlacedContracts() {}
}
