// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

/**
 * What {@link CanonicalPath#of} made of a request: the one path that it can mean, or a refusal.
 *
 * @see CanonicalPath
 */
public sealed interface PathDecision {
  /**
   * The dispatched path is canonical.
   *
   * @param path the path, without the context path
   */
  record Canonical(CanonicalPath path) implements PathDecision {}

  /**
   * The request can be read in more than one way; the answer is 400.
   *
   * @param reason a fixed English text that holds nothing of the request, fit for a response body
   */
  record Refused(String reason) implements PathDecision {}
}
