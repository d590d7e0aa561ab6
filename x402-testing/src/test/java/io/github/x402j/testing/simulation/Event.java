// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import java.util.Locale;

/**
 * One event of a schedule. What its numbers mean depends on its kind; each stands for a choice
 * among those that there are when the event comes.
 */
record Event(Kind kind, int x, int y, int z) {

  /** What can happen. */
  enum Kind {
    /** One of the tasks that can go on (x) makes y calls to the outside. */
    STEP,
    /** The time goes on by x seconds. */
    ADVANCE,
    /** Payer x buys path z of shop y. */
    BUY,
    /** The payer of one of the payments that were not served (x) sends it again. */
    REPEAT,
    /** One of the payments (x) is sent to another server of its merchant, too. */
    COPY,
    /** Node x has fault y for z requests. */
    NODE,
    /** The way to the facilitator has fault y for z requests. */
    LINK,
    /** The ledger of shop x does not answer y calls. */
    LEDGER,
    /** The next handler of shop x fails. */
    HANDLER,
    /** The clock of participant x is y seconds ahead, or behind. */
    CLOCK,
    /** The process of shop x is killed, and another starts. */
    KILL,
    /** The process of the facilitator is killed, and another starts. */
    KILL_FACILITATOR,
    /** A stranger sends the authorization of one of the transactions (x) itself. */
    FRONT_RUN,
    /** One nonce is signed for two things (shops x and y, paths by z). */
    TWINS,
    /** A stranger rebuilds the request of one of the transactions (x), and sends it. */
    STRANGER,
    /** The connection of the next delivery of shop x breaks. */
    BREAK,
    /** The prices of shop x change (y). */
    PRICE,
    /** A payer with one cent sends y payments of a cent to shop x at once. */
    CENT
  }

  static Event of(Kind kind, int x, int y, int z) {
    return new Event(kind, x, y, z);
  }

  /** Reads what {@link #toString} says. */
  static Event parse(String text) {
    String[] words = text.trim().split(" ");
    return new Event(
        Kind.valueOf(words[0].toUpperCase(Locale.ROOT)),
        Integer.parseInt(words[1]),
        Integer.parseInt(words[2]),
        Integer.parseInt(words[3]));
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + " " + x + " " + y + " " + z;
  }
}
