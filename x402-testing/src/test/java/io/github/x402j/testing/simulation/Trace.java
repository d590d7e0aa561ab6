// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What happened in a run, line by line; kept where somebody will read it. */
final class Trace {
  private final boolean isKept;
  private final List<String> lines = new ArrayList<>();

  Trace(boolean isKept) {
    this.isKept = isKept;
  }

  void add(String line) {
    add(() -> line);
  }

  synchronized void add(Supplier<String> line) {
    if (isKept) {
      lines.add(line.get());
    }
  }

  List<String> lines() {
    return lines;
  }
}
