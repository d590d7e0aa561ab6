// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Records a payment's transaction before the transaction leaves this process, so that its outcome
 * can be found whatever happens then.
 */
@FunctionalInterface
public interface BeforeBroadcast {

  /**
   * Records the transaction. Called again, with another hash, if another transaction takes its
   * place; either may be mined, so both count. If it throws, nothing is sent.
   *
   * @param transaction its hash
   */
  void sending(String transaction);

  /**
   * Returns who can record this payment together with others in one write; equal groups can.
   * Default: empty, each is recorded by itself.
   */
  default Optional<Group> group() {
    return Optional.empty();
  }

  /** Records one transaction for several payments in one write. */
  interface Group {
    /**
     * Records the transaction for each payment that can be recorded. If it throws, none was.
     *
     * @param members those whose {@link BeforeBroadcast#group} this is
     * @param transaction the hash of the transaction that moves the money of all of them
     * @return those that could not be recorded, and why
     */
    Map<BeforeBroadcast, RuntimeException> sendingAll(
        List<BeforeBroadcast> members, String transaction);
  }

  /**
   * Records one transaction for several payments, with one write for each group.
   *
   * @param each the payments that share the transaction
   * @param transaction its hash
   * @return those that could not be recorded, and why, by identity; empty if all were
   */
  static Map<BeforeBroadcast, RuntimeException> sendingAll(
      List<BeforeBroadcast> each, String transaction) {
    Map<BeforeBroadcast, RuntimeException> failed = new IdentityHashMap<>();
    Map<Group, List<BeforeBroadcast>> groups = new LinkedHashMap<>();
    for (BeforeBroadcast one : each) {
      Optional<Group> group = one.group();
      if (group.isPresent()) {
        groups.computeIfAbsent(group.get(), any -> new ArrayList<>()).add(one);
      } else {
        try {
          one.sending(transaction);
        } catch (RuntimeException e) {
          failed.put(one, e);
        }
      }
    }
    groups.forEach(
        (group, members) -> {
          try {
            failed.putAll(group.sendingAll(members, transaction));
          } catch (RuntimeException e) {
            members.forEach(member -> failed.put(member, e));
          }
        });
    return failed;
  }
}
