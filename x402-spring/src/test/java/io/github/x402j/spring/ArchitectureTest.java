// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.INTERFACES;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What is optional is seen by the classes alone that are loaded when it is there. */
@AnalyzeClasses(
    packages = "io.github.x402j.spring",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule aSellerKnowsNoPayer =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.github.x402j.client..", "io.github.x402j.mcp..");

  @ArchTest
  static final ArchRule oneClassKnowsTheChainOfDevelopment =
      noClasses()
          .that()
          .doNotHaveSimpleName("DevNetwork")
          .and()
          .doNotHaveSimpleName("Dev") // a condition
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.github.x402j.testing..");

  @ArchTest
  static final ArchRule oneConfigurationKnowsTheDatabase =
      noClasses()
          .that()
          .haveNameNotMatching(".*DatabaseConfiguration.*")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.github.x402j.jdbc..");

  @ArchTest
  static final ArchRule openApiIsSeenByItsConfiguration =
      noClasses()
          .that()
          .doNotHaveSimpleName("OpenApiAutoConfiguration")
          .and()
          .doNotHaveSimpleName("PaidOperations")
          .and()
          .doNotHaveSimpleName("DocumentedHandler") // where the annotations are on the class path
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.swagger..", "org.springdoc..");

  @ArchTest
  static final ArchRule publicClassesAreFinal =
      classes().that().arePublic().and(not(INTERFACES)).should().haveModifier(JavaModifier.FINAL);
}
