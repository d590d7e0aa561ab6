// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JWSVerifier;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tokens whose signature was found good a short while ago, so that a pass costs one verification
 * and not one per request. Remembers that a text was signed by a key, and nothing that changes: who
 * uses it looks at times, terms and uses each time.
 *
 * <p>Only what has been verified gets in, and of that only what may be shown more than once. A text
 * is known by its SHA-256: another spelling is another text, and no receipt lies in memory. Bounded
 * in number, and in the length of the texts; the one that was not asked for longest goes first.
 */
final class VerifiedTokens {
  static final int MAX_TOKENS = 4_096;

  /** Longer ones are verified each time; what the library issues is about 800 characters. */
  static final int MAX_TOKEN_LENGTH = 2_048;

  /** Everything that an issuer writes; a decoder may let more through. */
  private static final Pattern USUAL = Pattern.compile("[A-Za-z0-9_.-]+");

  /**
   * A receipt and what made it good.
   *
   * @param claims what the text says
   * @param kid the name of the key
   * @param key the key itself: as soon as another stands under the name, or none, the text has to
   *     be verified again
   */
  record Entry(SignedClaims claims, String kid, JWSVerifier key) {}

  private record Digest(long a, long b, long c, long d) {}

  private final int maxTokens;
  private final Map<Digest, Entry> entries =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Digest, Entry> eldest) {
          return size() > maxTokens;
        }
      };

  VerifiedTokens(int maxTokens) {
    this.maxTokens = maxTokens;
  }

  /** Returns what was found out about exactly this text, empty if nothing is remembered. */
  Optional<Entry> find(String token) {
    if (!isShort(token) || isEmpty()) {
      return Optional.empty();
    }
    Digest digest = digest(token);
    synchronized (entries) {
      return Optional.ofNullable(entries.get(digest));
    }
  }

  /**
   * Remembers a text that has just been verified, if it may be shown again and spelled as usual.
   */
  void remember(String token, Entry entry) {
    if (isShort(token)
        && entry.claims().receipt().mayBeShownAgain()
        && USUAL.matcher(token).matches()) {
      Digest digest = digest(token);
      synchronized (entries) {
        entries.put(digest, entry);
      }
    }
  }

  int size() {
    synchronized (entries) {
      return entries.size();
    }
  }

  private boolean isEmpty() {
    return size() == 0;
  }

  private static boolean isShort(String token) {
    return token.length() <= MAX_TOKEN_LENGTH;
  }

  private static Digest digest(String token) {
    ByteBuffer hash = ByteBuffer.wrap(sha256(token));
    return new Digest(hash.getLong(), hash.getLong(), hash.getLong(), hash.getLong());
  }

  private static byte[] sha256(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
