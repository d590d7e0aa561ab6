// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A node as the helpers of this package use it: without the faults and the counters of its public
 * endpoint.
 */
interface Node {

  /**
   * Returns the result of a method. Parameters are strings, booleans and maps of strings.
   *
   * @throws RpcError if the node answers with an error
   */
  JsonNode call(String method, Object... params);

  /** Gets a signed transaction into a block and returns its receipt. */
  JsonNode mine(String signedTransaction);
}
