// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.http.HttpServletResponse;

/**
 * Which errors of a paid handler reach the client as the handler made them. No error costs the
 * payer anything, so what goes out with one is given away. It is for the responses of a route that
 * holds its output; one that settles first streams whatever its handler writes.
 */
public enum ErrorDelivery {
  /** None: the client gets the status, and a body that says that nothing was charged. */
  NONE,

  /**
   * Those with a status of 400 to 499, which say what is wrong with the request, with all their
   * headers and the error page of the webapp. Others are withheld: they come from what the handler
   * did not expect, and may show what it was working on.
   */
  CLIENT_ERRORS,

  /** All, exceptions included: they go on to the container, as they do without a payment filter. */
  ALL;

  /** Returns whether a response with this status goes out as it was made. */
  boolean delivers(int status) {
    return this == ALL
        || this == CLIENT_ERRORS && status < HttpServletResponse.SC_INTERNAL_SERVER_ERROR;
  }
}
