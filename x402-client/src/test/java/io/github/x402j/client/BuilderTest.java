// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import java.net.http.HttpClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BuilderTest {
  private final HttpClient wrapped = HttpClient.newHttpClient();

  @Test
  void saysWhichMandatorySettingIsMissing() {
    assertThatThrownBy(
            () -> PayingHttpClient.over(wrapped).maxPerPayment("$1").token(Usdc.BASE).build())
        .hasMessageContaining("signer");
    assertThatThrownBy(
            () -> PayingHttpClient.over(wrapped).signer(Asking.SIGNER).token(Usdc.BASE).build())
        .hasMessageContaining("maxPerPayment");
    assertThatThrownBy(
            () -> PayingHttpClient.over(wrapped).signer(Asking.SIGNER).maxPerPayment("$1").build())
        .hasMessageContaining("token");
  }

  @Test
  void refusesALimitThatATokenCannotExpress() {
    Token cents =
        new Token(Usdc.BASE.network(), Address.parse("0x" + "12".repeat(20)), 2, "Cents", "1");
    assertThatThrownBy(() -> Asking.buyer(wrapped).token(cents).maxPerPayment("$0.005").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("decimal digits");
    assertThat(Asking.buyer(wrapped).token(cents).maxPerPayment("$0.05").build()).isNotNull();
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
