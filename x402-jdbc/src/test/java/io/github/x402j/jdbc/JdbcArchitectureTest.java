// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.github.x402j.jdbc",
    importOptions = ImportOption.DoNotIncludeTests.class)
class JdbcArchitectureTest {
  @ArchTest
  static final ArchRule knowsTheLedgersPortAndNoDriver =
      noClasses()
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      "java..",
                      "javax.sql..",
                      "org.slf4j",
                      "org.jspecify.annotations",
                      "io.github.x402j",
                      "io.github.x402j.extension",
                      "io.github.x402j.gate",
                      "io.github.x402j.client.wallet",
                      "io.github.x402j.jdbc")));

  /** The client is an optional dependency: a seller's class path does not have it. */
  @ArchTest
  static final ArchRule onlyTheJournalSeesTheClient =
      noClasses()
          .that()
          .haveNameNotMatching(
              "io\\.github\\.x402j\\.jdbc\\.(Jdbc|Sqlite)?Journal[A-Za-z]*(\\$.*)?")
          .should()
          .dependOnClassesThat(resideInAPackage("io.github.x402j.client.."));

  @ArchTest
  static final ArchRule publicClassesAreFinal =
      classes().that().arePublic().and().areNotInterfaces().should().haveModifier(FINAL);
}
