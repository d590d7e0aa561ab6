// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.spring.X402Properties.PricedPath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Environment;

/** Prints what to try, once the webapp accepts requests. */
final class DevBanner implements ApplicationListener<ApplicationReadyEvent> {
  private static final Logger log = LoggerFactory.getLogger(DevBanner.class);

  private final LocalMoney money;
  private final X402Properties properties;
  private final Environment environment;

  DevBanner(LocalMoney money, X402Properties properties, Environment environment) {
    this.money = money;
    this.properties = properties;
    this.environment = environment;
  }

  @Override
  public void onApplicationEvent(ApplicationReadyEvent event) {
    String path =
        properties.routes().stream()
            .filter(route -> !route.free() && route.pattern() != null)
            .map(PricedPath::pattern)
            .findFirst()
            .map(pattern -> pattern.replace("/*", "/"))
            .orElse("/");
    String url = FilterFactory.ownUrl(environment) + path;
    log.warn(
        "x402.dev=true: sells for test money, on a chain in this process. Try in another shell:\n\n"
            + "  {}\n",
        String.join("\n  ", money.linesToTry(url)));
  }
}
