// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.ExportLines;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Writes entries as JSON and as CSV. */
final class JournalExport {
  private static final String COLUMNS =
      "sequence,time,event,agent,request,method,host,path,resource,price,amount,token,network,"
          + "payTo,nonce,validBefore,rule,limit,asked,left,transaction,receipt,reason,address,"
          + "period,domains,expires,onLimit,refusals";

  private JournalExport() {}

  /** Returns the entry as a JSON object of texts, in ASCII, and a line break. */
  static String jsonLine(JournalEntry entry) {
    return ExportLines.json(cells(entry));
  }

  static String csvHeader() {
    return COLUMNS + "\r\n";
  }

  static String csvLine(JournalEntry entry) {
    Map<String, String> cells = cells(entry);
    return ExportLines.csv(
        Stream.of(COLUMNS.split(",")).map(name -> cells.getOrDefault(name, "")).toList());
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
}
