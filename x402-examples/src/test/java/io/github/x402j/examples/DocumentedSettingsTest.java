// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.servlet.RequiresPayment;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every setting and every error code is on its page. */
class DocumentedSettingsTest {
  @ParameterizedTest
  @CsvSource({
    "docs/configuration.md, io.github.x402j.servlet.PaymentFilter$Builder",
    "docs/configuration.md, io.github.x402j.servlet.Route",
    "docs/configuration.md, io.github.x402j.servlet.PathRules",
    "docs/configuration.md, io.github.x402j.evm.EvmFacilitator$Builder",
    "docs/configuration.md, io.github.x402j.facilitator.HttpFacilitator$Builder",
    "docs/configuration.md, io.github.x402j.evm.EvmLocalChecks$Builder",
    "docs/configuration.md, io.github.x402j.gate.FacilitatorService$Builder",
    "docs/configuration.md, io.github.x402j.jdbc.JdbcPaymentLedger$Builder",
    "docs/sales.md, io.github.x402j.jdbc.JdbcSalesBook$Builder",
    "docs/paying-client.md, io.github.x402j.client.PayingHttpClient$Builder",
    "docs/paying-client.md, io.github.x402j.client.wallet.AgentWallet$Builder",
    "docs/paying-client.md, io.github.x402j.client.wallet.SpendingPolicy",
    "docs/receipts.md, io.github.x402j.jdbc.JdbcAnswerStore$Builder",
    "docs/receipts.md, io.github.x402j.receipt.ReceiptIssuer$Builder",
    "docs/receipts.md, io.github.x402j.receipt.TrustedIssuer$Builder"
  })
  void everySettingIsOnItsPage(String page, Class<?> type) {
    Set<String> settings =
        Arrays.stream(type.getMethods())
            .filter(method -> method.getDeclaringClass() == type)
            .filter(method -> method.getReturnType() == type)
            .map(Method::getName)
            .filter(name -> !name.equals("strict") && !name.equals("of"))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(settings).isNotEmpty();
    assertThat(settings)
        .allSatisfy(name -> assertThat(Pages.text(page)).containsPattern("[`.]" + name + "[`(]"));
  }

  @Test
  void everyMemberOfTheAnnotationIsOnItsPage() {
    assertThat(RequiresPayment.class.getDeclaredMethods())
        .allSatisfy(
            member ->
                assertThat(Pages.text("docs/configuration.md"))
                    .contains("| `" + member.getName() + "` |"));
  }

  @ParameterizedTest
  @EnumSource(ErrorReason.class)
  void everyCodeIsOnThePageOfErrors(ErrorReason reason) {
    assertThat(Pages.text("docs/errors.md")).contains("`" + reason.wireCode() + "`");
  }
}
