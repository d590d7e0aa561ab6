// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * The command {@code x402}: buys and sells from a shell. {@link io.github.x402j.cli.X402Command} is
 * its main class; its options and exit status are in docs/cli.md. A subcommand is a class that ends
 * in {@code Command}.
 */
@NullMarked
package io.github.x402j.cli;

import org.jspecify.annotations.NullMarked;
