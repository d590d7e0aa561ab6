// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.github.x402j.PaymentHeader;
import io.github.x402j.http.BoundedHttp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@AnalyzeClasses(
    packages = "io.github.x402j.servlet",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String SERVLET = "io.github.x402j.servlet";
  private static final String HOLD = "io.github.x402j.servlet.hold";

  /** The package of the held response is none of them: it is internal. */
  private static final String[] KNOWN = {
    "java..",
    "jakarta.servlet..",
    "io.github.x402j",
    "io.github.x402j.gate",
    "io.github.x402j.extension",
    "io.github.x402j.receipt",
    SERVLET
  };

  @ArchTest
  static final ArchRule knowsServletsAndTheGateOnly =
      noClasses()
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                          "java..",
                          "jakarta.servlet..",
                          "org.slf4j",
                          "org.jspecify.annotations",
                          "io.github.x402j",
                          "io.github.x402j.gate",
                          "io.github.x402j.extension",
                          "io.github.x402j.mpp",
                          "io.github.x402j.receipt",
                          SERVLET,
                          HOLD)
                      .or(
                          equivalentTo(
                              BoundedHttp.class)))); // knows which URLs are of this machine

  @ArchTest
  static final ArchRule isTwoPackages = classes().should().resideInAnyPackage(SERVLET, HOLD);

  /** What is held back needs nothing of the gate: of the core, the names of its headers alone. */
  @ArchTest
  static final ArchRule theHeldResponseKnowsServletsAndHeaderNamesOnly =
      noClasses()
          .that()
          .resideInAPackage(HOLD)
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                          "java..",
                          "jakarta.servlet..",
                          "org.slf4j",
                          "org.jspecify.annotations",
                          HOLD)
                      .or(equivalentTo(PaymentHeader.class))));

  @ArchTest
  static final ArchRule publicTypesAreFinalOrSealed =
      classes()
          .that()
          .arePublic()
          .and()
          .areNotAnnotations()
          .and()
          .areNotInterfaces()
          .should()
          .haveModifier(JavaModifier.FINAL);

  @ArchTest
  static final ArchRule publicSignaturesNameServletAndJdkTypesOnly =
      classes().that().arePublic().and().resideInAPackage(SERVLET).should(nameKnownTypesOnly());

  @ArchTest
  static void holdsNoStateInStatics(JavaClasses all) {
    for (JavaClass each : all) {
      for (JavaField field : each.getFields()) {
        if (field.getModifiers().contains(JavaModifier.STATIC)) {
          assertThat(field.getModifiers()).as(field.getFullName()).contains(JavaModifier.FINAL);
        }
      }
    }
  }

  /** The seller's class path holds no code that can pay. */
  @Test
  void theClientIsNotOnTheClassPath() {
    assertThat(
            ArchitectureTest.class
                .getClassLoader()
                .getResource("io/github/x402j/client/PayingHttpClient.class"))
        .isNull();
  }

  /** What is at hand when it runs; all else in this module's pom is for tests or provided. */
  @Test
  void dependsAtRunTimeOnTheCoreAndALoggingApi() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    Matcher dependencies = Pattern.compile("(?s)<dependency>(.*?)</dependency>").matcher(pom);
    Stream<String> atRunTime =
        dependencies
            .results()
            .map(match -> match.group(1))
            .filter(text -> !text.contains("<scope>"))
            .map(text -> text.replaceAll("(?s).*<artifactId>(.*?)</artifactId>.*", "$1"));
    assertThat(atRunTime).containsExactlyInAnyOrder("x402-core", "slf4j-api", "jspecify");
  }

  private static ArchCondition<JavaClass> nameKnownTypesOnly() {
    return new ArchCondition<>("name servlet, JDK and core types only") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (JavaCodeUnit unit : type.getCodeUnits()) {
          if (!unit.getModifiers().contains(JavaModifier.PUBLIC)) {
            continue;
          }
          Stream.concat(Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
              .flatMap(named -> named.getAllInvolvedRawTypes().stream())
              .filter(named -> !named.isPrimitive() && !isKnown(named))
              .forEach(
                  named ->
                      events.add(
                          SimpleConditionEvent.violated(
                              unit, unit.getFullName() + " names " + named.getName())));
        }
      }
    };
  }

  private static boolean isKnown(JavaType type) {
    return resideInAnyPackage(KNOWN).test(type.toErasure().getBaseComponentType())
        || type.toErasure().getBaseComponentType().isPrimitive();
  }
}
