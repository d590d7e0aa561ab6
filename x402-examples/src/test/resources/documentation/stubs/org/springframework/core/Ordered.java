// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.core;

public interface Ordered {
  int HIGHEST_PRECEDENCE = Integer.MIN_VALUE;
}
