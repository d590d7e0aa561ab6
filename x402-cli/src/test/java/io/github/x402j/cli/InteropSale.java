// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.servlet.PaymentFilter;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;

/**
 * What a seller of the interoperability suite does beyond selling {@code /premium}: {@link
 * InteropServer} takes the name of such a class with {@code --sale}. The class is called {@code
 * Interop...} and has a constructor without parameters.
 */
@FunctionalInterface
interface InteropSale {
  /** Adds routes and settings to the filter, and servlets to the web application. */
  void set(Shop shop) throws Exception;

  /**
   * The seller that is being set up.
   *
   * @param url its public URL
   * @param tokens what the filter accepts
   */
  record Shop(
      String url,
      PaymentFilter.Builder filter,
      ServletContextHandler webapp,
      List<Token> tokens,
      String payTo,
      Facilitator facilitator,
      Web3jChain chain) {}
}
