// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Extension;
import io.github.x402j.Hashes;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.Key;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code sign-in-with-x} extension on the seller's side: a 402 asks for a signed message, and a
 * payer that has bought the resource before signs it in place of paying again.
 *
 * <p>A 402 keeps no state. Its nonce says when it was issued, and carries a code that only this
 * seller can make, over that time and the resource. Safe for use by several threads.
 */
public final class SignInWithX {
  /** The extension's name. */
  public static final String EXTENSION = "sign-in-with-x";

  /** How long after it was issued a message is taken: five minutes. */
  public static final Duration MAX_AGE = Duration.ofMinutes(5);

  /** How far the clock of another server of the seller's may run ahead: ten seconds. */
  public static final Duration SKEW = Duration.ofSeconds(10);

  /** The members of {@code info} that differ from one 402 to the next. */
  public static final Set<String> FRESH = Set.of("nonce", "issuedAt", "expirationTime");

  private static final int MAX_HEADER_LENGTH = 8192;
  private static final Pattern SIGNATURE = Pattern.compile("0x(?:[0-9a-fA-F]{2}){65,2048}");
  private static final int TIME_BYTES = Long.BYTES;
  private static final int RANDOM_BYTES = 8;
  private static final int CODE_BYTES = 16;
  private static final Pattern NONCE =
      Pattern.compile("[0-9a-f]{" + 2 * (TIME_BYTES + RANDOM_BYTES + CODE_BYTES) + "}");
  private static final Map<String, Object> SCHEMA = schema();

  private final Key key;
  private final @Nullable String statement;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  private SignInWithX(Key key, @Nullable String statement, Clock clock) {
    this.key = key;
    this.statement = statement;
    this.clock = clock;
  }

  /**
   * Returns the extension.
   *
   * @param key makes the nonces; all servers of a seller have the same, at least 16 bytes
   * @param statement what people are told before they sign, or null
   * @throws IllegalArgumentException if the key is too short, or the statement is none
   */
  public static SignInWithX of(byte[] key, @Nullable String statement, Clock clock) {
    if (key.length < 16) {
      throw new IllegalArgumentException("signIn: expected a key of at least 16 bytes");
    }
    if (statement != null && !SignInMessage.isStatement(statement)) {
      throw new IllegalArgumentException(
          "signIn: expected a statement of 1 to 500 printable ASCII characters");
    }
    return new SignInWithX(Hashes.hmacKey(key), statement, clock);
  }

  // ---- announcing

  /** Returns the entry for one 402, with a nonce of its own. */
  public Extension announce(PaymentRequired descriptor) {
    String url = descriptor.resource().url();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("domain", SignInMessage.domainOf(URI.create(url)));
    info.put("uri", url);
    info.put("version", "1");
    info.put("nonce", nonce(now, url));
    info.put("issuedAt", now.toString());
    info.put("expirationTime", now.plus(MAX_AGE).toString());
    info.put("resources", List.of(url));
    if (statement != null) {
      info.put("statement", statement);
    }
    List<Map<String, Object>> chains =
        descriptor.accepts().stream()
            .map(option -> option.network().caip2())
            .distinct()
            .map(chain -> Map.<String, Object>of("chainId", chain, "type", SignInMessage.TYPE))
            .toList();
    return Extension.of(info, SCHEMA).with("supportedChains", chains);
  }

  /** Short, as each payment returns it. */
  private static Map<String, Object> schema() {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", Extension.DRAFT);
    schema.put("type", "object");
    schema.put("properties", Map.of("resources", Map.of("type", "array")));
    schema.put("additionalProperties", Map.of("type", "string"));
    schema.put("required", List.of("domain", "uri", "version", "nonce", "issuedAt"));
    return schema;
  }

  private String nonce(Instant now, String url) {
    byte[] salt = new byte[RANDOM_BYTES];
    random.nextBytes(salt);
    byte[] stamp =
        ByteBuffer.allocate(TIME_BYTES + RANDOM_BYTES)
            .putLong(now.toEpochMilli())
            .put(salt)
            .array();
    return HexFormat.of().formatHex(stamp) + code(stamp, url);
  }

  private String code(byte[] stamp, String url) {
    byte[] code = Hashes.hmacSha256(key, stamp, url.getBytes(UTF_8));
    return HexFormat.of().formatHex(code, 0, CODE_BYTES);
  }

  // ---- checking

  /**
   * Returns the sign-in of a request.
   *
   * @param headers the values of the header
   * @throws MalformedPaymentException if there are several, or it cannot be read
   */
  public static SignInMessage.Signed read(List<String> headers) throws MalformedPaymentException {
    if (headers.size() != 1) {
      throw new MalformedPaymentException("expected one header");
    }
    return SignInMessage.Signed.read(PaymentHeader.trim(headers.get(0)), MAX_HEADER_LENGTH);
  }

