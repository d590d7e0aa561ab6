// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.boot.test.context;

/** Spring Boot's, which the examples do not have. */
public @interface SpringBootTest {
  WebEnvironment webEnvironment();

  String[] properties();

  enum WebEnvironment {
    DEFINED_PORT
  }
}
