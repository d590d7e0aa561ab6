// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Environment;

/** Prints what to try, once the webapp accepts requests. */
final class DevBanner implements ApplicationListener<ApplicationReadyEvent> {
  private static final Logger log = LoggerFactory.getLogger(DevBanner.class);

  private final LocalMoney money;
  private final X402Properties properties;
  private final Environment environment;
  private final ObjectProvider<PricedHandlers> handlers;

  DevBanner(
      LocalMoney money,
      X402Properties properties,
      Environment environment,
      ObjectProvider<PricedHandlers> handlers) {
    this.money = money;
    this.properties = properties;
    this.environment = environment;
    this.handlers = handlers;
  }

  @Override
  public void onApplicationEvent(ApplicationReadyEvent event) {
    String url = FilterFactory.ownUrl(environment) + somethingPriced();
    log.warn(
        "x402.dev=true: sells for test money, on a chain in this process. Try in another shell:\n\n"
            + "  {}\n",
        String.join("\n  ", money.linesToTry(url)));
  }

  private String somethingPriced() {
    Stream<String> paths =
        properties.routes().stream()
            .filter(route -> !route.free())
            .flatMap(route -> Stream.ofNullable(route.pattern()))
            .map(pattern -> pattern.replace("/*", "/"));
    Stream<String> annotated =
        handlers.stream()
            .flatMap(known -> known.all().stream())
            .map(priced -> priced.handler().toString())
            .map(name -> name.substring(name.indexOf(' ') + 1).replaceFirst(",.*", ""))
            .filter(path -> path.startsWith("/"))
            .sorted();
    List<String> all = Stream.concat(paths, annotated).toList();
    return all.stream()
        .filter(path -> path.indexOf('{') < 0)
        .findFirst()
        .orElseGet(() -> all.isEmpty() ? "/" : all.get(0).replaceAll("\\{[^/]*}", "1"));
  }
}
