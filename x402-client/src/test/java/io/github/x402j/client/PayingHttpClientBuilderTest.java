// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Usdc;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import java.net.http.HttpClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PayingHttpClientBuilderTest {
  private final HttpClient wrapped = HttpClient.newHttpClient();

  @Test
  void saysWhichMandatorySettingIsMissing() {
    SpendingPolicy policy = SpendingPolicy.empty().maxPerPayment("$1");
    assertThatThrownBy(() -> PayingHttpClient.over(wrapped).policy(policy).token(Usdc.BASE).build())
        .hasMessageContaining("signer");
    assertThatThrownBy(
            () -> PayingHttpClient.over(wrapped).signer(Asking.SIGNER).token(Usdc.BASE).build())
        .hasMessageContaining("policy");
    assertThatThrownBy(
            () -> PayingHttpClient.over(wrapped).signer(Asking.SIGNER).policy(policy).build())
        .hasMessageContaining("token");
  }

  @Test
  void refusesASignerBesideAWallet() {
    AgentWallet wallet =
        AgentWallet.provision("a", Asking.SIGNER, SpendJournal.inMemory())
            .limit("$1", BillingPeriod.DAY)
            .allowedDomains("localhost")
            .create();
    assertThatThrownBy(() -> Asking.buyer(wrapped).wallet(wallet).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("signer");
  }

  @Test
  void refusesATokenTwice() {
    assertThatThrownBy(() -> Asking.buyer(wrapped).token(Asking.USDC))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesToWrapAClientThatPays() {
    assertThatThrownBy(() -> PayingHttpClient.over(Asking.buyer(wrapped).build()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesNegativeResending() {
    assertThatThrownBy(() -> Asking.buyer(wrapped).resend(-1, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Asking.buyer(wrapped).resend(0, Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
