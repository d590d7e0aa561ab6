// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.client.wallet.ApprovalRequest;
import java.io.PrintStream;
import java.util.List;

/** Payments that wait for approval, for a person as a table and for programs as JSON. */
final class ApprovalTable {
  private static final List<String> DETAILS =
      List.of("method", "host", "path", "resource", "price", "token", "network", "payTo");

  private final PrintStream out;

  ApprovalTable(PrintStream out) {
    this.out = out;
  }

  void print(List<ApprovalRequest> approvals, boolean json) {
    if (json) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      approvals.forEach(each -> all.add(json(each)));
      out.println(all);
      return;
    }
    out.printf("%-8s %-8s %-20s %10s %-20s %s%n", "id", "state", "agent", "price", "until", "for");
    for (ApprovalRequest each : approvals) {
      out.printf(
          "%-8s %-8s %-20s %10s %-20s %s%n",
          each.id(),
          each.state(),
          Display.harmless(each.agent()),
          each.price(),
          each.until(),
          Display.harmless(
              detail(each, "method")
                  + " "
                  + detail(each, "host")
                  + detail(each, "path")
                  + " to "
                  + detail(each, "payTo")));
    }
  }

  private static String detail(ApprovalRequest approval, String name) {
    return approval.detail(name).orElse("");
  }

  private static ObjectNode json(ApprovalRequest each) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", each.id())
            .put("agent", each.agent())
            .put("state", each.state().name())
            .put("askedAt", each.askedAt().toString())
            .put("until", each.until().toString());
    DETAILS.forEach(name -> each.detail(name).ifPresent(value -> json.put(name, value)));
    return json;
  }
}
