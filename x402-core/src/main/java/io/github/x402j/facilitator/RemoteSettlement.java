// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.Recent;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.http.Backoff;
import io.github.x402j.http.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a facilitator settle, and finds out what became of it. A payment counts as settled when the
 * facilitator says so in words that fit it and, where the chain can be read, when the chain says
 * so.
 */
final class RemoteSettlement {
  private static final Logger log = LoggerFactory.getLogger(HttpFacilitator.class);
  private static final int MAX_REMEMBERED = 10_000;
  private static final Settlement UNKNOWN = new Settlement.Pending(null);
  private static final Settlement ALREADY_USED =
      new Settlement.Failed(
          ErrorReason.NONCE_ALREADY_USED, "the authorization was used before the settlement");
  private static final Duration PAUSE_BEFORE_AGAIN = Duration.ofMillis(500);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final FacilitatorHttp http;
  private final LocalChecks local;
  private final KindsCache kinds;
  private final Duration timeout;
  private final Duration outcomeTimeout;
  private final boolean idempotent;
  private final ResourceInfo resource;

  /** A free retry after a failed delivery asks for what the facilitator may not say twice. */
  private final Recent<SignedPayment.Id, Settlement.Settled> settled = new Recent<>(MAX_REMEMBERED);

  RemoteSettlement(
      FacilitatorHttp http,
      LocalChecks local,
      KindsCache kinds,
      Duration timeout,
      Duration outcomeTimeout,
      boolean idempotent,
      ResourceInfo resource) {
    this.http = http;
    this.local = local;
    this.kinds = kinds;
    this.timeout = timeout;
    this.outcomeTimeout = outcomeTimeout;
    this.idempotent = idempotent;
    this.resource = resource;
  }

  Settlement settle(SignedPayment payment, BeforeBroadcast named) throws FacilitatorException {
    Deadline deadline = http.deadline(timeout);
    RemoteAnswer answer = ask(payment, deadline);
    if (answer instanceof RemoteAnswer.NotSent notSent) {
      throw new FacilitatorException("the facilitator was not reached: " + notSent.why());
    }
    if (answer instanceof RemoteAnswer.Moved moved) {
      return confirmed(payment, moved, deadline);
    }
    if (answer instanceof RemoteAnswer.NonceUsed) {
      return usedByAnother(payment);
    }
    if (answer instanceof RemoteAnswer.Repeated repeated) {
      return repeated.outcome();
    }
    if (answer instanceof RemoteAnswer.Refused refused) {
      refused.transaction().ifPresent(named::sending);
      return refused(payment, refused, refused.nothingSent() || idempotent);
    }
    RemoteAnswer.Unclear unclear = (RemoteAnswer.Unclear) answer;
    report(unclear);
    unclear.transaction().ifPresent(named::sending);
    if ((unclear.isPending() || idempotent) && deadline.sleep(PAUSE_BEFORE_AGAIN)) {
      return concludeLater(payment, askAgain(payment, deadline), hashes(unclear), deadline);
    }
    return read(payment, hashes(unclear));
  }

  private static List<String> hashes(RemoteAnswer.Unclear unclear) {
    return unclear.transaction().stream().toList();
  }

  Settlement outcome(SignedPayment payment, List<String> transactions) throws FacilitatorException {
    Settlement.Settled earlier = remembered(payment);
    if (earlier != null) {
      return earlier;
    }
    Optional<Settlement> onChain = local.outcome(payment, transactions, others());
    if (onChain.isPresent() && isKnown(onChain.get(), !transactions.isEmpty())) {
      return remember(payment, onChain.get());
    }
    if (onChain.isPresent() && !transactions.isEmpty() && !idempotent) {
      return onChain.get(); // on its way: to ask again would send another transaction
    }
    Deadline deadline = http.deadline(outcomeTimeout);
    RemoteAnswer answer = ask(payment, deadline);
    if (answer instanceof RemoteAnswer.NotSent notSent) {
      throw new FacilitatorException("the facilitator was not reached: " + notSent.why());
    }
    return concludeLater(payment, answer, transactions, deadline);
  }

  private RemoteAnswer ask(SignedPayment payment, Deadline deadline) throws FacilitatorException {
    String claimant = payment.claimant();
    FacilitatorHttp.Reply reply =
        http.post(
            "/settle",
            FacilitatorMessages.request(payment, resource),
            claimant == null ? Map.of() : Map.of(FacilitatorMessages.IDEMPOTENCY_KEY, claimant),
            deadline.left());
    return RemoteAnswer.of(http, reply, payment);
  }

  /** Something was sent before, so there is no such thing as not sent any more. */
  private RemoteAnswer askAgain(SignedPayment payment, Deadline deadline) {
    try {
      return ask(payment, deadline);
    } catch (FacilitatorException e) {
      return new RemoteAnswer.NotSent("no credentials");
    }
  }

  /**
   * The chain is asked before anything is called failed. Without its word a refusal counts only if
   * nothing can have been sent: in answer to the first request, for a reason that comes before a
   * broadcast. What the facilitator sent then, it sent for somebody else.
   */
  private Settlement refused(
      SignedPayment payment, RemoteAnswer.Refused refused, boolean isCertain) {
    Set<Address> others = refused.nothingSent() ? kinds.current().signers() : Set.of();
    try {
      Optional<Settlement> onChain =
          local.outcome(payment, refused.transaction().stream().toList(), others);
      if (onChain.isPresent() && !(onChain.get() instanceof Settlement.Pending)) {
        return remember(payment, onChain.get());
      }
      return isCertain ? refused.failed() : pending(payment, refused);
    } catch (FacilitatorException e) {
      return pending(payment, refused);
    }
  }

