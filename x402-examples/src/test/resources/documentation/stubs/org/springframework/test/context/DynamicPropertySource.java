// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.test.context;

/** Spring's, which the examples do not have. */
public @interface DynamicPropertySource {}
