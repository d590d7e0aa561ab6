// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.openapi.api.SmallRyeOpenAPI;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.jboss.jandex.Index;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prices in the document that SmallRye OpenAPI makes of annotated classes. */
class OpenApiPricesTest {
  private static OpenAPI document;

  /** What a user writes, and names in {@code mp.openapi.filter}. */
  public static final class Prices implements OASFilter {
    @Override
    public void filterOpenAPI(OpenAPI openApi) {
      OpenApiPrices.add(
          openApi,
          Goods.Plain.class,
          Goods.Mixed.class,
          Goods.Implemented.class,
          Goods.Posts.class,
          Goods.Shelf.class,
          Goods.Vault.class,
          Goods.Rows.class,
          Goods.Free.class);
    }
  }

  @BeforeAll
  static void scan() throws Exception {
    Index index =
        Index.of(
            Goods.Shop.class,
            Goods.Plain.class,
            Goods.Mixed.class,
            Goods.Implemented.class,
            Goods.Api.class,
            Goods.Posts.class,
            Goods.Shelf.class,
            Goods.Items.class,
            Goods.Vault.class,
            Goods.Box.class,
            Goods.Rows.class,
            Goods.Free.class);
    document =
        SmallRyeOpenAPI.builder()
            .withConfig(noConfig())
            .withIndex(index)
            .withScannerClassLoader(Goods.class.getClassLoader())
            .enableStandardFilter(false)
            .enableStandardStaticFiles(false)
            .enableModelReader(false)
            .addFilter(new Prices())
            .build()
            .model();
  }

  private static Config noConfig() {
    return (Config)
        Proxy.newProxyInstance(
            Config.class.getClassLoader(),
            new Class<?>[] {Config.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "getOptionalValue", "getOptionalValues" -> Optional.empty();
                  case "getPropertyNames", "getConfigSources" -> List.of();
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private static Operation operation(String method, String path) {
    return document.getPaths().getPathItem(path).getOperations().entrySet().stream()
        .filter(each -> each.getKey().name().equals(method))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /api/plain, 0.01",
    "POST, /api/plain/echo, 0.01",
    "GET, /api/mixed/dear, 0.02",
    "GET, /api/mixed/cheap, 0.01",
    "GET, /api/implemented/one, 0.03",
    "POST, /api/posts, 0.01",
    "GET, /api/shelf/items/{id}, 0.02",
    "GET, /api/vault/class, 0.06"
  })
  void aPricedOperationSaysSo(String method, String path, String amount) {
    Operation operation = operation(method, path);
    assertThat(operation.getExtensions())
        .containsEntry(
            "x-payment-info",
            Map.of(
                "price", Map.of("mode", "fixed", "currency", "USD", "amount", amount),
                "protocols", List.of(Map.of("x402", Map.of()))));
    var response = operation.getResponses().getAPIResponse("402");
    assertThat(response.getHeaders()).containsKey("PAYMENT-REQUIRED");
    String reference = response.getContent().getMediaType("application/json").getSchema().getRef();
    assertThat(reference).isEqualTo("#/components/schemas/PaymentRequired");
    assertThat(document.getComponents().getSchemas().get("PaymentRequired").getProperties())
        .containsKeys("x402Version", "accepts");
  }

  @Test
  void aPriceThatDependsOnTheRequestHasNoAmount() {
    assertThat(operation("GET", "/api/rows").getExtensions().get("x-payment-info"))
        .hasToString("{price={mode=dynamic, currency=USD}, protocols=[{x402={}}]}");
  }

  @ParameterizedTest
  @CsvSource({"GET, /api/free", "GET, /api/posts", "GET, /api/shelf", "GET, /api/shelf/items"})
  void aFreeOperationIsAsItWas(String method, String path) {
    Operation operation = operation(method, path);
    assertThat(operation.getExtensions()).isNullOrEmpty();
    assertThat(operation.getResponses().hasAPIResponse("402")).isFalse();
  }
}
