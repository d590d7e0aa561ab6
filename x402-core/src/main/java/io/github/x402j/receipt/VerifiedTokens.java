// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JWSVerifier;
import io.github.x402j.Hashes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tokens with a verified signature, so that a pass costs one verification and not one per request.
 * It remembers that a key signed a text. It remembers nothing that changes: the caller checks
 * times, terms and uses each time.
 *
 * <p>Only what was verified gets in, and of that only what may be shown again. A text is known by
 * its SHA-256: another spelling is another text, and no token lies in memory. The number of texts
 * and their length are bounded; a text that was not asked for in an hour goes.
 */
final class VerifiedTokens {
  static final int MAX_TOKENS = 4_096;

  /** Longer tokens are verified each time; the library issues about 800 characters. */
  static final int MAX_TOKEN_LENGTH = 2_048;

  private static final Duration FORGET_UNUSED_AFTER = Duration.ofHours(1);

  /** What an issuer writes; a decoder may accept more. */
  private static final Pattern USUAL = Pattern.compile("[A-Za-z0-9_.-]+");

  /**
   * A receipt and what made it genuine.
   *
   * @param receipt the claims
   * @param notBefore from when it is valid ({@code nbf}), null without that claim
   * @param kid the name of the key
   * @param key the key itself: when the name belongs to another key, or to none, the text has to be
   *     verified again
   */
  record Entry(Receipt receipt, @Nullable Instant notBefore, String kid, JWSVerifier key) {}

  private record Digest(long a, long b, long c, long d) {
    @Override
    public int hashCode() {
      return Long.hashCode(a); // any part of a hash is one
    }
  }

  private final Cache<Digest, Entry> entries;

  VerifiedTokens(int maxTokens) {
    // Upkeep in the caller's thread is short, and needs no pool of the webapp.
    entries =
        Caffeine.newBuilder()
            .maximumSize(maxTokens)
            .expireAfterAccess(FORGET_UNUSED_AFTER)
            .executor(Runnable::run)
            .build();
  }

  /** Returns what is remembered of exactly this text, empty if nothing is. */
  Optional<Entry> find(String token) {
    if (token.length() > MAX_TOKEN_LENGTH || entries.estimatedSize() == 0) {
      return Optional.empty();
    }
    return Optional.ofNullable(entries.getIfPresent(digest(token)));
  }

  /** Remembers a verified text if it may be shown again and is spelled as usual. */
  void remember(String token, Entry entry) {
    if (token.length() <= MAX_TOKEN_LENGTH
        && entry.receipt().mayBeShownAgain()
        && USUAL.matcher(token).matches()) {
      entries.put(digest(token), entry);
    }
  }

  /** Returns how many texts are remembered, after those that are too many have gone. */
  long size() {
    entries.cleanUp();
    return entries.estimatedSize();
  }

  private static Digest digest(String token) {
    ByteBuffer hash = ByteBuffer.wrap(Hashes.sha256(token));
    return new Digest(hash.getLong(), hash.getLong(), hash.getLong(), hash.getLong());
  }
}
