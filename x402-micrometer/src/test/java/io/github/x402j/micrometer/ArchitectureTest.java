// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.micrometer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The module knows Micrometer and the core, and no web framework. */
@AnalyzeClasses(
    packages = "io.github.x402j.micrometer",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule itKnowsMicrometerAndTheCore =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.jspecify.annotations..",
              "io.micrometer..",
              "io.github.x402j",
              "io.github.x402j.evm",
              "io.github.x402j.gate",
              "io.github.x402j.micrometer");

  @ArchTest
  static final ArchRule publicClassesAreFinal =
      classes().that().arePublic().should().haveModifier(JavaModifier.FINAL);
}
