// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.util.bytes.BytesValue;

/** The chain in this JVM, asked directly. */
record LocalNode(ChainState chain, RpcMethods methods) implements Node {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public JsonNode call(String method, Object... params) {
    return methods.call(method, new Params(JSON.valueToTree(List.of(params))));
  }

  /** Mines in a block of its own, whatever waits and whether or not the chain mines by itself. */
  @Override
  public JsonNode mine(String signedTransaction) {
    Transaction transaction = RpcMethods.decode(BytesValue.fromHexString(signedTransaction));
    chain.mineAlone(transaction);
    return call("eth_getTransactionReceipt", transaction.getHash().toString());
  }
}
