// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Settings;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which spellings of a priced path are accepted, and which files stand for a directory.
 *
 * <p>A request line that cannot lead to anything with a price goes on in whatever spelling. Of the
 * others, {@link #strict()} accepts one only if there is no second way to read it. Each method
 * named {@code allow...} gives up one rule for the raw request line, and tells which path is priced
 * then. What the container dispatches has to be canonical under every policy: no empty, {@code .}
 * or {@code ..} segment, no backslash, no control character. A malformed escape ({@code %u0070},
 * {@code %zz}), an escaped control character, and an escape that is not shortest-form UTF-8 are
 * refused under every policy, too.
 *
 * <p>Instances are immutable and safe for use by several threads.
 */
public final class PathRules {
  /**
   * The welcome files that {@link #strict()} knows: those of a webapp without a {@code web.xml}.
   */
  static final List<String> DEFAULT_WELCOME_FILES = List.of("index.html", "index.htm", "index.jsp");

  private static final PathRules STRICT = new PathRules(Set.of(), DEFAULT_WELCOME_FILES);

  /** One rule of strict mode that a policy may have given up. */
  enum Leniency {
    PATH_PARAMETERS,
    ENCODED_SLASH,
    ENCODED_DOT,
    ENCODED_PERCENT,
    ENCODED_SEMICOLON,
    DOT_SEGMENTS,
    EMPTY_SEGMENTS,
    UNENCODED_CHARACTERS
  }

  private final Set<Leniency> allowed;
  private final List<String> welcomeFiles;

  private PathRules(Set<Leniency> allowed, List<String> welcomeFiles) {
    this.allowed = Set.copyOf(allowed);
    this.welcomeFiles = List.copyOf(welcomeFiles);
  }

  /** Returns the default policy: every rule holds. */
  public static PathRules strict() {
    return STRICT;
  }

  /**
   * Returns a policy that accepts {@code ;name=value} in the request line, as URL session tracking
   * writes it. The container cuts the parameters off; what is left decides.
   */
  public PathRules allowPathParameters() {
    return with(Leniency.PATH_PARAMETERS);
  }

  /**
   * Returns a policy that accepts {@code %2F}. A container that decodes it dispatches one more
   * segment, and that longer path decides; one that passes it through leaves a {@code %}, which
   * {@link #allowEncodedPercent()} has to accept as well.
   */
  public PathRules allowEncodedSlash() {
    return with(Leniency.ENCODED_SLASH);
  }

  /**
   * Returns a policy that accepts {@code %2E}. A decoded {@code .} or {@code ..} segment is
   * refused.
   */
  public PathRules allowEncodedDot() {
    return with(Leniency.ENCODED_DOT);
  }

  /**
   * Returns a policy that accepts {@code %25}, and with it a {@code %} in the dispatched path. It
   * is compared as a character: nothing is decoded a second time, here. A handler that decodes once
   * more sees another path than the one that was priced.
   */
  public PathRules allowEncodedPercent() {
    return with(Leniency.ENCODED_PERCENT);
  }

  /** Returns a policy that accepts {@code %3B}, and with it a {@code ;} in the dispatched path. */
  public PathRules allowEncodedSemicolon() {
    return with(Leniency.ENCODED_SEMICOLON);
  }

  /**
   * Returns a policy that accepts {@code /./} and {@code /../} in the request line of a container
   * that resolves them before it dispatches. Of one that does not, the dispatched path is refused.
   */
  public PathRules allowDotSegments() {
    return with(Leniency.DOT_SEGMENTS);
  }

  /**
   * Returns a policy that accepts {@code //} in the request line of a container that joins slashes
   * before it dispatches. Of one that does not, the dispatched path is refused.
   */
  public PathRules allowEmptySegments() {
    return with(Leniency.EMPTY_SEGMENTS);
  }

  /**
   * Returns a policy that accepts what a client ought to have escaped: non-ASCII bytes and {@code "
   * < > ^ ` { | }} as they are. A backslash, a space and control characters are refused.
   */
  public PathRules allowUnencodedCharacters() {
    return with(Leniency.UNENCODED_CHARACTERS);
  }

  /**
   * Returns a policy with other welcome files, in the order of the webapp's {@code
   * welcome-file-list}; none means that directories have none.
   *
   * @throws IllegalArgumentException if a name is empty or holds a slash at its start or end, or is
   *     not canonical
   */
  public PathRules welcomeFiles(@Nullable String... names) {
    for (String given : names) {
      String name = Settings.require("welcome file", "a file name such as index.html", given);
      if (CanonicalPath.problemOf("/" + name, this) != null
          || name.isEmpty()
          || name.endsWith("/")) {
        throw new IllegalArgumentException(
            "welcome file '" + name + "': expected a file name such as index.html");
      }
    }
    return new PathRules(allowed, List.of(names));
  }

  List<String> welcomeFiles() {
    return welcomeFiles;
  }

  boolean allows(Leniency leniency) {
    return allowed.contains(leniency);
  }

  private PathRules with(Leniency leniency) {
    EnumSet<Leniency> more = EnumSet.of(leniency);
    more.addAll(allowed);
    return new PathRules(more, welcomeFiles);
  }

  @Override
  public String toString() {
    List<String> names = new ArrayList<>();
    for (Leniency leniency : Leniency.values()) {
      if (allows(leniency)) {
        names.add(leniency.name());
      }
    }
    return "PathRules[allowed=" + names + ", welcomeFiles=" + welcomeFiles + "]";
  }
}
