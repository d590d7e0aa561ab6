// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints what is wrong and what to set, in place of a stack trace. */
final class StartFailureAnalyzer extends AbstractFailureAnalyzer<StartFailedException> {
  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, StartFailedException cause) {
    return new FailureAnalysis(
        "x402 cannot sell: " + cause.getMessage(), cause.action(), rootFailure);
  }
}
