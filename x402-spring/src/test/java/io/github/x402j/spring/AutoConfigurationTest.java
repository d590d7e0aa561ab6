// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Facilitator;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.InMemorySalesBook;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.jdbc.JdbcPaymentLedger;
import io.github.x402j.jdbc.JdbcSalesBook;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

/** What the properties and the beans make; no container is started. */
class AutoConfigurationTest {
  private static final String PAY_TO = TestWallet.random().address();
  private static final String KEY = TestWallet.random().privateKey();
  private static final String[] COMPLETE = {
    "x402.public-url=https://shop.example",
    "x402.network=base",
    "x402.pay-to=" + PAY_TO,
    "x402.rpc-url=http://127.0.0.1:1/secret",
    "x402.gas-key=" + KEY,
    "x402.routes[0].pattern=/premium",
    "x402.routes[0].price=$0.01"
  };

  private final WebApplicationContextRunner empty =
      new WebApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(X402AutoConfiguration.class));
  private final WebApplicationContextRunner complete = empty.withPropertyValues(COMPLETE);

  @Test
  void theFilterIsMappedToEverythingBehindSpringSecurity() {
    complete.run(
        context -> {
          assertThat(context).hasSingleBean(PaymentFilter.class);
          FilterRegistrationBean<?> registration = context.getBean(FilterRegistrationBean.class);
          assertThat(registration.getFilter()).isSameAs(context.getBean(PaymentFilter.class));
          assertThat(registration.getUrlPatterns()).containsExactly("/*");
          assertThat(registration.isAsyncSupported()).isTrue();
          assertThat(registration.getOrder()).isEqualTo(-50);
          assertThat(context.getBean(Facilitator.class)).isInstanceOf(EvmFacilitator.class);
        });
  }

  @Test
  void nothingIsMadeWhereItIsSwitchedOffOrThereIsNoServletStack() {
    complete
        .withPropertyValues("x402.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean(PaymentFilter.class));
    new ApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(X402AutoConfiguration.class))
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(PaymentFilter.class));
  }

  @Test
  void aRemoteFacilitatorTakesThePlaceOfTheGasKey() {
    empty
        .withPropertyValues(
            "x402.public-url=https://shop.example, https://shop.example.org",
            "x402.network=eip155:8453",
            "x402.pay-to=" + PAY_TO,
            "x402.facilitator.url=https://facilitator.example",
            "x402.routes[0].pattern=/premium",
            "x402.routes[0].price=$0.01")
        .run(
            context ->
                assertThat(context.getBean(Facilitator.class)).isInstanceOf(HttpFacilitator.class));
  }

  private static final String ED25519 =
      "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMXy3n7K0Eg8rHsZeQZjW4Iso6BP+sB5KQAg5uF4YCAzg==";

  /** The secret is the one of a golden vector; it opens nothing. */
  @ParameterizedTest
  @CsvSource({
    "cdp, " + ED25519 + ", , HttpFacilitator[https://api.cdp.coinbase.com]",
    "cdp, " + ED25519 + ", http://localhost:1, HttpFacilitator[http://localhost:1]",
    "payai, payai_sk_MC4CAQAwBQYDK2VwBCIEIL0eeGmepd+Z/kS6Ho5JJK6QVQ4CplNmwhcTqem+hXf1, ,"
        + " HttpFacilitator[https://facilitator.payai.network]"
  })
  void anApiKeyNamesTheFacilitator(String kind, String secret, String url, String expected) {
    empty
        .withPropertyValues(REMOTE)
        .withPropertyValues(
            "x402.facilitator." + kind + ".key-id=a-key",
            "x402.facilitator." + kind + ".key-secret=" + secret,
            "x402.facilitator.url=" + (url == null ? "" : url))
        .run(
            context ->
                assertThat(context.getBean(Facilitator.class)).asString().isEqualTo(expected));
  }

  @ParameterizedTest
  @CsvSource({"cdp, CDP key secret", "payai, PayAI key secret"})
  void anApiKeyThatIsNoneFailsTheStartAndIsNotShown(String kind, String message) {
    empty
        .withPropertyValues(REMOTE)
        .withPropertyValues(
            "x402.facilitator." + kind + ".key-id=a-key",
            "x402.facilitator." + kind + ".key-secret=s3cret")
        .run(
            context ->
                assertThat(context)
                    .hasFailed()
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining(message)
                    .hasMessageNotContaining("s3cret"));
  }

  private static final String[] REMOTE = {
    "x402.public-url=https://shop.example",
    "x402.network=base",
    "x402.pay-to=" + PAY_TO,
    "x402.routes[0].pattern=/premium",
    "x402.routes[0].price=$0.01"
  };

  @Configuration(proxyBeanMethods = false)
  static class OwnBeans {
    static final InMemorySalesBook BOOK = InMemorySalesBook.create();

    @Bean
    EvmSigner signer() {
      return EvmSigner.ofPrivateKey(KEY);
    }

    @Bean
    PaymentLedger ledger() {
      return InMemoryPaymentLedger.create();
    }

    @Bean
    SalesBook book() {
      return BOOK;
    }

    @Bean
    PaymentFilterCustomizer last() {
      return filter -> filter.failuresPerMinute(3);
    }
  }

  @Test
  void beansTakeThePlaceOfDefaults() {
    empty
        .withPropertyValues(COMPLETE)
        .withPropertyValues("x402.gas-key=")
        .withUserConfiguration(OwnBeans.class)
        .run(
            context -> {
              assertThat(context.getBean(PaymentFilter.class).salesBook()).isSameAs(OwnBeans.BOOK);
              assertThat(context.getBean(Facilitator.class).signers())
                  .containsExactly(EvmSigner.ofPrivateKey(KEY).address());
            });
  }

  @Configuration(proxyBeanMethods = false)
  static class Database {
    @Bean
    DataSource dataSource() {
      JdbcDataSource source = new JdbcDataSource();
      source.setURL("jdbc:h2:mem:" + System.nanoTime() + ";DB_CLOSE_DELAY=-1");
      return source;
    }
  }

  @Test
  void aDataSourceGivesLedgerAndSalesBookWhenAsked() {
    complete
        .withUserConfiguration(Database.class)
        .run(
            context ->
                assertThat(context.getBean(PaymentLedger.class))
                    .isInstanceOf(InMemoryPaymentLedger.class));
    complete
        .withUserConfiguration(Database.class)
        .withPropertyValues("x402.ledger=jdbc", "x402.create-tables=true")
        .run(
            context -> {
              assertThat(context.getBean(PaymentLedger.class))
                  .isInstanceOf(JdbcPaymentLedger.class);
              assertThat(context.getBean(PaymentFilter.class).salesBook())
                  .isInstanceOf(JdbcSalesBook.class);
            });
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        Arguments.of(List.of("x402.pay-to=0x123"), "x402.pay-to", "x402.pay-to"),
        Arguments.of(List.of("x402.network=bas"), "x402.network: expected eip155:8453", "network"),
        Arguments.of(
            List.of("x402.network=eip155:5"), "x402.token.contract: expected", "token.contract="),
        Arguments.of(List.of("x402.gas-key=12"), "x402.gas-key: a private key", "x402.gas-key"),
        Arguments.of(List.of("x402.rpc-url=ftp://x"), "x402.rpc-url", "x402.rpc-url"),
        Arguments.of(List.of("x402.public-url=shop"), "x402.public-url: ", "x402.public-url"),
        Arguments.of(List.of("x402.max-timeout=2h"), "x402.max-timeout: ", "x402.max-timeout"),
        Arguments.of(List.of("x402.buffer-limit=0B"), "x402.buffer-limit: ", "buffer-limit"),
        Arguments.of(List.of("x402.header-limit=1KB"), "2048 to 16384", "header-limit"),
        Arguments.of(
            List.of("x402.request-header-limit=1KB"), "2048 to 17408", "request-header-limit"),
        Arguments.of(List.of("x402.service-name=\u00fc"), "printable ASCII", "x402.service-name"),
        Arguments.of(List.of("x402.icon-url=icon.png"), "an absolute http", "x402.icon-url"),
        Arguments.of(List.of("x402.sign-in-statement=\u00fc"), "a statement of 1", "Correct"),
        Arguments.of(List.of("x402.routes[0].sign-in=1ms"), "signIn: expected", "sign-in"),
        Arguments.of(List.of("x402.routes[0].tags=1,2,3,4,5,6"), "at most 5", "tags"),
        Arguments.of(List.of("x402.mpp.secret="), "x402.mpp: mpp secret: expected", "x402.mpp"),
        Arguments.of(List.of("x402.mpp.secret=short"), "random bytes, found 5", "x402.mpp"),
        Arguments.of(
            List.of("x402.mpp.secret=" + KEY, "x402.mpp.former-secrets=short"),
            "random bytes, found 5",
            "x402.mpp"),
        Arguments.of(
            List.of("x402.mpp.secret=" + KEY, "x402.public-url=http://shop.example"),
            "mpp: expected a publicUrl with https://",
            "Correct"),
        Arguments.of(
            List.of("x402.routes[0].price="), "x402.routes[0].price: expected", "price=$0.01"),
        Arguments.of(
            List.of("x402.routes[0].price=cheap"), "x402.routes[0].price: ", "routes[0].price"),
        Arguments.of(
            List.of("x402.routes[0].pattern=premium"), "x402.routes[0].pattern: ", "pattern"),
        Arguments.of(List.of("x402.routes[0].free=true"), "is free and has a price", "Keep one of"),
        Arguments.of(
            List.of("x402.routes[0].pass.uses=3"), "x402.routes[0].pass.lifetime", "lifetime=10m"),
        Arguments.of(List.of("x402.routes[0].pass.lifetime=10m"), "sells a pass", "Correct"),
        Arguments.of(
            List.of("x402.keystore.path=gas.json"), "x402.gas-key and x402.keystore", "Keep one"),
        Arguments.of(
            List.of("x402.ledger=jdbc"), "expected one DataSource", "spring.datasource.url"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void aWrongPropertyIsNamedWithWhatToSet(List<String> properties, String message, String action) {
    complete
        .withPropertyValues(properties.toArray(String[]::new))
        .run(
            context -> {
              FailureAnalysis analysis = analysis(context.getStartupFailure());
              System.out.println(properties + " -> " + analysis.getDescription());
              assertThat(analysis.getDescription()).contains(message);
              assertThat(analysis.getAction()).contains(action);
              assertThat(analysis.getDescription() + analysis.getAction())
                  .doesNotContain(KEY)
                  .doesNotContain("/secret");
            });
  }

  @Test
  void allThatIsMissingIsListedAtOnce() {
    empty.run(
        context -> {
          FailureAnalysis analysis = analysis(context.getStartupFailure());
          System.out.println(analysis.getDescription() + "\n" + analysis.getAction());
          assertThat(analysis.getAction())
              .contains(
                  "x402.public-url=https://api.example.com\n",
                  "x402.network=base\n",
                  "x402.pay-to=0x...\n",
                  "x402.rpc-url=https://node.example\n",
                  "x402.gas-key=${GAS_KEY}\n",
                  "x402.dev=true");
        });
  }

  @ParameterizedTest
  @CsvSource({
    "8081, '', http://localhost:8081",
    "8081, /clinic, http://localhost:8081/clinic",
    "8081, /clinic/, http://localhost:8081/clinic",
    "0, /, http://localhost"
  })
  void theUrlOfThisMachineEndsWithoutASlash(String port, String contextPath, String url) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(
            new MapPropertySource(
                "test", Map.of("server.port", port, "server.servlet.context-path", contextPath)));
    assertThat(FilterFactory.ownUrl(environment)).isEqualTo(url);
  }

  @Test
  void everyPropertyHasADescriptionForCompletion() throws Exception {
    JsonNode metadata =
        new ObjectMapper()
            .readTree(
                X402Properties.class.getResource("/META-INF/spring-configuration-metadata.json"));
    Map<String, String> described = new TreeMap<>();
    for (JsonNode property : metadata.at("/properties")) {
      String name = property.at("/name").asText();
      if (name.startsWith("x402.")) {
        described.put(name, property.at("/description").asText());
      }
    }

    assertThat(described).containsKeys("x402.pay-to", "x402.routes", "x402.keystore.path");
    assertThat(described.values()).allSatisfy(text -> assertThat(text).endsWith("."));
    String page = Files.readString(Path.of("../docs/spring.md"));
    assertThat(described.keySet())
        .allSatisfy(
            name -> assertThat(page).containsPattern("[.]" + name.replaceFirst(".*[.]", "")));
  }

  /** What has no property is set by beans. */
  @Test
  void everySettingOfTheFilterAndOfARuleCanBeSet() {
    Set<String> byBeans =
        Set.of(
            "facilitator",
            "salesBook",
            "listener",
            "pathRules",
            "receipts",
            "acceptReceipts",
            "signOffers",
            "paymentIdentifiers",
            "signInStore",
            "access");
    Set<String> named =
        Set.of("publicUrls", "accept", "ignoringCase", "passGroup", "pricedByHandler");

    assertThat(settings(PaymentFilter.Builder.class))
        .isSubsetOf(together(components(X402Properties.class), byBeans, named));
    assertThat(settings(Route.class))
        .isSubsetOf(together(components(X402Properties.PricedPath.class), named));
  }

  private static Set<String> settings(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> method.getReturnType() == type)
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> components(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .map(RecordComponent::getName)
        .collect(Collectors.toSet());
  }

  @SafeVarargs
  private static Set<String> together(Set<String>... sets) {
    return Arrays.stream(sets).flatMap(Set::stream).collect(Collectors.toSet());
  }

  @Test
  void modulesThatAreMissingAreNamed() {
    complete
        .withClassLoader(new FilteredClassLoader(LocalChain.class))
        .withPropertyValues("x402.dev=true")
        .run(
            context ->
                assertThat(analysis(context.getStartupFailure()).getAction())
                    .contains("io.github.x402j:x402-localchain"));
    complete
        .withClassLoader(new FilteredClassLoader("io.github.x402j.jdbc"))
        .withPropertyValues("x402.ledger=jdbc")
        .run(
            context ->
                assertThat(analysis(context.getStartupFailure()).getAction())
                    .contains("io.github.x402j:x402-jdbc"));
  }

  private static FailureAnalysis analysis(Throwable failure) {
    assertThat(failure).isNotNull();
    return new StartFailureAnalyzer().analyze(failure);
  }
}
