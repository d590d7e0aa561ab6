// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The library at work: a server that sells endpoints, an agent that pays, and both against a chain
 * in the JVM. {@link io.github.x402j.examples.Main} runs them; {@link
 * io.github.x402j.examples.ExampleServer} is the code to read first.
 */
@NullMarked
package io.github.x402j.examples;

import org.jspecify.annotations.NullMarked;
