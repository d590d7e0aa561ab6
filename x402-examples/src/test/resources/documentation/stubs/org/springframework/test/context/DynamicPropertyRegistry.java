// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.test.context;

import java.util.function.Supplier;

/** Spring's, which the examples do not have. */
public interface DynamicPropertyRegistry {
  void add(String name, Supplier<Object> value);
}
