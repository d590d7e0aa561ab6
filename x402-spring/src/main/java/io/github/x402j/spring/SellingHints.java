// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;

/** Tells a native image what is found by name: answers of nodes, keystores, scripts, the curve. */
final class SellingHints implements RuntimeHintsRegistrar {
  private static final String ANSWERS = "io.github.x402j.evm.RpcAnswers$";
  private static final String WALLET = "org.web3j.crypto.WalletFile";

  /** What Jackson reads and writes. */
  static final List<String> READ_BY_JACKSON =
      List.of(
          ANSWERS + "TextResponse",
          ANSWERS + "BlockResponse",
          ANSWERS + "ReceiptResponse",
          ANSWERS + "TransactionResponse",
          ANSWERS + "LogsResponse",
          ANSWERS + "BlockAnswer",
          ANSWERS + "ReceiptAnswer",
          ANSWERS + "TransactionAnswer",
          ANSWERS + "LogAnswer",
          "org.web3j.protocol.core.Request",
          "org.web3j.protocol.core.Response",
          "org.web3j.protocol.core.Response$Error",
          WALLET,
          WALLET + "$Crypto",
          WALLET + "$CipherParams",
          WALLET + "$ScryptKdfParams",
          WALLET + "$Aes128CtrKdfParams");

  private static final List<String> CALLED_BY_THE_CURVE =
      List.of("fr.acinq.secp256k1.Secp256k1CFunctions", "fr.acinq.secp256k1.Secp256k1Exception");

  @Override
  public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
    for (String type : READ_BY_JACKSON) {
      hints
          .reflection()
          .registerType(
              TypeReference.of(type),
              MemberCategory.INVOKE_DECLARED_CONSTRUCTORS,
              MemberCategory.INVOKE_DECLARED_METHODS);
    }
    for (String type : CALLED_BY_THE_CURVE) {
      hints
          .jni()
          .registerType(
              TypeReference.of(type),
              MemberCategory.INVOKE_DECLARED_CONSTRUCTORS,
              MemberCategory.INVOKE_DECLARED_METHODS);
    }
    hints.resources().registerPattern("fr/acinq/secp256k1/jni/native/*");
    hints.resources().registerPattern("io/github/x402j/jdbc/*.sql");
  }
}
