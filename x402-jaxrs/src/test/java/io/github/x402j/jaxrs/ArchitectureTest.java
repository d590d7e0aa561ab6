// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.github.x402j.jaxrs",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String OPEN_API = "org.eclipse.microprofile.openapi..";

  /** Of no implementation of JAX-RS, and of nothing that holds the response. */
  @ArchTest
  static final ArchRule knowsTheSpecificationsOnly =
      noClasses()
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      "java..",
                      "jakarta.servlet..",
                      "jakarta.ws.rs..",
                      OPEN_API,
                      "org.slf4j",
                      "org.jspecify.annotations",
                      "io.github.x402j",
                      "io.github.x402j.extension",
                      "io.github.x402j.servlet",
                      "io.github.x402j.jaxrs")));

  /** It is an optional dependency. */
  @ArchTest
  static final ArchRule oneClassKnowsOpenApi =
      noClasses()
          .that()
          .doNotHaveSimpleName("OpenApiPrices")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(OPEN_API);

  @ArchTest
  static final ArchRule publicTypesAreFinal =
      classes().that().arePublic().should().haveModifier(JavaModifier.FINAL);
}
