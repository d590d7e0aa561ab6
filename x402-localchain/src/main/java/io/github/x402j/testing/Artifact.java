// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.web3j.abi.FunctionEncoder;
import org.web3j.abi.datatypes.Type;

/** A compiled contract among the resources; {@code contracts/compile.sh} makes them. */
record Artifact(String bytecode) {

  static Artifact load(String contract) {
    try (InputStream in = Artifact.class.getResourceAsStream(contract + ".json")) {
      if (in == null) {
        throw new IllegalStateException("no artifact of " + contract);
      }
      return new Artifact(new ObjectMapper().readTree(in).path("bytecode").asText());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the data of a transaction that deploys the contract. */
  String deployment(Type<?>... constructorArguments) {
    return bytecode + FunctionEncoder.encodeConstructor(List.of(constructorArguments));
  }
}
