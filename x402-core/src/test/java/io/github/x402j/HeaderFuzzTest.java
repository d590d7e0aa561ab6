// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.Untouchable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A hundred thousand headers, each a payment with something wrong: only 400 and 402 come back, and
 * neither chain nor ledger is touched. The seed is fixed, so a failure can be had again.
 */
class HeaderFuzzTest {
  private static final int HEADERS = 100_000;
  private static final String[] TOKENS = {
    "null",
    "[]",
    "{}",
    "\"\"",
    "0",
    "-1",
    "1e9",
    "1e99999999999",
    "true",
    "\"0x\"",
    "\"eip155:84532\"",
    "\"base\"",
    "\"exact\"",
    "\"10000\"",
    "\\u0000",
    "\u0661",
    ",",
    ":",
    "\"",
    "{",
    "}",
    "[",
    "]"
  };

  private static final Pattern MEMBER = Pattern.compile("(\"\\w+\":)\"([^\"]*)\"");

  private static final PaymentPayload GOOD_V2 = Sale.v2(1);
  private static final PaymentPayload GOOD_V1 = Sale.v1(1);

  private final Random random = new Random(20260101);
  private final byte[] v2 = PaymentCodec.payloadJson(GOOD_V2).getBytes(StandardCharsets.UTF_8);
  private final byte[] v1 = PaymentCodec.payloadJson(GOOD_V1).getBytes(StandardCharsets.UTF_8);

  @Test
  void answersEveryBrokenHeaderWith400Or402AndTouchesNothing() {
    AtomicInteger lookedUp = new AtomicInteger();
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(Untouchable.emptyLedger(lookedUp::incrementAndGet))
            .facilitator(LocalCheckOnly.facilitator())
            .build();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    int[] statuses = new int[600];
    int unchanged = 0;
    int lookUps = 0;

    for (int i = 0; i < HEADERS; i++) {
      boolean second = random.nextBoolean();
      byte[] original = second ? v2 : v1;
      byte[] mutant = mutate(original);
      String header = encode(mutant);
      if (meansTheSame(header, second ? 2 : 1)) {
        assertThat(money(header)).isEqualTo(money(Base64.getEncoder().encodeToString(original)));
        unchanged++; // a change of white space or of an ignored member leaves a good payment
        continue;
      }
      lookedUp.set(0);
      Admission admission =
          gate.admit(
              challenge,
              Sale.purchase(Sale.REQUEST),
              Sale.headers(second ? "PAYMENT-SIGNATURE" : "X-PAYMENT", header));
      assertThat(admission).isInstanceOf(Admission.Refused.class);
      statuses[((Admission.Refused) admission).refusal().status()]++;
      if (lookedUp.get() > 0) { // a good signature under terms that were not offered, or are old
        assertThat(money(header)).isEqualTo(money(Base64.getEncoder().encodeToString(original)));
        lookUps++;
      }
    }

    System.out.printf(
        "fuzz: %d headers, %d x 400, %d x 402, %d still a good payment%n",
        HEADERS, statuses[400], statuses[402], unchanged);
    assertThat(statuses[400] + statuses[402]).isEqualTo(HEADERS - unchanged);
    assertThat(statuses[400]).isGreaterThan(HEADERS / 3);
    assertThat(statuses[402]).isGreaterThan(HEADERS / 100);
    assertThat(unchanged).isLessThan(HEADERS / 20);
    assertThat(lookUps).as("look-ups of payments with a good signature").isLessThan(HEADERS / 20);
  }

  @Test
  void answersEveryHeaderThatSaysAMemberTwiceWith400() {
    PaymentGate gate = LocalCheckOnly.gate();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    for (int i = 0; i < 2_000; i++) {
      String header = Base64.getEncoder().encodeToString(duplicateMember(v2));
      Admission admission =
          gate.admit(
              challenge, Sale.purchase(Sale.REQUEST), Sale.headers("PAYMENT-SIGNATURE", header));
      assertThat(((Admission.Refused) admission).refusal().status()).isEqualTo(400);
    }
  }

  /**
   * What moves money in a header, read by another reader than the one under test: who pays whom how
   * much and when, and the signature.
   */
  private static List<String> money(String header) {
    boolean urlAlphabet = header.indexOf('-') >= 0 || header.indexOf('_') >= 0;
    Base64.Decoder decoder = urlAlphabet ? Base64.getUrlDecoder() : Base64.getDecoder();
    try {
      JsonNode payload = new ObjectMapper().readTree(decoder.decode(header.trim())).get("payload");
      JsonNode authorization = payload.get("authorization");
      Stream<JsonNode> terms =
          Stream.of("from", "to", "value", "validAfter", "validBefore", "nonce")
              .map(authorization::get);
      return Stream.concat(terms, Stream.of(payload.get("signature")))
          .map(member -> member.textValue().toLowerCase(Locale.ROOT))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the mutant still is the authorization with its good signature. */
  private boolean meansTheSame(String header, int version) {
    try {
      PaymentPayload payload = PaymentCodec.decodePayload(header.trim(), version);
      PaymentPayload good = version == 2 ? GOOD_V2 : GOOD_V1;
      return !header.isBlank()
          && Objects.equals(payload.accepted(), good.accepted())
          && payload.scheme().equals(good.scheme())
          && payload.network().equals(good.network())
          && new LocalCheckOnly().check(payload, Sale.OFFER) instanceof Verification.Valid;
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
    return switch (random.nextInt(9)) {
      case 0 -> splice(bytes, at, 1, new byte[] {(byte) random.nextInt(256)});
      case 1 -> splice(bytes, at, 1, new byte[] {(byte) (bytes[at] ^ (1 << random.nextInt(8)))});
      case 2 -> splice(bytes, at, length, new byte[0]);
      case 3 -> splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
      case 4 -> Arrays.copyOf(bytes, at);
      case 5 -> splice(bytes, at, length, token());
      case 6 -> splice(bytes, at, 0, token());
      case 7 -> duplicateMember(bytes);
      default -> swapDigit(bytes, at);
    };
  }

  private byte[] token() {
    return TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8);
  }

  /** Says one member twice, with the same or another value: never a payment. */
  private byte[] duplicateMember(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1); // keeps every byte
    List<MatchResult> members = MEMBER.matcher(text).results().toList();
    if (members.isEmpty()) {
      return bytes;
    }
    MatchResult member = members.get(random.nextInt(members.size()));
    String value = random.nextBoolean() ? member.group(2) : "1";
    String twin = member.group(1) + "\"" + value + "\",";
    return splice(bytes, member.start(), 0, twin.getBytes(StandardCharsets.ISO_8859_1));
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
}
