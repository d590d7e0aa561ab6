// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tables in {@code docs/networks.md}, and the names in the schemas, are those of the code. */
class DocumentedNetworksTest {
  private static final Path PAGE = Path.of("../docs/networks.md");

  @Test
  void hasTheNetworks() throws Exception {
    String rows =
        KnownNetwork.ALL.stream()
            .map(
                each ->
                    row(
                        each.displayName(),
                        "`" + each.network() + "`",
                        "`" + each.shortName() + "`",
                        switch (each.v1()) {
                          case ALL -> "yes";
                          case NEWER -> "newer clients";
                          case NONE -> "";
                        },
                        "<" + each.explorer() + ">"))
            .collect(Collectors.joining());
    assertThat(Files.readString(PAGE))
        .contains(head("network", "CAIP-2", "name", "version 1", "explorer") + rows + "\n");
  }

  @Test
  void hasTheTokens() throws Exception {
    String rows =
        Stablecoin.all().stream()
            .map(
                coin ->
                    row(
                        coin.token().network().displayName().orElseThrow(),
                        coin.symbol(),
                        "`" + coin.token().contract() + "`",
                        coin.token().name(),
                        coin.token().version(),
                        String.valueOf(coin.token().decimals())))
            .collect(Collectors.joining());
    assertThat(Files.readString(PAGE))
        .contains(
            head("network", "token", "contract", "EIP-712 name", "version", "decimals")
                + rows
                + "\n");
  }

  @ParameterizedTest
  @CsvSource({
    "payment-payload, NEWER",
    "settlement-response, NEWER",
    "payment-required-v1, ALL",
  })
  void areNamedInTheSchemas(String schema, KnownNetwork.V1 readers) throws Exception {
    Path file = Path.of("../docs/schema/" + schema + ".schema.json");
    List<String> known =
        KnownNetwork.ALL.stream()
            .filter(each -> each.v1().compareTo(readers) >= 0)
            .map(KnownNetwork::shortName)
            .toList();
    List<String> named = new ArrayList<>();
    for (JsonNode names : new ObjectMapper().readTree(file.toFile()).findValues("enum")) {
      if (names.path(0).asText().equals("base")) {
        names.forEach(each -> named.add(each.textValue()));
      }
    }
    assertThat(named).isEqualTo(known);
  }

  private static String head(String... names) {
    return row(names) + row(List.of(names).stream().map(each -> "---").toArray(String[]::new));
  }

  private static String row(String... cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }
}
