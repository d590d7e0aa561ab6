// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The options of a command: {@code --name value}, or {@code --name} alone for those ending in "!".
 */
final class Options {
  private final Map<String, String> values = new HashMap<>();
  private final List<String> operands = new ArrayList<>();

  private Options() {}

  static Options parse(List<String> args, Set<String> known, int operands) {
    Options options = new Options();
    for (int i = 0; i < args.size(); i++) {
      String arg = args.get(i);
      if (!arg.startsWith("--")) {
        options.operands.add(arg);
      } else if (known.contains(arg + "!")) {
        options.values.put(arg, "");
      } else if (known.contains(arg) && i + 1 < args.size()) {
        options.values.put(arg, args.get(++i));
      } else {
        throw new IllegalArgumentException(
            arg + ": no such option, or its value is missing; known are " + known);
      }
    }
    if (options.operands.size() != operands) {
      throw new IllegalArgumentException(
          "expected " + operands + " arguments besides the options, found " + options.operands);
    }
    return options;
  }

  String operand(int index) {
    return operands.get(index);
  }

  Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  String require(String name, String because) {
    return get(name).orElseThrow(() -> new IllegalArgumentException(name + ": needed " + because));
  }

  long number(String name, long otherwise) {
    try {
      return get(name).map(Long::parseLong).orElse(otherwise);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": expected a number", e);
    }
  }
}
