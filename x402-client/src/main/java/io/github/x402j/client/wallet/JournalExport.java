// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Writes entries as JSON and as CSV. */
final class JournalExport {
  private static final ObjectMapper JSON =
      new ObjectMapper(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build());
  private static final String COLUMNS =
      "sequence,time,event,agent,request,method,host,path,resource,price,amount,token,network,"
          + "payTo,nonce,validBefore,rule,limit,asked,left,transaction,receipt,reason,address,"
          + "period,domains,expires,onLimit,refusals";

  private JournalExport() {}

  /** Returns the entry as a JSON object of texts, in ASCII, and a line break. */
  static String jsonLine(JournalEntry entry) {
    try {
      return JSON.writeValueAsString(cells(entry)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of texts is always JSON", e);
    }
  }

  static String csvHeader() {
    return COLUMNS + "\r\n";
  }

  static String csvLine(JournalEntry entry) {
    Map<String, String> cells = cells(entry);
    return Stream.of(COLUMNS.split(","))
        .map(name -> csvCell(cells.getOrDefault(name, "")))
        .collect(joining(",", "", "\r\n"));
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

  /**
   * Returns the value as a cell. One that a spreadsheet would take for a formula gets an
   * apostrophe: the first character decides that, and some spreadsheets skip spaces before it.
   */
  static String csvCell(String value) {
    String trimmed = value.stripLeading();
    boolean formula =
        !value.isEmpty()
            && (Character.isISOControl(value.charAt(0))
                || (!trimmed.isEmpty()
                    && "=+-@|%\uFF1D\uFF0B\uFF0D\uFF20".indexOf(trimmed.charAt(0)) >= 0));
    boolean lonelyDash = value.equals("-"); // stands for "no request"
    String safe = formula && !lonelyDash ? "'" + value : value;
    return safe.chars().anyMatch(c -> ",\"\r\n\t;".indexOf(c) >= 0)
        ? '"' + safe.replace("\"", "\"\"") + '"'
        : safe;
  }
}
