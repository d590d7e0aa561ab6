// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

/**
 * The containers that every promise is tried on, each as it comes and as lenient as it can be made.
 */
enum Stack {
  JETTY,
  /** Legacy URI compliance, ambiguous URIs allowed and decoded. */
  JETTY_LEGACY,
  TOMCAT,
  /** Backslashes allowed, encoded slashes decoded, any character allowed in a path. */
  TOMCAT_RELAXED,
  /** As relaxed, but encoded slashes are passed through. */
  TOMCAT_PASSTHROUGH,
  UNDERTOW,
  /** Encoded slashes decoded, any character allowed in a path. */
  UNDERTOW_RELAXED
}
