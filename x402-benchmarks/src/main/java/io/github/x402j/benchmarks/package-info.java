// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * What the library costs, in operations per second. Each class compares an operation of the library
 * with the least work that the operation needs in any case. Compare only rates of the same run.
 * {@code x402-benchmarks/run} runs those of JMH and takes its options; {@code
 * x402-benchmarks/side-by-side} compares requests and payments with other implementations.
 */
@NullMarked
package io.github.x402j.benchmarks;

import org.jspecify.annotations.NullMarked;
