// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The same webapp on several containers, with one market, while the tests of a class run. */
final class Webapps implements BeforeAllCallback, AfterAllCallback {
  private final List<Stack> stacks;
  private final UnaryOperator<PaidWebapp.Builder> settings;
  private final Map<Stack, PaidWebapp> running = new EnumMap<>(Stack.class);
  private Market market;

  private Webapps(List<Stack> stacks, UnaryOperator<PaidWebapp.Builder> settings) {
    this.stacks = stacks;
    this.settings = settings;
  }

  /** On a container of each make, as it is by default. */
  static Webapps onEachContainer(UnaryOperator<PaidWebapp.Builder> settings) {
    return new Webapps(List.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW), settings);
  }

  /** On every container in every mode. */
  static Webapps onEveryStack(UnaryOperator<PaidWebapp.Builder> settings) {
    return new Webapps(List.of(Stack.values()), settings);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    market = new Market();
    for (Stack stack : stacks) {
      running.put(stack, settings.apply(PaidWebapp.on(stack, market)).start());
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    running.values().forEach(PaidWebapp::close);
    market.close();
  }

  Market market() {
    return market;
  }

  PaidWebapp get(Stack stack) {
    return running.get(stack);
  }

  Set<Stack> keySet() {
    return running.keySet();
  }

  Collection<PaidWebapp> values() {
    return running.values();
  }
}
