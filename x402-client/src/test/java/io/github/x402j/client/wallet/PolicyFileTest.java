// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.Usdc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A policy as a YAML file says what one in code says. */
class PolicyFileTest {
  private static final String PAYEE = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
  private static final Path SCHEMA = Path.of("../docs/schema/spending-policy.schema.json");

  @TempDir private Path directory;

  private static final String EVERYTHING =
      """
      # what the agent may spend
      maxPerPayment: $0.05
      maxPerHost: "$5"
      maxPerHour: $1
      maxPerDay: '$2'
      maxTotal: $100
      hosts: [api.example.com, "*.example.org"]
      methods:
        - GET
        - POST
      recipients: 0x209693Bc6afc0C5328bA36FaF03C514EF312287C
      networks: [eip155:8453]
      tokens:
        - network: eip155:8453
          contract: 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913
      rate:
        - payments: 60
          within: PT1M
        - {payments: 1000, within: PT24H}
      approval:
        above: $1
        within: PT1H
      maxUndelivered: 3
      unresolvedFor: PT12H
      """;

  private static SpendingPolicy inCode() {
    return SpendingPolicy.empty()
        .maxPerPayment("$0.05")
        .maxPerHost("$5")
        .maxPerHour("$1")
        .maxPerDay("$2")
        .maxTotal("$100")
        .hosts("api.example.com", "*.example.org")
        .methods("GET", "POST")
        .recipients(Address.parse(PAYEE))
        .networks(Network.BASE)
        .tokens(Usdc.BASE)
        .rate(60, Duration.ofMinutes(1))
        .rate(1000, Duration.ofHours(24))
        .approvalAbove(Price.parse("$1"), Duration.ofHours(1))
        .maxUndelivered(3)
        .unresolvedFor(Duration.ofHours(12));
  }

  @Test
  void saysAllThatAPolicyInCodeCanSay() throws Exception {
    assertThat(PolicyText.of(read(EVERYTHING))).isEqualTo(PolicyText.of(inCode()));
  }

  static Stream<SpendingPolicy> policies() {
    List<SpendingPolicy> policies = new ArrayList<>(List.of(inCode(), SpendingPolicy.empty()));
    policies.add(SpendingPolicy.empty().allowUndelivered().allowUnresolved());
    policies.add(SpendingPolicy.empty().approvalAlways(Duration.ofDays(30)));
    policies.add(inCode().and(inCode()));
    return policies.stream();
  }

  /** What the journal keeps is the policy itself. */
  @ParameterizedTest
  @MethodSource("policies")
  void theTextOfAPolicyIsThePolicy(SpendingPolicy policy) {
    String text = PolicyText.of(policy);
    SpendingPolicy again = text.isEmpty() ? SpendingPolicy.empty() : PolicyText.parse(text);
    assertThat(PolicyText.of(again)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "maxPerPayment: 5 | policy.yaml, line 1, maxPerPayment: price \"5\": expected a dollar sign",
        "maxPerDay: $2\\nmaxPerDey: $2 | policy.yaml, line 2, maxPerDey: expected the name of a rule",
        "maxPerDay: $2\\nmaxPerDay: $3 | policy.yaml, line 2, maxPerDay: expected it once",
        "hosts: [] | policy.yaml, line 1, hosts: expected at least one",
        "hosts:\\n  - a.example\\n  - https://b.example | policy.yaml, line 2, hosts: expected a host",
        "hosts: [*.example.org] | policy.yaml, line 1: not YAML",
        "hosts: {a: b} | policy.yaml, line 1, hosts: expected one value",
        "methods: ['GET POST'] | policy.yaml, line 1, methods: expected one value without spaces",
        "recipients: [0x12] | policy.yaml, line 1, recipients",
        "networks: [base] | policy.yaml, line 1, networks",
        "tokens: [0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913] | policy.yaml, line 1, tokens: expected",
        "rate: 60 | policy.yaml, line 1, rate: expected names and values",
        "rate:\\n  payments: 60 | policy.yaml, line 2, rate: expected payments and within",
        "rate: {payments: 0, within: PT1M} | line 1, rate: expected at least 1 payment",
        "rate: {payments: 6, within: P2D} | line 1, rate: expected more than zero",
        "rate: {payments: 6, within: 1h} | line 1, rate: expected a duration such as PT1H",
        "rate: {payments: 6, per: PT1M} | line 1, rate.per: expected payments and within",
        "approval: {above: $1, within: P31D} | line 1, approval: expected more than zero",
        "maxUndelivered: 0 | line 1, maxUndelivered: expected at least 1",
        "unresolvedFor: never | line 1, unresolvedFor: expected a duration",
        "- maxPerDay | policy.yaml, line 1: expected names and values",
        "'' | policy.yaml: expected a policy, found nothing",
        "hosts: &x [a.example]\\nmethods: *x | not YAML: Number of aliases",
        "'maxPerDay: \"$2' | not YAML"
      })
  void saysWhatIsWrongWithLineAndKey(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml.replace("\\n", "\n")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theSchemaKnowsTheRulesAndTakesWhatTheReaderTakes() throws Exception {
    ObjectMapper json = new ObjectMapper();
    JsonNode described = json.readTree(Files.readString(SCHEMA)).path("properties");
    List<String> names = new ArrayList<>();
    described.fieldNames().forEachRemaining(names::add);
    List<String> rules = new ArrayList<>(PolicyText.OF_ONE_VALUE);
    rules.addAll(PolicyText.OF_A_LIST);
    rules.addAll(List.of("tokens", "rate", "approval"));
    assertThat(names).containsExactlyInAnyOrderElementsOf(rules);

    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(SCHEMA));
    String asJson =
        """
        {"maxPerPayment": "$0.05", "hosts": ["api.example.com", "*.example.org"],
         "tokens": [{"network": "eip155:8453",
                     "contract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}],
         "rate": {"payments": 60, "within": "PT1M"}, "approval": {"above": "$1"},
         "maxUndelivered": 3, "unresolvedFor": "off"}
        """;
    assertThat(schema.validate(asJson, InputFormat.JSON)).isEmpty();
    assertThat(PolicyText.of(read(asJson))).contains("approval $1 PT24H", "unresolvedFor off");
    for (String wrong :
        List.of(
            "{\"maxPerPayment\": 5}",
            "{\"hosts\": []}",
            "{\"rate\": {\"payments\": 0, \"within\": \"PT1M\"}}",
            "{\"maxPerDey\": \"$2\"}")) {
      assertThat(schema.validate(wrong, InputFormat.JSON)).as(wrong).isNotEmpty();
      assertThatThrownBy(() -> read(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  private SpendingPolicy read(String yaml) throws Exception {
    return SpendingPolicy.fromFile(Files.writeString(directory.resolve("policy.yaml"), yaml));
  }
}
