// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

@NullMarked
package io.github.x402j;

import org.jspecify.annotations.NullMarked;
