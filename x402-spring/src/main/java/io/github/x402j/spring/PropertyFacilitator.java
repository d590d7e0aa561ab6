// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.evm.ChainListener;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.facilitator.CdpAuthentication;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.facilitator.PayAiAuthentication;
import io.github.x402j.spring.X402Properties.ApiKey;
import io.github.x402j.spring.X402Properties.Keystore;
import io.github.x402j.spring.X402Properties.RemoteFacilitator;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;

/** Makes the facilitator that the properties describe. */
final class PropertyFacilitator {
  private final X402Properties properties;
  private final Network network;
  private final ChainListener listener;

  /**
   * @param network of the token that is accepted
   * @param listener hears of what is asked of the chain
   */
  PropertyFacilitator(X402Properties properties, Network network, ChainListener listener) {
    this.properties = properties;
    this.network = network;
    this.listener = listener;
  }

  /**
   * Returns the facilitator; nothing is sent yet.
   *
   * @param signers signs for the gas account where no property does
   * @param credentials of the webapp at a remote facilitator
   */
  Facilitator make(
      ObjectProvider<EvmSigner> signers,
      ObjectProvider<HttpFacilitator.Authentication> credentials) {
    RemoteFacilitator remote = properties.facilitator();
    return remote == null ? local(signers) : remote(remote, credentials);
  }

  private Facilitator local(ObjectProvider<EvmSigner> signers) {
    Web3jChain chain =
        chain(
            Setting.require(
                "x402.rpc-url",
                properties.rpcUrl(),
                "the URL of a node of " + network + ", or x402.facilitator.url, or x402.dev=true",
                "https://node.example"));
    EvmFacilitator.Builder builder =
        EvmFacilitator.builder(network, chain, gasKey(signers)).listener(listener);
    if (properties.acceptContractWallets()) {
      builder.acceptContractWallets();
    }
    return builder.build();
  }

  private Facilitator remote(
      RemoteFacilitator remote, ObjectProvider<HttpFacilitator.Authentication> credentials) {
    HttpFacilitator.Authentication known = credentials(remote);
    String url = remote.url();
    if (url == null || url.isBlank()) {
      url = usualUrl(remote);
    }
    HttpFacilitator.Builder builder =
        Setting.convert(
            "x402.facilitator.url", url, given -> HttpFacilitator.builder(given, checks()));
    if (known == null) {
      credentials.ifAvailable(builder::authentication);
    } else {
      builder.authentication(known);
    }
    if (remote.settleIsIdempotent()) {
      builder.settleIsIdempotent();
    }
    return builder.build();
  }

  private static String usualUrl(RemoteFacilitator remote) {
    if (remote.cdp() != null) {
      return CdpAuthentication.URL.toString();
    }
    return remote.payai() != null
        ? PayAiAuthentication.URL.toString()
        : Setting.require(
            "x402.facilitator.url",
            null,
            "the URL of a facilitator",
            "https://facilitator.example");
  }

  private static HttpFacilitator.@Nullable Authentication credentials(RemoteFacilitator remote) {
    ApiKey cdp = remote.cdp();
    ApiKey payai = remote.payai();
    if (cdp != null && payai != null) {
      throw new StartFailedException(
          "x402.facilitator.cdp and x402.facilitator.payai are both set",
          "Keep one of them.",
          null);
    }
    if (cdp != null) {
      return Setting.convert(
          "x402.facilitator.cdp", cdp, key -> CdpAuthentication.of(key.keyId(), key.keySecret()));
    }
    return payai == null
        ? null
        : Setting.convert(
            "x402.facilitator.payai",
            payai,
            key -> PayAiAuthentication.of(key.keyId(), key.keySecret()));
  }

  private EvmLocalChecks checks() {
    String rpcUrl = properties.rpcUrl();
    if (rpcUrl == null || rpcUrl.isBlank()) {
      return EvmLocalChecks.withoutChain();
    }
    EvmLocalChecks.Builder builder = EvmLocalChecks.builder().chain(network, chain(rpcUrl));
    return properties.acceptContractWallets()
        ? builder.acceptContractWallets().build()
        : builder.build();
  }

  private static Web3jChain chain(String rpcUrl) {
    return Setting.convert("x402.rpc-url", rpcUrl, Web3jChain::at);
  }

  private EvmSigner gasKey(ObjectProvider<EvmSigner> signers) {
    String set = properties.gasKey();
    String key = set == null || set.isBlank() ? null : set; // as an empty variable is
    Keystore keystore = properties.keystore();
    if (key != null && keystore != null) {
      throw new StartFailedException(
          "x402.gas-key and x402.keystore are both set", "Keep one of them.", null);
    }
    if (keystore != null) {
      return open(keystore);
    }
    @Nullable EvmSigner bean = key == null ? signers.getIfUnique() : null;
    if (bean != null) {
      return bean;
    }
    return Setting.convert(
        "x402.gas-key",
        Setting.require(
            "x402.gas-key",
            key,
            "the private key that pays the gas, or x402.keystore.path, or one bean of type"
                + " EvmSigner",
            "${GAS_KEY}"),
        EvmSigner::ofPrivateKey);
  }

  private static EvmSigner open(Keystore keystore) {
    Path path = keystore.path();
    if (path == null) {
      throw StartFailedException.missing("x402.keystore.path", "a file", "gas.json");
    }
    String password =
        Setting.require(
            "x402.keystore.password", keystore.password(), "its password", "${GAS_PASSWORD}");
    try {
      return EvmSigner.fromKeystore(path, password.toCharArray());
    } catch (IllegalArgumentException e) {
      throw StartFailedException.invalid("x402.keystore", e);
    } catch (IOException e) {
      throw new StartFailedException(
          "x402.keystore.path: " + path + " cannot be read",
          "Set x402.keystore.path to a keystore file of version 3.",
          e);
    }
  }
}
