// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package com.example;

import jakarta.servlet.http.HttpServlet;

public final class PremiumServlet extends HttpServlet {}
