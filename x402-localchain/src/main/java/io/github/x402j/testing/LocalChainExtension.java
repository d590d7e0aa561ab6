// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Starts a {@link LocalChain} for the tests of a class and closes it after them.
 *
 * <pre>{@code
 * @ExtendWith(LocalChainExtension.class)
 * class PaymentTest {
 *   @Test
 *   void pays(LocalChain chain) { ... }
 * }
 * }</pre>
 *
 * <p>Or, with a chain id, as a static field: {@code @RegisterExtension static LocalChainExtension
 * chain = LocalChainExtension.withChainId(31337)} and {@link #chain()}.
 */
public final class LocalChainExtension
    implements BeforeAllCallback, AfterAllCallback, ParameterResolver {

  private final long chainId;
  private @Nullable LocalChain chain;
  private int depth; // nested test classes come and go within their outer one

  /** Makes an extension with {@link LocalChain#DEFAULT_CHAIN_ID}; JUnit calls this. */
  public LocalChainExtension() {
    this(LocalChain.DEFAULT_CHAIN_ID);
  }

  private LocalChainExtension(long chainId) {
    this.chainId = chainId;
  }

  /** Returns an extension whose chain has this EIP-155 chain id. */
  public static LocalChainExtension withChainId(long chainId) {
    return new LocalChainExtension(chainId);
  }

  /**
   * Returns the chain.
   *
   * @throws IllegalStateException if no test of the class runs
   */
  public LocalChain chain() {
    if (chain == null) {
      throw new IllegalStateException("the chain runs only while the tests of its class do");
    }
    return chain;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    if (depth++ == 0) {
      chain = LocalChain.start(chainId);
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (--depth == 0) {
      chain().close();
      chain = null;
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == LocalChain.class || type == TestChain.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return chain();
  }
}
