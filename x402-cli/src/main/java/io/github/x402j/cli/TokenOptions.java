// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The tokens to pay with: the known ones of a dollar, and one more by its address. */
final class TokenOptions {
  @Option(
      names = "--token",
      paramLabel = "ADDRESS",
      description =
          "A token that you trust besides USDC and its kin (docs/networks.md). Needs --rpc-url.")
  @Nullable Address token;

  @Option(
      names = "--rpc-url",
      paramLabel = "URL",
      defaultValue = "${env:X402_RPC_URL}",
      description =
          "The node of the chain of --token, to read its name and version. Default:"
              + " $$X402_RPC_URL.")
  @Nullable URI rpcUrl;

  /** Returns the tokens, that of {@code --token} first. */
  List<Token> known() throws FacilitatorException {
    List<Token> tokens = new ArrayList<>(Stablecoin.dollars());
    Address own = token;
    if (own != null) {
      URI node = rpcUrl;
      if (node == null) {
        throw new IllegalArgumentException(
            "--rpc-url: needed with --token, to read its name and version");
      }
      Token read = OnChainToken.read(Web3jChain.at(node), own);
      tokens.removeIf(
          known ->
              known.network().equals(read.network()) && known.contract().equals(read.contract()));
      tokens.add(0, read);
    }
    return tokens;
  }
}
