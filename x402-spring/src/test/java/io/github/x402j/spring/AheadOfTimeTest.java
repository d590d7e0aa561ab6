// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GeneratedFiles;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.AnnotatedBeanDefinitionReader;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.core.env.MapPropertySource;
import org.springframework.javapoet.ClassName;
import org.springframework.web.context.support.GenericWebApplicationContext;

/** The starter can be processed ahead of time, and names what a native image must keep. */
class AheadOfTimeTest {
  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({
    X402AutoConfiguration.class,
    HandlerAutoConfiguration.class,
    ActuatorAutoConfiguration.class,
    OpenApiAutoConfiguration.class
  })
  static class Application {}

  @Test
  void beansAreMadeWithoutReflection() {
    GenericWebApplicationContext context = new GenericWebApplicationContext();
    context
        .getEnvironment()
        .getPropertySources()
        .addFirst(
            new MapPropertySource(
                "test", java.util.Map.of("x402.ledger", "jdbc", "x402.dev", "true")));
    new AnnotatedBeanDefinitionReader(context).register(Application.class);
    InMemoryGeneratedFiles files = new InMemoryGeneratedFiles();
    DefaultGenerationContext generation =
        new DefaultGenerationContext(
            new ClassNameGenerator(ClassName.get(Application.class)), files);

    new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
    generation.writeGeneratedContent();

    List<String> sources =
        List.copyOf(files.getGeneratedFiles(GeneratedFiles.Kind.SOURCE).keySet());
    System.out.println(sources);
    assertThat(sources)
        .anyMatch(name -> name.contains("X402AutoConfiguration__BeanDefinitions"))
        .anyMatch(name -> name.contains("HandlerAutoConfiguration__BeanDefinitions"));
    assertThat(generation.getRuntimeHints())
        .satisfies(
            hints ->
                assertThat(
                        RuntimeHintsPredicates.reflection()
                            .onType(X402Properties.PricedPath.class)
                            .test(hints))
                    .isTrue())
        .satisfies(AheadOfTimeTest::requireHints);
  }

  @Test
  void everyAnswerOfANodeIsKept() throws ClassNotFoundException {
    RuntimeHints hints = new RuntimeHints();
    new SellingHints().registerHints(hints, null);

    requireHints(hints);
    for (String type : SellingHints.READ_BY_JACKSON) {
      assertThat(Class.forName(type)).isNotNull();
    }
    Class<?> answers = Class.forName("io.github.x402j.evm.RpcAnswers");
    List<String> read =
        Arrays.stream(answers.getDeclaredClasses())
            .map(Class::getName)
            .filter(name -> name.endsWith("Response") || name.endsWith("Answer"))
            .toList();
    assertThat(read).hasSizeGreaterThan(5);
    assertThat(SellingHints.READ_BY_JACKSON).containsAll(read);
  }

  private static void requireHints(RuntimeHints hints) {
    assertThat(
            RuntimeHintsPredicates.resource()
                .forResource("io/github/x402j/jdbc/x402-sales.sql")
                .test(hints))
        .isTrue();
  }
}
