// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package com.example;

/** A resource of docs/jax-rs.md. */
public class Quotes {}
