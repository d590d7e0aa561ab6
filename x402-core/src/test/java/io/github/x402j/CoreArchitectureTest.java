// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

@AnalyzeClasses(
    packages = "io.github.x402j",
    importOptions = {
      ImportOption.DoNotIncludeTests.class,
      CoreArchitectureTest.NotTheChainForTests.class
    })
class CoreArchitectureTest {
  /** {@code x402-localchain} is on the class path of these tests and in no seller's. */
  static final class NotTheChainForTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/io/github/x402j/testing/");
    }
  }

  private static final String[] NAMEABLE = {"java..", "javax.sql..", "io.github.x402j.."};

  /** Each package and what it may import of ours; nothing imports in the other direction. */
  @ArchTest
  static final ArchRule everyArrowIsDrawn =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("root")
          .definedBy("io.github.x402j")
          .layer("http")
          .definedBy("io.github.x402j.http")
          .layer("extension")
          .definedBy("io.github.x402j.extension")
          .layer("facilitator")
          .definedBy("io.github.x402j.facilitator")
          .layer("evm")
          .definedBy("io.github.x402j.evm")
          .layer("gate")
          .definedBy("io.github.x402j.gate")
          .layer("receipt")
          .definedBy("io.github.x402j.receipt")
          .layer("mpp")
          .definedBy("io.github.x402j.mpp")
          .whereLayer("root")
          .mayNotAccessAnyLayer()
          .whereLayer("http")
          .mayNotAccessAnyLayer()
          .whereLayer("extension")
          .mayOnlyAccessLayers("root")
          .whereLayer("facilitator")
          .mayOnlyAccessLayers("root", "http")
          .whereLayer("evm")
          .mayOnlyAccessLayers("root", "http", "extension", "facilitator")
          .whereLayer("mpp")
          .mayOnlyAccessLayers("root")
          .whereLayer("gate")
          .mayOnlyAccessLayers("root", "extension", "mpp")
          .whereLayer("receipt")
          .mayOnlyAccessLayers("root", "http", "extension", "gate");

  @ArchTest
  static final ArchRule onlyEvmSeesWeb3j =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.github.x402j.evm")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.web3j..");

  @ArchTest
  static final ArchRule onlyReceiptSeesNimbus =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.github.x402j.receipt")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.nimbusds..");

  @ArchTest
  static final ArchRule nobodySeesServlets =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("jakarta..", "javax.servlet..");

  @ArchTest
  static final ArchRule aPackageIsASubject =
      noClasses()
          .should()
          .resideInAnyPackage("..util..", "..utils..", "..impl..", "..model..", "..common..");

  @ArchTest
  static final ArchRule publicClassesAreFinal =
      classes()
          .that()
          .arePublic()
          .and()
          .areNotInterfaces()
          .should()
          .haveModifier(JavaModifier.FINAL);

  @ArchTest
  static final ArchRule noStateIsStatic = noFields().that().areStatic().should().notBeFinal();

  @ArchTest
  static final ArchRule signaturesNameOnlyTheJdkAndOurOwnTypes =
      classes().should(nameOnlyTheJdkAndOurOwnTypesInPublic());

  @ArchTest
  static void looksAtAllOfThisModuleAndNothingElse(JavaClasses all) {
    assertThat(all.stream().map(JavaClass::getPackageName).distinct())
        .containsExactlyInAnyOrder(
            "io.github.x402j",
            "io.github.x402j.evm",
            "io.github.x402j.extension",
            "io.github.x402j.facilitator",
            "io.github.x402j.gate",
            "io.github.x402j.http",
            "io.github.x402j.mpp",
            "io.github.x402j.receipt");
  }

  @ArchTest
  static void everyPackageIsNullMarked(JavaClasses all) {
    Set<String> unmarked =
        all.stream()
            .map(JavaClass::getPackage)
            .filter(each -> !each.isAnnotatedWith(NullMarked.class))
            .map(each -> each.getName())
            .collect(Collectors.toSet());
    assertThat(unmarked).isEmpty();
  }

  private static ArchCondition<JavaClass> nameOnlyTheJdkAndOurOwnTypesInPublic() {
    return new ArchCondition<>("name only the JDK's and our own types in public signatures") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        if (!isNameable(type)) {
          return;
        }
        named(type)
            .flatMap(named -> named.getAllInvolvedRawTypes().stream())
            .map(CoreArchitectureTest::element)
            .filter(raw -> !raw.isPrimitive() && !resideInAnyPackage(NAMEABLE).test(raw))
            .forEach(
                raw ->
                    events.add(
                        SimpleConditionEvent.violated(
                            type, type.getName() + " names " + raw.getName())));
      }
    };
  }

  /** Whether a user can name it: public, and all that it stands in, too. */
  private static boolean isNameable(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(CoreArchitectureTest::isNameable).orElse(true);
  }

  private static Stream<JavaType> named(JavaClass type) {
    Stream<JavaType> supertypes =
        Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
    Stream<JavaType> fields =
        type.getFields().stream()
            .filter(field -> isVisible(field.getModifiers()))
            .map(field -> field.getType());
    Stream<JavaType> units =
        type.getCodeUnits().stream()
            .filter(unit -> isVisible(unit.getModifiers()))
            .flatMap(CoreArchitectureTest::named);
    return Stream.of(supertypes, fields, units).flatMap(each -> each);
  }

  private static Stream<JavaType> named(JavaCodeUnit unit) {
    return Stream.of(
            Stream.of(unit.getReturnType()),
            unit.getParameterTypes().stream(),
            unit.getExceptionTypes().stream().map(JavaType.class::cast))
        .flatMap(each -> each);
  }

  private static boolean isVisible(Set<JavaModifier> modifiers) {
    return !modifiers.contains(JavaModifier.SYNTHETIC)
        && Arrays.asList(JavaModifier.PUBLIC, JavaModifier.PROTECTED).stream()
            .anyMatch(modifiers::contains);
  }

  private static JavaClass element(JavaClass raw) {
    return raw.getBaseComponentType();
  }
}
