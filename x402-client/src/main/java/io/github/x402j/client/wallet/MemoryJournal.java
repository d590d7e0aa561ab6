// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A journal in memory: its last entries, all sums and notes, and the payments that are open or not
 * a day old. It undoes nothing: what a turn writes takes effect at once.
 */
final class MemoryJournal implements JournalStorage {
  private static final int ENTRIES_KEPT = 10_000;

  /** How many payments are kept before closed ones of an earlier day are dropped. */
  private static final int PAYMENTS_KEPT = 10_000;

  private record Kept(JournalEntry entry, String checksum) {}

  private record SumName(SumOf what, String name) implements Comparable<SumName> {
    private static final Comparator<SumName> ORDER =
        Comparator.comparing(SumName::what).thenComparing(SumName::name);

    @Override
    public int compareTo(SumName other) {
      return ORDER.compare(this, other);
    }
  }

  private record Place(Instant time, String nonce) implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::time).thenComparing(Place::nonce);

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }

  /** What is known of one agent. */
  private static final class Agent {
    private final TreeMap<String, String> notes = new TreeMap<>();
    private final TreeMap<SumName, SpendSum> sums = new TreeMap<>();
    private final Map<String, BookedPayment> open = new LinkedHashMap<>();
    private final TreeMap<Place, BookedPayment> payments = new TreeMap<>();
    private final Map<String, Place> places = new LinkedHashMap<>();

    void put(BookedPayment payment) {
      Place place = new Place(payment.time(), payment.nonce());
      payments.put(place, payment);
      places.put(payment.nonce(), place);
      if (payment.isOpen()) {
        open.put(payment.nonce(), payment);
      } else {
        open.remove(payment.nonce());
      }
      if (payments.size() > open.size() + PAYMENTS_KEPT) {
        dropOld(payments.lastKey().time().minus(WalletState.REMEMBERED.plus(Duration.ofHours(1))));
      }
    }

    private void dropOld(Instant before) {
      Stream.of(payments.headMap(new Place(before, "")).keySet().toArray(Place[]::new))
          .filter(place -> !open.containsKey(place.nonce()))
          .forEach(
              place -> {
                payments.remove(place);
                places.remove(place.nonce());
              });
    }
  }

  private final ArrayDeque<Kept> entries = new ArrayDeque<>();
  private final Map<String, Agent> agents = new LinkedHashMap<>();
  private Last last = new Last(0, "");

  @Override
  public Turn begin() {
    return new MemoryTurn();
  }

  @Override
  public void makeDurable() {}

  @Override
  public void forEachEntry(long after, EntryReader reader) throws IOException {
    List<Kept> copy;
    synchronized (entries) {
      copy = List.copyOf(entries);
    }
    for (Kept kept : copy) {
      if (kept.entry().sequence() > after) {
        reader.read(kept.entry(), kept.checksum());
      }
    }
  }

  @Override
  public void forEachPayment(SpendFilter filter, Consumer<BookedPayment> reader) {
    List<BookedPayment> found;
    synchronized (entries) {
      found =
          agents.values().stream()
              .flatMap(agent -> agent.payments.values().stream())
              .filter(filter::selects)
              .sorted(Comparator.comparing(BookedPayment::time))
              .toList();
    }
    int skipped = filter.last() == 0 ? 0 : Math.max(0, found.size() - filter.last());
    found.subList(skipped, found.size()).forEach(reader);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return "in memory";
  }

  private final class MemoryTurn implements Turn {
    private Agent agent(String name) {
      return agents.computeIfAbsent(name, any -> new Agent());
    }

    @Override
    public Last last() {
      return last;
    }

    @Override
    public void append(JournalEntry entry, String checksum) {
      synchronized (entries) {
        entries.add(new Kept(entry, checksum));
        if (entries.size() > ENTRIES_KEPT) {
          entries.removeFirst();
        }
        last = new Last(entry.sequence(), checksum);
      }
    }

    @Override
    public List<String> agentsWith(String note) {
      return agents.entrySet().stream()
          .filter(agent -> agent.getValue().notes.containsKey(note))
          .map(Map.Entry::getKey)
          .toList();
    }

    @Override
    public Optional<String> note(String agent, String name) {
      return Optional.ofNullable(agents.get(agent)).map(known -> known.notes.get(name));
    }

    @Override
    public SortedMap<String, String> notes(String agent, String prefix) {
      return new TreeMap<>(agent(agent).notes.subMap(prefix, prefix + Character.MAX_VALUE));
    }

    @Override
    public void note(String agent, String name, @Nullable String value) {
      if (value == null) {
        agent(agent).notes.remove(name);
      } else {
        agent(agent).notes.put(name, value);
      }
    }

    @Override
    public Optional<BookedPayment> payment(String agent, String nonce) {
      Agent known = agent(agent);
      return Optional.ofNullable(known.places.get(nonce)).map(known.payments::get);
    }

    @Override
    public List<BookedPayment> openPayments(String agent) {
      return List.copyOf(agent(agent).open.values());
    }

    @Override
    public List<BookedPayment> payments(String agent, Instant after, Instant before, int most) {
      SortedMap<Place, BookedPayment> window =
          after.isBefore(before)
              ? agent(agent)
                  .payments
                  .subMap(new Place(after.plusNanos(1), ""), new Place(before, ""))
              : new TreeMap<>();
      List<BookedPayment> found = new ArrayList<>();
      for (BookedPayment payment : window.values()) {
        if (found.size() == most) {
          break;
        }
        if (payment.state() != JournalEntry.Event.RETURNED) {
          found.add(payment);
        }
      }
      return found;
    }

    @Override
    public void payment(BookedPayment payment) {
      synchronized (entries) {
        agent(payment.agent()).put(payment);
      }
    }

    @Override
    public SpendSum sum(String agent, SumOf what, String name) {
      return agent(agent).sums.getOrDefault(new SumName(what, name), SpendSum.NONE);
    }

    @Override
    public SortedMap<String, SpendSum> sums(String agent, SumOf what, String from) {
      SortedMap<String, SpendSum> found = new TreeMap<>();
      agent(agent)
          .sums
          .subMap(new SumName(what, from), new SumName(what, "" + Character.MAX_VALUE))
          .forEach((name, sum) -> found.put(name.name(), sum));
      return found;
    }

    @Override
    public void sum(String agent, SumOf what, String name, SpendSum sum) {
      agent(agent).sums.put(new SumName(what, name), sum);
    }

    @Override
    public void commit() {}

    @Override
    public void close() {}
  }
}
