// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package com.example;

import io.github.x402j.servlet.PaymentFilter;

public interface Paywalls {
  static PaymentFilter filter() {
    throw new UnsupportedOperationException("compiled only");
  }
}
