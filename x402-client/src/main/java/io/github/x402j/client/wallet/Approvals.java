// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.ExportLines;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The approvals that a wallet's payments wait for or have. Kept as notes of the journal. */
final class Approvals {
  /** The detail with the name of an approval. */
  static final String APPROVAL = "approval";

  /** The detail with the hash of the request that is approved. */
  static final String OF = "approvalOf";

  /** The detail with the time until which an approval can be given or used. */
  static final String UNTIL = "until";

  /** The detail with how long the owner has to decide, and then the caller to try again. */
  static final String WITHIN = "within";

  private static final String NOTE = "approval ";
  private static final String OF_REQUEST = "approval-of ";
  private static final String USED = "approval-used ";
  private static final String STATE = "state";

  private final String agent;
  private final JournalStorage.Turn turn;

  Approvals(String agent, JournalStorage.Turn turn) {
    this.agent = agent;
    this.turn = turn;
  }

  /** Notes what the entry says of an approval. */
  void apply(JournalEntry entry) throws IOException {
    String id = entry.need(APPROVAL);
    switch (entry.event()) {
      case WAITING -> {
        Map<String, String> details = new TreeMap<>(entry.details());
        details.put("askedAt", entry.time().toString());
        Optional<String> former = turn.note(agent, OF_REQUEST + entry.need(OF));
        if (former.isPresent()) {
          turn.note(agent, NOTE + former.get(), null);
        }
        turn.note(agent, OF_REQUEST + entry.need(OF), id);
        write(id, details, ApprovalRequest.State.WAITING);
      }
      case APPROVED, DENIED -> {
        Map<String, String> details = details(id);
        if (details != null) {
          details.put(UNTIL, entry.need(UNTIL));
          boolean approved = entry.event() == JournalEntry.Event.APPROVED;
          write(
              id,
              details,
              approved ? ApprovalRequest.State.APPROVED : ApprovalRequest.State.DENIED);
        }
      }
      default -> use(id);
    }
  }

  /** An approval is good for one payment. It is kept while that may turn out not to have left. */
  private void use(String id) throws IOException {
    Optional<String> approval = turn.note(agent, NOTE + id);
    if (approval.isPresent()) {
      turn.note(agent, USED + id, approval.get());
      turn.note(agent, NOTE + id, null);
      turn.note(agent, OF_REQUEST + ExportLines.texts(approval.get()).get(OF), null);
    }
  }

  /** Takes what became of the payment that used an approval: if it never left, it is good again. */
  void paid(String id, JournalEntry.Event outcome) throws IOException {
    Optional<String> used = turn.note(agent, USED + id);
    if (used.isEmpty()
        || outcome == JournalEntry.Event.SIGNED
        || outcome == JournalEntry.Event.PENDING) {
      return;
    }
    turn.note(agent, USED + id, null);
    String request = OF_REQUEST + ExportLines.texts(used.get()).get(OF);
    if (outcome == JournalEntry.Event.RETURNED && turn.note(agent, request).isEmpty()) {
      turn.note(agent, NOTE + id, used.get());
      turn.note(agent, request, id);
    }
  }

  private void write(String id, Map<String, String> details, ApprovalRequest.State state)
      throws IOException {
    details.put(STATE, state.name());
    turn.note(agent, NOTE + id, ExportLines.json(details).strip());
  }

  private @Nullable Map<String, String> details(String id) throws IOException {
    return turn.note(agent, NOTE + id)
        .map(json -> (Map<String, String>) new TreeMap<>(ExportLines.texts(json)))
        .orElse(null);
  }

  /**
   * Returns the entry of the owner's decision.
   *
   * @throws IllegalArgumentException if no payment waits for that approval at the time
   */
  static JournalEntry.Draft decision(
      JournalState all, String id, JournalEntry.Event event, String by, Instant now)
      throws IOException {
    for (String agent : all.agents()) {
      Optional<ApprovalRequest> found = all.need(agent).approvals().find(id);
      if (found.isPresent()) {
        requireWaiting(found.get(), now);
        Duration within = Duration.parse(found.get().detail(WITHIN).orElse("PT24H"));
        Map<String, String> details =
            Map.of(APPROVAL, id, "by", by, UNTIL, now.plus(within).toString());
        return new JournalEntry.Draft(now, event, agent, "-", details);
      }
    }
    throw new IllegalArgumentException("approval " + id + ": no payment waits for it");
  }

  private static void requireWaiting(ApprovalRequest request, Instant now) {
    if (request.state() != ApprovalRequest.State.WAITING) {
      throw new IllegalArgumentException(
          "approval " + request.id() + ": it was decided before: " + request.state());
    }
    if (!now.isBefore(request.until())) {
      throw new IllegalArgumentException(
          "approval " + request.id() + ": it has expired at " + request.until());
    }
  }

  /** Returns the approval for the request, empty if there is none. */
  Optional<ApprovalRequest> of(String request) throws IOException {
    Optional<String> id = turn.note(agent, OF_REQUEST + request);
    return id.isPresent() ? find(id.get()) : Optional.empty();
  }

  /** Returns the approval with this name, empty if there is none. */
  Optional<ApprovalRequest> find(String id) throws IOException {
    return turn.note(agent, NOTE + id).map(json -> request(ExportLines.texts(json)));
  }

  /** Returns those that are waiting or can be used at the time. */
  List<ApprovalRequest> at(Instant now) throws IOException {
    List<ApprovalRequest> all = new ArrayList<>();
    for (String json : turn.notes(agent, NOTE).values()) {
      ApprovalRequest request = request(ExportLines.texts(json));
      if (now.isBefore(request.until())) {
        all.add(request);
      }
    }
    return all;
  }

  private ApprovalRequest request(Map<String, String> details) {
    return new ApprovalRequest(
        need(details, APPROVAL),
        agent,
        ApprovalRequest.State.valueOf(need(details, STATE)),
        Instant.parse(need(details, "askedAt")),
        Instant.parse(need(details, UNTIL)),
        details);
  }

  private static String need(Map<String, String> details, String name) {
    String value = details.get(name);
    if (value == null) {
      throw new IllegalArgumentException("approval: expected " + name);
    }
    return value;
  }
}
