// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * What the library costs, in operations per second. Each class compares what the library does with
 * the least that would have to be done anyway; compare rates of one run alone. {@code
 * x402-benchmarks/run} runs them and takes the options of JMH.
 */
@NullMarked
package io.github.x402j.benchmarks;

import org.jspecify.annotations.NullMarked;
