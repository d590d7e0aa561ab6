// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;

@AnalyzeClasses(
    packages = "io.github.x402j.client",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String CLIENT = "io.github.x402j.client";
  private static final String WALLET = "io.github.x402j.client.wallet";

  @ArchTest
  static final ArchRule theWalletDoesNotKnowTheClient =
      noClasses()
          .that()
          .resideInAPackage(WALLET)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(CLIENT);

  @ArchTest
  static final ArchRule theWalletDoesNotSpeakHttp =
      noClasses()
          .that()
          .resideInAPackage(WALLET)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.net.http..");

  @ArchTest
  static final ArchRule onlyTheWalletSigns =
      noClasses()
          .that()
          .resideInAPackage(CLIENT)
          .should()
          .callMethod(EvmSigner.class, "sign", byte[].class)
          .orShould()
          .callMethod(
              ExactEvmPayload.class,
              "sign",
              Token.class,
              TransferAuthorization.class,
              EvmSigner.class);

  @ArchTest
  static final ArchRule bothKnowTheJdkAndTheCoreOnly =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName(WALLET + ".JournalExport") // writes JSON with Jackson
          .and()
          .doNotHaveFullyQualifiedName(CLIENT + ".PendingPayments") // reads it, too
          .and()
          .doNotHaveFullyQualifiedName(WALLET + ".PolicyFile") // reads YAML
          .should()
          .dependOnClassesThat(not(jdkAndCore()));

  @ArchTest
  static final ArchRule onlyTheExportSeesJackson =
      classes()
          .that()
          .haveFullyQualifiedName(WALLET + ".JournalExport")
          .should()
          .onlyDependOnClassesThat(jdkAndCore().or(resideInAnyPackage("com.fasterxml.jackson..")));

  @ArchTest
  static final ArchRule publicClassesAreFinalOrSealed =
      classes()
          .that()
          .arePublic()
          .and()
          .areNotInterfaces()
          .and()
          .doNotHaveFullyQualifiedName(CLIENT + ".PaymentException") // sealed
          .should()
          .haveModifier(FINAL);

  private static DescribedPredicate<JavaClass> jdkAndCore() {
    return resideInAnyPackage(
        "java..",
        "javax.net.ssl..",
        "org.jspecify.annotations..",
        "org.slf4j",
        "io.github.x402j",
        "io.github.x402j.evm",
        "io.github.x402j.extension",
        "io.github.x402j.http",
        CLIENT,
        WALLET);
  }
}
