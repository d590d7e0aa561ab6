// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.util.ServiceLoader;
import org.apache.logging.log4j.spi.Provider;

/**
 * Keeps Log4j's API, which the EVM logs to, from complaining where no implementation of it is
 * present.
 */
final class QuietLogging {

  private static final String FACTORY = "log4j2.loggerContextFactory";

  private QuietLogging() {}

  /**
   * Chooses Log4j's own simple logger (errors only, to standard error) unless the application
   * brought an implementation or made a choice. Must run before the first class of the EVM is
   * loaded.
   */
  static void prepare() {
    boolean provided = ServiceLoader.load(Provider.class).stream().findAny().isPresent();
    if (!provided && System.getProperty(FACTORY) == null) {
      System.setProperty(FACTORY, "org.apache.logging.log4j.simple.SimpleLoggerContextFactory");
    }
  }
}
