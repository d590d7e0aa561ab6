// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.option;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.testing.MutableClock;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which payments get an identifier, and what becomes of it. */
class IdentifierTest {
  private static final URI SERVER = URI.create("https://shop.example/mcp");
  private static final String TOOL = "mcp://tool/forecast";
  private static final Object SCHEMA = Map.of("type", "object");

  private final SpendJournal journal = SpendJournal.inMemory();
  private final Payer payer =
      Payer.of(Purse.wallet(journal, "agent", "$10", new MutableClock(NOW)), USDC);

  private static Object info(Object required) {
    return Map.of("info", Map.of("required", required), "schema", SCHEMA);
  }

  /** What is announced, and whether it gets a name always, and only where it must. */
  static Stream<Arguments> announced() {
    return Stream.of(
        Arguments.of(Map.of(), false, false),
        Arguments.of(Map.of("other", info(true)), false, false),
        Arguments.of(Map.of("payment-identifier", info(false)), true, false),
        Arguments.of(Map.of("payment-identifier", info(true)), true, true),
        Arguments.of(Map.of("payment-identifier", info("true")), false, false),
        Arguments.of(Map.of("payment-identifier", Map.of("required", true)), false, false),
        Arguments.of(Map.of("payment-identifier", "required"), false, false));
  }

  @ParameterizedTest
  @MethodSource("announced")
  void namesWhatASellerTakesANameFor(Map<String, Object> extensions, boolean all, boolean least)
      throws Exception {
    assertThat(pay(payer, extensions).secretIdentifier().isPresent()).isEqualTo(all);
    assertThat(pay(payer.onlyRequiredIdentifiers(), extensions).secretIdentifier().isPresent())
        .isEqualTo(least);
    Payer derived = payer.onlyRequiredIdentifiers().forTask("a").overClientThatRepeats();
    assertThat(pay(derived, extensions).secretIdentifier().isPresent()).isEqualTo(least);
  }

  private static Payment pay(Payer payer, Map<String, Object> extensions) throws Exception {
    String header = PaymentCodec.encodeRequired(required(extensions));
    String json = new String(Base64.getDecoder().decode(header), UTF_8);
    return payer.pay(SERVER, TOOL, json);
  }

  private static PaymentRequired required(Map<String, Object> extensions) {
    return new PaymentRequired(ResourceInfo.of(TOOL), List.of(option("$0.01")), null, extensions);
  }

  @Test
  void aNameIsRandomAndBesideWhatTheSellerSaid() throws Exception {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      Payment payment = pay(payer, Map.of("payment-identifier", info(false)));
      String name = payment.secretIdentifier().orElseThrow();
      assertThat(name).matches("pay_[0-9a-f]{32}");
      names.add(name);
      PaymentPayload sent = PaymentCodec.decodePayload(payment.secretHeaderValue(), 2);
      assertThat(sent.extensions().get(PaymentIdentifiers.EXTENSION))
          .isEqualTo(Map.of("info", Map.of("required", false, "id", name), "schema", SCHEMA));
      assertThat(payment.toString()).doesNotContain(name);
    }
    assertThat(names).hasSize(20);
  }

  /** The journal can be read by more people than the answer is for. */
  @Test
  void aNameIsKeptWithThePendingPaymentAndNotInTheJournal(@TempDir Path directory)
      throws Exception {
    PendingPayments pending = PendingPayments.in(directory.resolve("pending"));
    Payment payment = pay(payer, Map.of("payment-identifier", info(true)));
    HttpRequest request = HttpRequest.newBuilder(SERVER).build();
    pending.keep(new PendingPayment("agent", NOW, request, payment));
    Optional<PendingPayment> kept = pending.find(payment.nonce());
    String name = payment.secretIdentifier().orElseThrow();
    assertThat(kept.orElseThrow().payment().secretIdentifier()).contains(name);
    assertThat(kept.get().payment().secretHeaderValue()).isEqualTo(payment.secretHeaderValue());
    assertThat(journal.entries()).isNotEmpty();
    assertThat(journal.entries().toString()).doesNotContain(name);
  }

  /** Version 1 has no extensions. */
  @Test
  void aPaymentOfVersion1HasNoName() throws Exception {
    String json = PaymentCodec.encodeRequiredV1(required(Map.of("payment-identifier", info(true))));
    assertThat(payer.pay(SERVER, TOOL, json).secretIdentifier()).isEmpty();
  }
}
