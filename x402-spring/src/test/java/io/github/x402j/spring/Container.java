// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A servlet container that Boot embeds, by the names of its factory in Boot 3.5 and Boot 4. */
enum Container {
  TOMCAT(
      "org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory",
      "org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory"),
  JETTY(
      "org.springframework.boot.web.embedded.jetty.JettyServletWebServerFactory",
      "org.springframework.boot.jetty.servlet.JettyServletWebServerFactory"),
  UNDERTOW("org.springframework.boot.web.embedded.undertow.UndertowServletWebServerFactory");

  private final List<String> factories;

  Container(String... factories) {
    this.factories = List.of(factories);
  }

  /** Returns those that the Boot on the class path has. */
  static Stream<Container> ofThisBoot() {
    return Arrays.stream(values()).filter(container -> container.factory().isPresent());
  }

  Optional<Class<?>> factory() {
    for (String name : factories) {
      try {
        return Optional.of(Class.forName(name));
      } catch (ClassNotFoundException | LinkageError e) {
        // That of the other Boot.
      }
    }
    return Optional.empty();
  }
}
