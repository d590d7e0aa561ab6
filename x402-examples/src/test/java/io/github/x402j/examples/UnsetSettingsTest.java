// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.mcp.PricedTool;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.servlet.PathRules;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.TestWallet;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A setting that comes from an environment variable is null where the variable is not set, and
 * often blank where it is. Every setting that is a text says then which one it is.
 */
class UnsetSettingsTest {
  private static final String URL = "https://shop.example";
  private static final ReceiptAlgorithm ES256 = ReceiptAlgorithm.ES256;

  /** Sets something to a text. */
  interface Setter {
    void set(@Nullable String value) throws Exception;
  }

  /** By what is called; the word before the colon, which may come again, is in the message. */
  private static final Map<String, Setter> SETTINGS = new LinkedHashMap<>();

  private static PaymentFilter.Builder filter() {
    return PaymentFilter.builder();
  }

  private static Route route() {
    return Route.of("/a").price("$0.01");
  }

  private static EvmSigner signer() {
    return EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
  }

  private static TrustedIssuer.Builder issuer() {
    return TrustedIssuer.builder(URL, URL, ES256);
  }

  private static AgentWallet.Builder wallet() {
    return AgentWallet.provision("agent", signer(), SpendJournal.inMemory());
  }

  private static SpendingPolicy policy() {
    return SpendingPolicy.empty();
  }

  private static McpSchema.Tool tool() {
    return McpSchema.Tool.builder("t", Map.of("type", "object")).build();
  }

  static {
    SETTINGS.put("publicUrl: PaymentFilter", v -> filter().publicUrl(v));
    SETTINGS.put(
        "publicUrl: PaymentFilter.publicUrls",
        v -> filter().publicUrls(Collections.singletonList(v)));
    SETTINGS.put("payTo: PaymentFilter", v -> filter().accept(Usdc.BASE, v));
    SETTINGS.put("payTo: Route", v -> route().accept(Usdc.BASE, v));
    SETTINGS.put("pattern: Route.of", Route::of);
    SETTINGS.put("pattern: Route.get", Route::get);
    SETTINGS.put("pattern: Route.post", Route::post);
    SETTINGS.put("methods: Route", v -> route().methods(v));
    SETTINGS.put("price: Route", v -> route().price(v));
    SETTINGS.put("description: Route", v -> route().description(v));
    SETTINGS.put("mimeType: Route", v -> route().mimeType(v));
    SETTINGS.put("passGroup: Route", v -> route().pass(Duration.ofHours(1)).passGroup(v));
    SETTINGS.put("welcome file: PathRules", v -> PathRules.strict().welcomeFiles(v));
    SETTINGS.put("price: Price", Price::parse);
    SETTINGS.put("price: PricedTool", v -> PricedTool.of(tool(), v, request -> null));
    SETTINGS.put("network: Network", Network::parse);
    SETTINGS.put("address: Address", Address::parse);
    SETTINGS.put("name: Token", v -> new Token(Network.BASE, Usdc.BASE.contract(), 6, v, "2"));
    SETTINGS.put(
        "version: Token", v -> new Token(Network.BASE, Usdc.BASE.contract(), 6, "USDC", v));
    SETTINGS.put("url: ResourceInfo", ResourceInfo::of);
    SETTINGS.put("RPC URL: EvmFacilitator", v -> EvmFacilitator.at(v, signer()));
    SETTINGS.put("RPC URL: Web3jChain", v -> Web3jChain.at(v));
    SETTINGS.put("private key: EvmSigner", EvmSigner::ofPrivateKey);
    SETTINGS.put("variable: EvmSigner", EvmSigner::fromEnvironment);
    SETTINGS.put(
        "facilitator URL: HttpFacilitator",
        v -> HttpFacilitator.builder(v, EvmLocalChecks.withoutChain()));
    SETTINGS.put("issuer: ReceiptIssuer", v -> ReceiptIssuer.builder(v, URL));
    SETTINGS.put("audience: ReceiptIssuer", v -> ReceiptIssuer.builder(URL, v));
    SETTINGS.put("issuer: TrustedIssuer", v -> TrustedIssuer.builder(v, URL, ES256));
    SETTINGS.put("audience: TrustedIssuer", v -> TrustedIssuer.builder(URL, v, ES256));
    SETTINGS.put("jwks: TrustedIssuer", v -> issuer().jwks(v));
    SETTINGS.put("jwksUrl: TrustedIssuer", v -> issuer().jwksUrl(v));
    SETTINGS.put("signing key: SigningKey", v -> SigningKey.fromJwk(v, ES256));
    SETTINGS.put("kid: SigningKey", v -> SigningKey.generate(ES256, v));
    SETTINGS.put("jwks: JwsStatements", v -> JwsStatements.trusting(v, ES256));
    SETTINGS.put("publicUrl: JwsStatements", v -> JwsStatements.at(v, SigningKey.generated(ES256)));
    SETTINGS.put("maxPerPayment: SpendingPolicy", v -> policy().maxPerPayment(v));
    SETTINGS.put("maxPerHost: SpendingPolicy", v -> policy().maxPerHost(v));
    SETTINGS.put("maxPerHour: SpendingPolicy", v -> policy().maxPerHour(v));
    SETTINGS.put("maxPerDay: SpendingPolicy", v -> policy().maxPerDay(v));
    SETTINGS.put("maxTotal: SpendingPolicy", v -> policy().maxTotal(v));
    SETTINGS.put("host: SpendingPolicy", v -> policy().hosts(v));
    SETTINGS.put("method: SpendingPolicy", v -> policy().methods(v));
    SETTINGS.put("approvalAbove: SpendingPolicy", v -> policy().approvalAbove(v, asked -> true));
    SETTINGS.put(
        "agent: AgentWallet", v -> AgentWallet.provision(v, signer(), SpendJournal.inMemory()));
    SETTINGS.put(
        "agent: AgentWallet.open", v -> AgentWallet.open(v, signer(), SpendJournal.inMemory()));
    SETTINGS.put("allowedDomains: AgentWallet", v -> wallet().allowedDomains(v));
    SETTINGS.put("limit: AgentWallet", v -> wallet().limit(v, BillingPeriod.DAY));
  }

  static Stream<String> settings() {
    return SETTINGS.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void aSettingThatIsNotSetIsNamed(String setting) {
    String name = setting.substring(0, setting.indexOf(':'));
    List<String> wrong = new ArrayList<>();
    for (String unset : new String[] {null, "", "  "}) {
      Throwable thrown = catchThrowable(() -> SETTINGS.get(setting).set(unset));
      boolean isNamed =
          thrown instanceof IllegalArgumentException
              && String.valueOf(thrown.getMessage()).contains(name);
      System.out.println(setting + " = " + quoted(unset) + " -> " + thrown);
      if (!isNamed) {
        wrong.add(quoted(unset) + ": " + thrown);
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static String quoted(@Nullable String text) {
    return text == null ? "null" : "\"" + text + "\"";
  }
}
