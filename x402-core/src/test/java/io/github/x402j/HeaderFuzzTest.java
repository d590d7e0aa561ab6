// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.evm.ExactEvmFacilitator;
import io.github.x402j.evm.UntouchableChain;
import io.github.x402j.ledger.InMemoryPaymentLedger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A hundred thousand headers, each a payment with something wrong: only 400 and 402 come back, and
 * neither chain nor ledger is touched. The seed is fixed, so a failure can be had again.
 */
class HeaderFuzzTest {
  private static final int HEADERS = 100_000;
  private static final String[] TOKENS = {
    "null", "[]", "{}", "\"\"", "0", "-1", "1e9", "true", "\"0x\"", "\"eip155:84532\"", "\"base\"",
    "\"exact\"", "\"10000\"", "\\u0000", "\u0661", ",", ":", "\"", "{", "}", "[", "]"
  };

  private final Random random = new Random(20260101);
  private final byte[] v2 = PaymentCodec.payloadJson(Sale.v2(1)).getBytes(StandardCharsets.UTF_8);
  private final byte[] v1 = PaymentCodec.payloadJson(Sale.v1(1)).getBytes(StandardCharsets.UTF_8);

  @Test
  void answersEveryBrokenHeaderWith400Or402AndTouchesNothing() {
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(10, Sale.CLOCK);
    Facilitator facilitator = new LocalOnly();
    PaymentGate gate = PaymentGate.builder(ledger).facilitator(facilitator).build();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    int[] statuses = new int[600];
    int unchanged = 0;

    for (int i = 0; i < HEADERS; i++) {
      boolean second = random.nextBoolean();
      byte[] original = second ? v2 : v1;
      byte[] mutant = mutate(original);
      String header = encode(mutant);
      if (meansTheSame(header, second ? 2 : 1)) {
        unchanged++; // a change of white space or of an ignored member leaves a good payment
        continue;
      }
      Admission admission =
          gate.admit(
              challenge,
              Sale.REQUEST,
              Sale.headers(second ? "PAYMENT-SIGNATURE" : "X-PAYMENT", header));
      assertThat(admission).isInstanceOf(Admission.Refused.class);
      statuses[((Admission.Refused) admission).refusal().status()]++;
    }

    System.out.printf(
        "fuzz: %d headers, %d x 400, %d x 402, %d still a good payment%n",
        HEADERS, statuses[400], statuses[402], unchanged);
    assertThat(statuses[400] + statuses[402]).isEqualTo(HEADERS - unchanged);
    assertThat(statuses[400]).isGreaterThan(HEADERS / 3);
    assertThat(statuses[402]).isGreaterThan(HEADERS / 100);
    assertThat(unchanged).isLessThan(HEADERS / 20);
    assertThat(ledger.size()).isZero();
  }

  /** Whether the mutant still is the authorization with its good signature. */
  private boolean meansTheSame(String header, int version) {
    try {
      PaymentPayload payload = PaymentCodec.decodePayload(header.trim(), version);
      PaymentPayload good = version == 2 ? Sale.v2(1) : Sale.v1(1);
      return !header.isBlank()
          && java.util.Objects.equals(payload.accepted(), good.accepted())
          && payload.scheme().equals(good.scheme())
          && payload.network().equals(good.network())
          && new LocalOnly().check(payload, Sale.OFFER) instanceof Verification.Valid;
    } catch (MalformedPaymentException | FacilitatorException e) {
      return false;
    }
  }

  private byte[] mutate(byte[] original) {
    byte[] bytes = original;
    int edits = 1 + random.nextInt(3);
    for (int i = 0; i < edits; i++) {
      bytes = edit(bytes);
    }
    return bytes;
  }

  private byte[] edit(byte[] bytes) {
    if (bytes.length == 0) {
      return bytes;
    }
    int at = random.nextInt(bytes.length);
    int length = Math.min(bytes.length - at, 1 + random.nextInt(20));
    return switch (random.nextInt(8)) {
      case 0 -> splice(bytes, at, 1, new byte[] {(byte) random.nextInt(256)});
      case 1 -> splice(bytes, at, 1, new byte[] {(byte) (bytes[at] ^ (1 << random.nextInt(8)))});
      case 2 -> splice(bytes, at, length, new byte[0]);
      case 3 -> splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
      case 4 -> Arrays.copyOf(bytes, at);
      case 5 -> splice(bytes, at, length, token());
      case 6 -> splice(bytes, at, 0, token());
      default -> swapDigit(bytes, at);
    };
  }

  private byte[] token() {
    return TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8);
  }

  /** Changes the next digit or letter for another: mostly a well-formed and bad payment. */
  private byte[] swapDigit(byte[] bytes, int from) {
    byte[] copy = bytes.clone();
    for (int i = from; i < copy.length; i++) {
      if (Character.isLetterOrDigit(copy[i])) {
        copy[i] = (byte) "0123456789abcdefABCDEF".charAt(random.nextInt(22));
        return copy;
      }
    }
    return copy;
  }

  private static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
    byte[] result = new byte[bytes.length - remove + insert.length];
    System.arraycopy(bytes, 0, result, 0, at);
    System.arraycopy(insert, 0, result, at, insert.length);
    System.arraycopy(bytes, at + remove, result, at + insert.length, bytes.length - at - remove);
    return result;
  }

  private String encode(byte[] bytes) {
    String text =
        (random.nextBoolean() ? Base64.getEncoder() : Base64.getUrlEncoder().withoutPadding())
            .encodeToString(bytes);
    if (random.nextInt(10) == 0 && !text.isEmpty()) {
      char[] characters = text.toCharArray();
      characters[random.nextInt(characters.length)] = (char) (32 + random.nextInt(200));
      return new String(characters);
    }
    return text;
  }

  /** Checks for real and without a chain; whatever comes after the check fails the test. */
  private static final class LocalOnly implements Facilitator {
    private final Facilitator local =
        ExactEvmFacilitator.builder(Sale.OFFER.network(), new UntouchableChain(), Sale.PAYER)
            .clock(Sale.CLOCK)
            .build();

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return local.supports(scheme, network);
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return local.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) {
      throw new AssertionError("a broken payment came through the check");
    }

    @Override
    public Settlement settle(SignedPayment payment, Consumer<String> beforeBroadcast) {
      throw new AssertionError("a broken payment was to be settled");
    }

    @Override
    public Settlement outcome(SignedPayment payment, Optional<String> transaction) {
      throw new AssertionError("a broken payment was known");
    }
  }
}
