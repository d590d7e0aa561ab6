// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.Facilitator;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmKeystore;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.servlet.PaymentFilter;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

/** The properties of {@code docs/mainnet.md} start a webapp with the facilitator that they name. */
class MainnetPageTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```properties$(.*?)^```$");

  @TempDir Path directory;

  private static List<String> blocks() throws IOException {
    return BLOCK
        .matcher(Files.readString(Path.of("../docs/mainnet.md")))
        .results()
        .map((MatchResult block) -> block.group(1))
        .toList();
  }

  static Stream<Arguments> expected() throws IOException {
    List<String> facilitators =
        List.of(
            "HttpFacilitator[https://api.cdp.coinbase.com]",
            "HttpFacilitator[https://api.cdp.coinbase.com]",
            "EvmFacilitator",
            "HttpFacilitator[https://facilitator.payai.network]");
    List<Arguments> all = new ArrayList<>();
    for (int i = 0; i < facilitators.size(); i++) {
      all.add(arguments(blocks().get(i), facilitators.get(i)));
    }
    return all.stream();
  }

  @Test
  void thereIsNoBlockThatIsNotTried() throws IOException {
    assertThat(blocks()).hasSize((int) expected().count());
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("expected")
  void startsWithTheFacilitatorOfThePage(String block, String facilitator) throws IOException {
    Path keystore = directory.resolve("gas.json");
    EvmKeystore.create(keystore, "testpassword".toCharArray());
    Properties properties = new Properties();
    properties.load(new StringReader(block));
    new WebApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(X402AutoConfiguration.class))
        .withPropertyValues(
            properties.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .toArray(String[]::new))
        .withPropertyValues(
            "PAY_TO=0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
            "RPC_URL=http://127.0.0.1:9",
            "CDP_API_KEY_ID=a-key",
            "CDP_API_KEY_SECRET=MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMXy3n7K0Eg8rHsZeQZjW4"
                + "Iso6BP+sB5KQAg5uF4YCAzg==",
            "KEYSTORE=" + keystore,
            "KEYSTORE_PASSWORD=testpassword",
            "x402.routes[0].pattern=/quote",
            "x402.routes[0].price=$0.01")
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasSingleBean(PaymentFilter.class);
              Facilitator made = context.getBean(Facilitator.class);
              assertThat(made)
                  .isInstanceOf(
                      facilitator.startsWith("Http")
                          ? HttpFacilitator.class
                          : EvmFacilitator.class);
              if (made instanceof HttpFacilitator) {
                assertThat(made).hasToString(facilitator);
              }
            });
  }
}
