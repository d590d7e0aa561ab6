// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.http.Ticker;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Runs each task of a simulation on a thread of its own, one at a time. A task gives the baton back
 * at every call to the outside; the simulation says who has it next, and for how many calls.
 *
 * <p>A task that waits for another inside the code under test (a lock, a future) gives the baton
 * back, too, without knowing it: the thread is seen to wait. When it goes on, it stops at its next
 * call to the outside.
 */
final class Baton implements Ticker {
  private static final AtomicInteger THREADS = new AtomicInteger();
  private static final ExecutorService POOL =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "simulation-" + THREADS.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });
  private static final ThreadMXBean THREAD_INFO = ManagementFactory.getThreadMXBean();
  private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long LOOKS_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Where settlements of one payment wait for the first of them. */
  private static final String QUEUE = "io.github.x402j.gate.SharedSettlements";

  private static final long SLEEP_MILLIS = 1_000;

  /** A process that tasks run in. A task of one that was killed ends at its next call. */
  static final class Process {
    final String name;
    private volatile boolean killed;

    Process(String name) {
      this.name = name;
    }

    void kill() {
      killed = true;
    }

    boolean isKilled() {
      return killed;
    }
  }

  /** Ends a task whose process was killed. No code under test may catch it. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    Killed() {
      super("the process was killed", null, false, false);
    }
  }

  private enum State {
    READY,
    RUNNING,
    WAITING,
    BLOCKED,
    DONE
  }

  /** What runs on one thread. */
  final class Task {
    final String name;
    final Process process;
    private final Runnable body;
    private final Semaphore turn = new Semaphore(0);
    private volatile State state = State.READY;
    private volatile Thread thread;
    private volatile int budget;
    private long wakesAt;
    private BooleanSupplier wakesEarly = () -> false;
    private BooleanSupplier condition = () -> true;
    private boolean begun;

    private Task(String name, Process process, Runnable body) {
      this.name = name;
      this.process = process;
      this.body = body;
    }

    boolean isDone() {
      return state == State.DONE;
    }

    private long due() {
      return wakesEarly.getAsBoolean() ? 0 : wakesAt;
    }

    private void run() {
      turn.acquireUninterruptibly();
      thread = Thread.currentThread();
      CURRENT.set(this);
      try {
        if (!process.killed) {
          body.run();
        }
      } catch (Killed e) {
        trace.add(name + " was killed");
      } catch (Throwable e) {
        failures.add(e);
      } finally {
        CURRENT.remove();
        giveBack(State.DONE);
      }
    }

    private synchronized void giveBack(State as) {
      boolean hasIt = state != State.BLOCKED;
      state = as;
      if (hasIt) {
        back.release();
      }
    }

    /** Takes the baton from a task that waits for another. */
    private synchronized boolean block() {
      if (back.availablePermits() > 0) {
        return false;
      }
      state = State.BLOCKED;
      return true;
    }

    private boolean runs(long threadId) {
      return begun && state != State.DONE && thread != null && thread.getId() == threadId;
    }

    private boolean isInside(String type) {
      return begun
          && state != State.DONE
          && thread != null
          && Arrays.stream(thread.getStackTrace())
              .anyMatch(frame -> frame.getClassName().equals(type));
    }

    /** Hands the baton back. */
    private void park(State as) {
      giveBack(as);
      turn.acquireUninterruptibly();
      if (process.killed) {
        throw new Killed();
      }
    }
  }

  private static final ThreadLocal<Task> CURRENT = new ThreadLocal<>();

  private final VirtualTime time;
  private final Trace trace;
  private final Semaphore back = new Semaphore(0);
  private final List<Task> tasks = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();

  Baton(VirtualTime time, Trace trace) {
    this.time = time;
    this.trace = trace;
  }

  /** Returns what no task may throw, and one did. */
  List<Throwable> failures() {
    return failures;
  }

  /** Begins a task, which waits for the baton. */
  Task begin(String name, Process process, Runnable body) {
    Task task = new Task(name, process, body);
    tasks.add(task);
    return task;
  }

  // ---- called by tasks

  /** A call to the outside. */
  void call(String what) {
    Task me = CURRENT.get();
    if (me == null) {
      return; // the simulation itself, between two turns
    }
    trace.add(() -> me.name + ": " + what);
    if (me.process.killed) {
      throw new Killed();
    }
    if (me.state == State.BLOCKED || --me.budget <= 0) {
      me.park(State.READY);
    }
  }

  /** Returns whether the simulation itself calls this, and no task. */
  boolean isBetweenTurns() {
    return CURRENT.get() == null;
  }

  /** Returns the name of the task that calls this. */
  String current() {
    Task me = CURRENT.get();
    return me == null ? "simulation" : me.name;
  }

  /** Waits for something that another task does. */
  void await(BooleanSupplier condition) {
    Task me = CURRENT.get();
    if (me == null) {
      throw new IllegalStateException("the simulation itself cannot wait");
    }
    if (condition.getAsBoolean() && me.state != State.BLOCKED) {
      return;
    }
    me.condition = condition;
    me.park(State.WAITING);
  }

  @Override
  public long nanos() {
    return TimeUnit.MILLISECONDS.toNanos(time.now());
  }

  /** Pauses end at whole seconds: some are random by a few milliseconds. */
  @Override
  public void sleep(Duration pause) {
    Task me = CURRENT.get();
    if (me == null) {
      time.advance(pause);
      return;
    }
    long end = time.now() + Math.max(1, pause.toMillis());
    me.wakesAt = (end + SLEEP_MILLIS - 1) / SLEEP_MILLIS * SLEEP_MILLIS;
    me.park(State.READY);
    time.advanceTo(me.wakesAt);
    me.wakesAt = 0;
  }

  /** Starts a task in the process of the task that starts it. */
  @Override
  public void start(String name, Runnable task) {
    Task me = CURRENT.get();
    if (me == null) {
      throw new IllegalStateException("the simulation itself starts nothing");
    }
    begin(me.process.name + " " + name, me.process, task);
  }

  @Override
  public void await(Future<?> future) {
    await(future::isDone);
  }

  /** Its time ends at a whole second, as a pause does. */
  @Override
  public void await(Future<?> future, Duration longest) {
    Task me = CURRENT.get();
    if (me == null) {
      throw new IllegalStateException("the simulation itself cannot wait");
    }
    if (future.isDone()) {
      return;
    }
    long end = time.now() + Math.max(1, longest.toMillis());
    me.wakesAt = (end + SLEEP_MILLIS - 1) / SLEEP_MILLIS * SLEEP_MILLIS;
    me.wakesEarly = future::isDone;
    me.park(State.READY);
    if (!future.isDone()) {
      time.advanceTo(me.wakesAt);
    }
    me.wakesEarly = () -> false;
    me.wakesAt = 0;
  }

  // ---- called by the simulation

  /** Returns the tasks that can go on now, in the order in which they began. */
  private List<Task> ready() {
    List<Task> ready = new ArrayList<>();
    for (Task task : tasks) {
      if (task.state == State.READY
          || (task.state == State.WAITING
              && (task.process.killed || task.condition.getAsBoolean()))) {
        ready.add(task);
      }
    }
    return ready;
  }

  /** Gives one of the tasks that can go on the baton for a number of calls. */
  void step(int which, int calls) {
    List<Task> ready = ready();
    if (!ready.isEmpty()) {
      run(ready.get(Math.floorMod(which, ready.size())), calls);
    }
  }

  /** Runs every task to its end, those that sleep last. */
  void finish(int mostTurns) {
    for (int turns = 0; turns < mostTurns; turns++) {
      Task next = null;
      for (Task task : ready()) {
        if (next == null || task.due() < next.due()) {
          next = task;
        }
      }
      if (next != null) {
        run(next, Integer.MAX_VALUE);
      } else if (tasks.isEmpty()) {
        return;
      } else {
        throw new IllegalStateException("nobody can go on: " + names());
      }
    }
    throw new IllegalStateException("it does not end: " + names());
  }

  private List<String> names() {
    return tasks.stream().map(task -> task.name + " " + task.state).toList();
  }

  private void run(Task task, int calls) {
    task.budget = calls;
    task.condition = () -> true;
    task.state = State.RUNNING;
    if (!task.begun) {
      task.begun = true;
      POOL.execute(task::run);
    }
    task.turn.release();
    awaitBack(task);
    settleBlocked();
    tasks.removeIf(Task::isDone);
  }

  /** Waits until the task has given the baton back, or waits for another. */
  private void awaitBack(Task task) {
    long begun = System.nanoTime();
    while (!tryBack()) {
      if (waitsForAnother(task) && task.block()) {
        trace.add(() -> task.name + " waits for another task");
        return;
      }
      requireSoon(begun, task);
    }
  }

  private boolean tryBack() {
    try {
      return back.tryAcquire(LOOKS_AFTER_NANOS, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Lets those who waited inside the code under test and no longer do come to their next call. */
  private void settleBlocked() {
    for (Task task : List.copyOf(tasks)) {
      long begun = System.nanoTime();
      while (task.state == State.BLOCKED && !(waitsForAnother(task) && isWorthWaiting(task))) {
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(50));
        requireSoon(begun, task);
      }
    }
  }

  /** Returns whether the task waits inside the code under test: for a lock, or in a queue. */
  private boolean waitsForAnother(Task task) {
    Thread thread = task.thread;
    if (thread == null) {
      return false;
    }
    ThreadInfo info = THREAD_INFO.getThreadInfo(thread.getId());
    if (info == null || info.getThreadState() == Thread.State.RUNNABLE) {
      return false;
    }
    long owner = info.getLockOwnerId();
    return owner >= 0 ? tasks.stream().anyMatch(other -> other.runs(owner)) : isInQueue(task);
  }

  private static boolean isInQueue(Task task) {
    for (StackTraceElement frame : task.thread.getStackTrace()) {
      if (frame.getClassName().startsWith("io.github.x402j.")) {
        return frame.getClassName().equals(QUEUE);
      }
    }
    return false;
  }

  /** A lock has an owner. Of those in the queue, somebody must be at work. */
  private boolean isWorthWaiting(Task task) {
    return !isInQueue(task)
        || tasks.stream()
            .anyMatch(
                other ->
                    other != task
                        && other.process == task.process
                        && other.state != State.BLOCKED
                        && other.isInside(QUEUE));
  }

  private static void requireSoon(long begun, Task task) {
    if (System.nanoTime() - begun > STUCK_NANOS) {
      IllegalStateException stuck = new IllegalStateException(task.name + " is stuck");
      if (task.thread != null) {
        stuck.setStackTrace(task.thread.getStackTrace());
      }
      throw stuck;
    }
  }
}
