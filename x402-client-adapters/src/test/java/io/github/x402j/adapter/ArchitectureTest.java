// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.github.x402j.client.wallet.Offer;

/** An adapter knows its own framework and the client's public API. */
@AnalyzeClasses(
    packages = "io.github.x402j.adapter",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule springAdaptersKnowSpringOnly =
      classes()
          .that()
          .resideInAPackage("..adapter.spring")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.jspecify.annotations..",
              "io.github.x402j",
              "io.github.x402j.client",
              "io.github.x402j.adapter.spring",
              "org.springframework..",
              "org.reactivestreams..",
              "reactor..");

  @ArchTest
  static final ArchRule okHttpAdaptersKnowOkHttpOnly =
      classes()
          .that()
          .resideInAPackage("..adapter.okhttp")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.jspecify.annotations..",
              "io.github.x402j",
              "io.github.x402j.client",
              "io.github.x402j.adapter.okhttp",
              "okhttp3..",
              "okio..",
              "kotlin..");

  /** A missing annotation is no error at run time, so one framework is enough. */
  @ArchTest
  static final ArchRule toolsKnowAnnotationsOnly =
      classes()
          .that()
          .resideInAPackage("..adapter.agent")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.jspecify.annotations..",
              "io.github.x402j..",
              "dev.langchain4j.agent.tool",
              "org.springframework.ai.tool.annotation",
              "org.springframework.ai.tool.execution"); // a default of the annotation

  @ArchTest
  static final ArchRule noAdapterKnowsAWallet =
      noClasses()
          .should()
          .dependOnClassesThat(
              JavaClass.Predicates.resideInAPackage("io.github.x402j.client.wallet")
                  .and(DescribedPredicate.not(JavaClass.Predicates.equivalentTo(Offer.class))));

  @ArchTest
  static final ArchRule publicClassesAreFinal =
      classes().that().arePublic().should().haveModifier(JavaModifier.FINAL);
}
