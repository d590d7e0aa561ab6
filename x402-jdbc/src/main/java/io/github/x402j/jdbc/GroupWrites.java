// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.PaymentKey;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets the writes of many callers share a transaction. A caller that finds no other writing writes
 * at once. Those that come meanwhile wait, and one of them then writes for all.
 *
 * <p>Only what goes well is done together. If one write of a group needs anything else, the
 * transaction is rolled back and each caller does its own alone. If it is not known whether the
 * transaction took effect, all of them fail.
 */
final class GroupWrites {
  /** While one transaction is being committed, another is filled. */
  private static final int LEADERS = 2;

  private static final int MAX_WRITES = 128;

  /** In this order, two groups that touch the same rows do not wait for each other in a circle. */
  private static final Comparator<Write> BY_KEY =
      Comparator.comparing((Write write) -> write.key().nonce())
          .thenComparing(write -> write.key().payer().text())
          .thenComparing(write -> write.key().asset().text())
          .thenComparing(write -> write.key().network().chainId());

  private final Database database;
  private final Queue<Batch> waiting = new ArrayDeque<>();
  private int leaders;

  GroupWrites(Database database) {
    this.database = database;
  }

  /** A statement about one row. */
  record Statement(String sql, Database.Parameters parameters) {}

  /**
   * A change of a payment's row.
   *
   * @param key the payment
   * @param change changes the row, or nothing if it is not as the caller believes
   * @param beside empty, or two statements about another row: where the first changes nothing, the
   *     second has to
   * @param alone does the same in a transaction of its own; returns whether the row was changed
   */
  record Write(PaymentKey key, Statement change, List<Statement> beside, BooleanSupplier alone) {}

  /**
   * What has become of a write.
   *
   * @param isMade whether the payment's row was changed
   * @param failure why the write failed, null if it did not
   */
  record Result(boolean isMade, @Nullable RuntimeException failure) {}

  /** The writes of one caller. */
  private static final class Batch {
    private final List<Write> writes;

    /** Completed with true if the caller is to write for all, with false when it was done. */
    private final CompletableFuture<Boolean> turn = new CompletableFuture<>();

    /** Null if the caller has to do them alone. */
    private volatile @Nullable List<Result> results;

    Batch(List<Write> writes) {
      this.writes = writes;
    }
  }

  /** A group that cannot be written together. */
  private static final class NotTogetherException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** Makes a change; returns whether the row was changed. */
  boolean make(Write write) {
    Result result = make(List.of(write)).get(0);
    if (result.failure() != null) {
      throw result.failure();
    }
    return result.isMade();
  }

  /** Makes changes, each of which stands by itself. */
  List<Result> make(List<Write> writes) {
    Batch mine = new Batch(writes);
    if (begins(mine) || mine.turn.join()) {
      lead(mine);
    }
    List<Result> results = mine.results;
    return results != null ? results : alone(mine);
  }

  /** Returns how many callers wait. */
  synchronized int waiting() {
    return waiting.size();
  }

  private synchronized boolean begins(Batch mine) {
    if (leaders < LEADERS) {
      leaders++;
      return true;
    }
    waiting.add(mine);
    return false;
  }

  private void lead(Batch mine) {
    List<Batch> group = groupOf(mine);
    try {
      if (group.size() == 1 && mine.writes.size() == 1) {
        mine.results = alone(mine);
      } else {
        together(group);
      }
    } finally {
      handOver();
      group.forEach(batch -> batch.turn.complete(false));
    }
  }

  private synchronized List<Batch> groupOf(Batch mine) {
    List<Batch> group = new ArrayList<>(List.of(mine));
    int size = mine.writes.size();
    for (Batch next = waiting.peek();
        next != null && size + next.writes.size() <= MAX_WRITES;
        next = waiting.peek()) {
      group.add(waiting.remove());
      size += next.writes.size();
    }
    return group;
  }

  private void handOver() {
    Batch next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        leaders--;
      }
    }
    if (next != null) {
      next.turn.complete(true);
    }
  }

  private static List<Result> alone(Batch batch) {
    List<Result> results = new ArrayList<>();
    for (Write write : batch.writes) {
      try {
        results.add(new Result(write.alone().getAsBoolean(), null));
      } catch (RuntimeException e) {
        results.add(new Result(false, e));
      }
    }
    return results;
  }

  // ---- one transaction

  private void together(List<Batch> group) {
    boolean committing = false;
    try (Database.Lent lent = database.lend(false)) {
      Map<Write, Boolean> made = write(lent.connection(), group);
      committing = true;
      lent.commit();
      for (Batch batch : group) {
        batch.results =
            batch.writes.stream()
                .map(write -> new Result(Boolean.TRUE.equals(made.get(write)), null))
                .toList();
      }
    } catch (NotTogetherException e) {
      return; // rolled back
    } catch (SQLException e) {
      if (committing ? !Database.wasTakenBack(e) : !Database.isAboutOneRow(e)) {
        group.forEach(batch -> fail(batch, e));
      }
    }
  }

  private void fail(Batch batch, SQLException e) {
    if (batch.results == null) { // else it was done, and giving the connection back failed
      batch.results =
          batch.writes.stream()
              .map(write -> new Result(false, database.failed("writing payments", e)))
              .toList();
    }
  }

  private Map<Write, Boolean> write(Connection connection, List<Batch> group)
      throws SQLException, NotTogetherException {
    List<Write> writes =
        group.stream().flatMap(batch -> batch.writes.stream()).sorted(BY_KEY).toList();
    Map<Write, Boolean> made = execute(connection, writes, write -> write.change());
    List<Write> beside =
        writes.stream()
            .filter(write -> !write.beside().isEmpty() && Boolean.TRUE.equals(made.get(write)))
            .toList();
    Map<Write, Boolean> first = execute(connection, beside, write -> write.beside().get(0));
    List<Write> rest =
        beside.stream().filter(write -> !Boolean.TRUE.equals(first.get(write))).toList();
    if (execute(connection, rest, write -> write.beside().get(1)).containsValue(false)) {
      throw new NotTogetherException();
    }
    return made;
  }

  private interface Choice {
    Statement of(Write write);
  }

  /** Executes one statement of each write, those with the same text at once. */
  private Map<Write, Boolean> execute(Connection connection, List<Write> writes, Choice choice)
      throws SQLException {
    Map<String, List<Write>> byText = new LinkedHashMap<>();
    for (Write write : writes) {
      byText.computeIfAbsent(choice.of(write).sql(), any -> new ArrayList<>()).add(write);
    }
    Map<Write, Boolean> changed = new IdentityHashMap<>();
    for (Map.Entry<String, List<Write>> each : byText.entrySet()) {
      List<Database.Parameters> rows =
          each.getValue().stream().map(write -> choice.of(write).parameters()).toList();
      int[] counts = database.updateAll(connection, each.getKey(), rows);
      for (int i = 0; i < counts.length; i++) {
        changed.put(each.getValue().get(i), counts[i] > 0);
      }
    }
    return changed;
  }
}
