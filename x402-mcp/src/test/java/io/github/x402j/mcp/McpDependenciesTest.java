// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** A seller of tools needs x402-core alone, and no chain of its own. */
@AnalyzeClasses(
    packages = "io.github.x402j.mcp",
    importOptions = ImportOption.DoNotIncludeTests.class)
class McpDependenciesTest {
  @ArchTest
  static final ArchRule sellingNeedsNoClient =
      noClasses()
          .that()
          .belongToAnyOf(PaidTools.class, PricedTool.class, PaymentMeta.class, McpJson.class)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.github.x402j.client..", "io.modelcontextprotocol.client..");

  @ArchTest
  static final ArchRule nothingNeedsAChainOrAContainer =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.github.x402j.evm..",
              "io.github.x402j.servlet..",
              "io.github.x402j.testing..",
              "jakarta.servlet..",
              "org.web3j..");
}
