// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Lets an agent's model pay: {@link io.github.x402j.adapter.agent.PaidFetchTool}, for LangChain4j
 * and Spring AI. The application brings the framework, one of them or both.
 */
@NullMarked
package io.github.x402j.adapter.agent;

import org.jspecify.annotations.NullMarked;
