// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/** The method by which a request is priced, paid for and remembered: HEAD counts as GET. */
public final class RequestMethod {
  private RequestMethod() {}

  /** Returns GET for HEAD, and every other method as it is. */
  public static String priced(String method) {
    return method.equals("HEAD") ? "GET" : method;
  }
}
