// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.ExportLines;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Writes entries and payments as JSON and as CSV. */
final class JournalExport {
  private static final String ENTRY =
      "sequence,time,event,agent,request,task,method,host,path,resource,price,amount,token,network,"
          + "payTo,offers,choice,nonce,validBefore,rule,limit,asked,left,transaction,receipt,reason,"
          + "by,address,period,domains,expires,onLimit,refusals,policy,policyVersion,fingerprint,"
          + "delivered,approval,approvalOf,until,within,waitsFor";
  private static final String PAYMENT =
      "time,state,agent,request,task,method,host,path,resource,price,amount,token,network,payTo,"
          + "offers,choice,nonce,validBefore,transaction,receipt,reason,delivered,approval";

  private JournalExport() {}

  /** Returns the entry as a JSON object of texts, in ASCII, and a line break. */
  static String jsonLine(JournalEntry entry) {
    return ExportLines.json(cells(entry));
  }

  /** Returns the payment as a JSON object of texts, in ASCII, and a line break. */
  static String jsonLine(BookedPayment payment) {
    return ExportLines.json(cells(payment));
  }

  static String csvHeader() {
    return ENTRY + "\r\n";
  }

  static String csvPaymentHeader() {
    return PAYMENT + "\r\n";
  }

  static String csvLine(JournalEntry entry) {
    return csvLine(ENTRY, cells(entry));
  }

  static String csvLine(BookedPayment payment) {
    return csvLine(PAYMENT, cells(payment));
  }

  private static String csvLine(String columns, Map<String, String> cells) {
    return ExportLines.csv(
        Stream.of(columns.split(",")).map(name -> cells.getOrDefault(name, "")).toList());
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

  private static Map<String, String> cells(BookedPayment payment) {
    Map<String, String> cells = new LinkedHashMap<>();
    cells.put("time", payment.time().toString());
    cells.put("state", payment.state().name());
    cells.put("agent", payment.agent());
    cells.put("request", payment.requestId());
    cells.put("nonce", payment.nonce());
    cells.putAll(payment.details());
    return cells;
  }
}