  private Settlement pending(SignedPayment payment, RemoteAnswer.Refused refused) {
    log.warn(
        "facilitator {}: refused a settlement with {}, which proves nothing; pending until {}",
        http.origin(),
        refused.reason().wireCode(),
        payment.validBefore());
    return new Settlement.Pending(refused.hash());
  }

  /** What it said when it had been asked before: a refusal may be the echo of its own success. */
  private Settlement concludeLater(
      SignedPayment payment, RemoteAnswer answer, List<String> told, Deadline deadline) {
    if (answer instanceof RemoteAnswer.Moved moved) {
      return confirmed(payment, moved, deadline);
    }
    if (answer instanceof RemoteAnswer.Refused refused && idempotent) {
      return refused(payment, refused, true);
    }
    if (answer instanceof RemoteAnswer.Repeated repeated) {
      return repeated.outcome();
    }
    if (answer instanceof RemoteAnswer.Unclear unclear) {
      report(unclear);
      List<String> all = new ArrayList<>(told);
      unclear.transaction().filter(each -> !told.contains(each)).ifPresent(all::add);
      return read(payment, all);
    }
    return read(payment, told, !told.isEmpty() || answer instanceof RemoteAnswer.NonceUsed);
  }

  /**
   * The authorization was used before we asked. By a stranger who sent it early: the money is ours.
   * By the facilitator for somebody who asked it with the same payment: not ours to deliver.
   */
  private Settlement usedByAnother(SignedPayment payment) {
    try {
      return local
          .outcome(payment, List.of(), kinds.current().signers())
          .map(found -> remember(payment, found))
          .orElseGet(() -> idempotent ? ALREADY_USED : UNKNOWN);
    } catch (FacilitatorException e) {
      return UNKNOWN; // the chain would know, and does not answer
    }
  }

  /** Where the chain can be read, its word counts; its node may be behind the facilitator's. */
  private Settlement confirmed(SignedPayment payment, RemoteAnswer.Moved moved, Deadline deadline) {
    String transaction = moved.transaction();
    Backoff pauses = new Backoff(FIRST_PAUSE, 2, LONGEST_PAUSE);
    while (true) {
      Settlement found = onChain(payment, transaction);
      if (!(found instanceof Settlement.Pending)) {
        if (found instanceof Settlement.Failed) {
          log.error(
              "facilitator {}: said success of {}, and the chain says otherwise",
              http.origin(),
              transaction);
          return read(payment, List.of(), true); // another transaction may be on its way
        }
        return remember(payment, found) instanceof Settlement.Settled settled
            ? settled.withExtensionResponses(moved.extensionResponses())
            : found;
      }
      if (!deadline.sleep(pauses.next())) {
        return found;
      }
    }
  }

  private Settlement onChain(SignedPayment payment, String transaction) {
    try {
      return local
          .outcome(payment, List.of(transaction), Set.of())
          .orElseGet(
              () ->
                  new Settlement.Settled(
                      transaction, payment.payer(), payment.requirements().amount()));
    } catch (FacilitatorException e) {
      return new Settlement.Pending(transaction); // the next call may find the chain again
    }
  }

  private Settlement read(SignedPayment payment, List<String> transactions) {
    return read(payment, transactions, !transactions.isEmpty());
  }

  /** Returns what the chain says where it can be read and answers, and pending otherwise. */
  private Settlement read(SignedPayment payment, List<String> transactions, boolean isOurs) {
    Settlement pending =
        new Settlement.Pending(
            transactions.isEmpty() ? null : transactions.get(transactions.size() - 1));
    try {
      return local
          .outcome(payment, transactions, others())
          .filter(found -> isKnown(found, isOurs))
          .map(found -> remember(payment, found))
          .orElse(pending);
    } catch (FacilitatorException e) {
      return pending;
    }
  }

  /**
   * Returns whose transactions the chain shows without the one for whom they were sent: those of a
   * facilitator that can be asked for whom.
   */
  private Set<Address> others() {
    return idempotent ? kinds.current().signers() : Set.of();
  }

  /**
   * Another seller may have had the same payment settled, and the chain shows both the same,
   * whoever sent the transfer: the facilitator says whose it is.
   *
   * @param isOurs whether it has said that it is ours: it told us a transaction, or that the
   *     authorization is used without keeping it for another
   */
  private boolean isKnown(Settlement found, boolean isOurs) {
    if (found instanceof Settlement.Settled) {
      return isOurs || !idempotent;
    }
    boolean isSomebodys =
        idempotent
            && found instanceof Settlement.Failed failed
            && failed.reason() == ErrorReason.NONCE_ALREADY_USED;
    return !isSomebodys && !(found instanceof Settlement.Pending);
  }

  private Settlement remember(SignedPayment payment, Settlement found) {
    if (found instanceof Settlement.Settled known) {
      settled.put(payment.id(), known);
    }
    return found;
  }

  private Settlement.@Nullable Settled remembered(SignedPayment payment) {
    return settled.get(payment.id()).orElse(null);
  }

  private void report(RemoteAnswer.Unclear unclear) {
    if (unclear.why().startsWith("success")) {
      log.error("facilitator {}: {}; taken for unknown", http.origin(), unclear.why());
    } else {
      log.warn("facilitator {}: settlement unknown: {}", http.origin(), unclear.why());
    }
  }
}
