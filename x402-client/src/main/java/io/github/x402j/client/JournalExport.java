// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Entries as JSON and as CSV. */
final class JournalExport {
  private static final List<String> DETAILS =
      List.of(
          "method",
          "host",
          "path",
          "resource",
          "price",
          "amount",
          "token",
          "network",
          "payTo",
          "nonce",
          "validBefore",
          "rule",
          "limit",
          "asked",
          "left",
          "transaction",
          "receipt",
          "reason",
          "address",
          "period",
          "domains",
          "expires",
          "onLimit",
          "refusals");

  private JournalExport() {}

  static String jsonLine(JournalEntry entry) {
    StringBuilder json = new StringBuilder();
    cells(entry)
        .forEach(
            (name, value) ->
                json.append(json.length() == 0 ? '{' : ',')
                    .append(jsonText(name))
                    .append(':')
                    .append(jsonText(value)));
    return json.append("}\n").toString();
  }

  static String csvHeader() {
    return "sequence,time,event,agent,request," + String.join(",", DETAILS) + "\r\n";
  }

  static String csvLine(JournalEntry entry) {
    Map<String, String> cells = cells(entry);
    StringBuilder line = new StringBuilder();
    for (String name : csvHeader().trim().split(",")) {
      line.append(line.length() == 0 ? "" : ",").append(csvCell(cells.getOrDefault(name, "")));
    }
    return line.append("\r\n").toString();
  }

  private static Map<String, String> cells(JournalEntry entry) {
    Map<String, String> cells = new LinkedHashMap<>();
    cells.put("sequence", Long.toString(entry.sequence()));
    cells.put("time", entry.time().toString());
    cells.put("event", entry.event().name());
    cells.put("agent", entry.agent());
    cells.put("request", entry.requestId());
    cells.putAll(entry.details());
    return cells;
  }

  /** Spreadsheets take a cell for a formula by its first character, and some trim it before. */
  static String csvCell(String value) {
    String trimmed = value.stripLeading();
    boolean formula =
        !value.isEmpty()
            && (Character.isISOControl(value.charAt(0))
                || (!trimmed.isEmpty()
                    && "=+-@|%\uFF1D\uFF0B\uFF0D\uFF20".indexOf(trimmed.charAt(0)) >= 0));
    boolean lonelyDash = value.equals("-"); // what stands where there is no request
    String safe = formula && !lonelyDash ? "'" + value : value;
    return safe.chars().anyMatch(c -> ",\"\r\n\t;".indexOf(c) >= 0)
        ? '"' + safe.replace("\"", "\"\"") + '"'
        : safe;
  }

  static String jsonText(String value) {
    StringBuilder text = new StringBuilder("\"");
    for (char c : value.toCharArray()) {
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        default -> {
          if (c < ' ' || c == '\u2028' || c == '\u2029' || Character.isSurrogate(c) || c == 0x7f) {
            text.append(String.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    return text.append('"').toString();
  }
}
