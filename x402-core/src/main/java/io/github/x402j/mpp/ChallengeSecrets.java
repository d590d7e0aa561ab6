// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Hashes;
import io.github.x402j.Settings;
import java.security.Key;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The secrets that bind a challenge to its id, so that a server keeps none of the challenges that
 * it gives out: the id is the HMAC of the rest. The servers of one webapp share them. Safe for use
 * by several threads.
 */
public final class ChallengeSecrets {
  private static final int LEAST_BYTES = 32;

  private final List<Key> keys;

  private ChallengeSecrets(List<Key> keys) {
    this.keys = List.copyOf(keys);
  }

  /**
   * Returns the secrets.
   *
   * @param current gives new challenges their ids, at least 32 bytes in UTF-8
   * @param former are accepted besides: those that were current before, until the last challenge of
   *     theirs has expired
   * @throws IllegalArgumentException if one is missing or too short
   */
  public static ChallengeSecrets of(@Nullable String current, @Nullable String... former) {
    List<Key> keys = new ArrayList<>();
    keys.add(key(current));
    for (String each : former) {
      keys.add(key(each));
    }
    return new ChallengeSecrets(keys);
  }

  private static Key key(@Nullable String secret) {
    String expected = "at least " + LEAST_BYTES + " random bytes";
    byte[] bytes = Settings.require("mpp secret", expected, secret).getBytes(UTF_8);
    if (bytes.length < LEAST_BYTES) {
      throw new IllegalArgumentException(
          "mpp secret: expected " + expected + ", found " + bytes.length);
    }
    return Hashes.hmacKey(bytes);
  }

  /** Returns the challenge with the id that the current secret gives it. */
  public PaymentChallenge sign(PaymentChallenge challenge) {
    return challenge.withId(id(keys.get(0), challenge));
  }

  /** Returns whether one of the secrets has given the challenge its id. */
  public boolean hasSigned(PaymentChallenge challenge) {
    byte[] claimed = challenge.id().getBytes(UTF_8);
    boolean signed = false;
    for (Key key : keys) {
      signed |= MessageDigest.isEqual(claimed, id(key, challenge).getBytes(UTF_8));
    }
    return signed;
  }

  private static String id(Key key, PaymentChallenge challenge) {
    byte[] id = Hashes.hmacSha256(key, challenge.bound().getBytes(UTF_8));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(id);
  }

  /** Shows no secret. */
  @Override
  public String toString() {
    return "ChallengeSecrets[" + keys.size() + ", redacted]";
  }
}