  /**
   * Returns what is wrong with a sign-in, empty if nothing that can be found without its signature,
   * state or a network: this costs little.
   *
   * @param descriptor what the resource costs
   */
  public Optional<SignInProblem> problem(SignInMessage.Signed signed, PaymentRequired descriptor) {
    SignInMessage message = signed.message();
    URI resource = URI.create(descriptor.resource().url());
    if (!message.domain().equals(SignInMessage.domainOf(resource))) {
      return Optional.of(SignInProblem.DOMAIN_MISMATCH);
    }
    if (!message.hasOriginOf(resource)) {
      return Optional.of(SignInProblem.URI_MISMATCH);
    }
    return time(message)
        .or(() -> nonceProblem(message, descriptor.resource().url()))
        .or(() -> chain(message, descriptor))
        .or(
            () ->
                SIGNATURE.matcher(signed.signature()).matches()
                    ? Optional.empty()
                    : Optional.of(SignInProblem.MALFORMED_SIGNATURE));
  }

  private Optional<SignInProblem> time(SignInMessage message) {
    Instant now = clock.instant();
    Optional<Instant> issued = instant(message.issuedAt());
    if (issued.isEmpty()) {
      return Optional.of(SignInProblem.ISSUED_AT);
    }
    Optional<SignInProblem> age = age(issued.get(), now);
    if (age.isPresent()) {
      return age;
    }
    String end = message.expirationTime();
    if (end != null) {
      Optional<Instant> expires = instant(end);
      if (expires.isEmpty()) {
        return Optional.of(SignInProblem.EXPIRATION_TIME);
      }
      if (!now.isBefore(expires.get())) {
        return Optional.of(SignInProblem.EXPIRED);
      }
    }
    String begin = message.notBefore();
    if (begin != null) {
      Optional<Instant> begins = instant(begin);
      if (begins.isEmpty()) {
        return Optional.of(SignInProblem.NOT_BEFORE);
      }
      if (now.isBefore(begins.get())) {
        return Optional.of(SignInProblem.NOT_YET_VALID);
      }
    }
    return Optional.empty();
  }

  private static Optional<SignInProblem> age(Instant issued, Instant now) {
    if (issued.isBefore(now.minus(MAX_AGE))) {
      return Optional.of(SignInProblem.ISSUED_AT_TOO_OLD);
    }
    return issued.isAfter(now.plus(SKEW))
        ? Optional.of(SignInProblem.ISSUED_AT_IN_FUTURE)
        : Optional.empty();
  }

  private static Optional<Instant> instant(String text) {
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private Optional<SignInProblem> nonceProblem(SignInMessage message, String url) {
    String nonce = message.nonce();
    if (!NONCE.matcher(nonce).matches()) {
      return Optional.of(SignInProblem.NONCE);
    }
    byte[] stamp = HexFormat.of().parseHex(nonce, 0, 2 * (TIME_BYTES + RANDOM_BYTES));
    byte[] told = nonce.substring(2 * stamp.length).getBytes(UTF_8);
    boolean isOurs =
        MessageDigest.isEqual(told, code(stamp, url).getBytes(UTF_8))
            && age(issuedAt(stamp), clock.instant()).isEmpty();
    return isOurs ? Optional.empty() : Optional.of(SignInProblem.NONCE);
  }

  private static Instant issuedAt(byte[] stamp) {
    return Instant.ofEpochMilli(ByteBuffer.wrap(stamp).getLong());
  }

  /**
   * Returns the time until which it is to be remembered that a nonce was used.
   *
   * @param message one without a {@link #problem}
   */
  public static Instant rememberedUntil(SignInMessage message) {
    byte[] stamp = HexFormat.of().parseHex(message.nonce(), 0, 2 * TIME_BYTES);
    return issuedAt(stamp).plus(MAX_AGE).plus(SKEW.multipliedBy(2));
  }

  private static Optional<SignInProblem> chain(SignInMessage message, PaymentRequired descriptor) {
    Optional<Network> network = message.network();
    if (network.isEmpty()) {
      return Optional.of(
          message.chainId().startsWith("eip155:")
              ? SignInProblem.CHAIN_ID
              : SignInProblem.UNSUPPORTED_CHAIN);
    }
    return descriptor.accepts().stream().anyMatch(o -> o.network().equals(network.get()))
        ? Optional.empty()
        : Optional.of(SignInProblem.UNSUPPORTED_CHAIN);
  }
}
