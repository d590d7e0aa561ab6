// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static io.github.x402j.facilitator.HttpFacilitatorTest.PAYER;
import static io.github.x402j.facilitator.HttpFacilitatorTest.TX;
import static io.github.x402j.facilitator.HttpFacilitatorTest.checked;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.facilitator.FailureReasons.Stage;
import io.github.x402j.gate.Sale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every reason for a failed settlement that a facilitator may give, with each status, with and
 * without a transaction, and with each thing that the chain may say.
 */
class FailureReasonsTest {
  private static final String STRANGERS = "0x" + "cd".repeat(32);
  private static final Settlement.Settled PAID =
      new Settlement.Settled(STRANGERS, Sale.PAYER.address(), Sale.OFFER.amount());
  private static final Settlement.Failed OVER =
      new Settlement.Failed(ErrorReason.AUTHORIZATION_EXPIRED, "the window is over");
  private static final List<String> NOT_IN_THE_TABLE =
      List.of(
          "",
          "absent",
          "null",
          "Insufficient_Funds",
          " insufficient_funds",
          "insufficient_funds ",
          "insufficient_funds: have 0",
          "invalid_",
          "invalid_something_new",
          "invalid_exact_evm_",
          "invalid_exact_evm_transaction_failed: HTTP request failed.",
          "The contract function transferWithAuthorization reverted.",
          "unsupported_scheme\\n",
          "error");

  private static final List<Integer> STATUSES = List.of(200, 400, 402, 422, 403, 429, 500);

  private final HostileFacilitator remote = new HostileFacilitator();

  @AfterEach
  void close() {
    remote.close();
  }

  /** What the seller's own node says of the authorization. */
  enum OnChain implements LocalChecks {
    NOT_READ {
      @Override
      Optional<Settlement> now() {
        return Optional.empty();
      }
    },
    AWAY {
      @Override
      Optional<Settlement> now() throws FacilitatorException {
        throw new FacilitatorException("the chain does not answer");
      }
    },
    UNUSED {
      @Override
      Optional<Settlement> now() {
        return Optional.of(new Settlement.Pending(null));
      }
    },
    PAID_US {
      @Override
      Optional<Settlement> now() {
        return Optional.of(PAID);
      }
    },
    WINDOW_OVER {
      @Override
      Optional<Settlement> now() {
        return Optional.of(OVER);
      }
    };

    private final LocalChecks local = EvmLocalChecks.builder().clock(Sale.CLOCK).build();

    abstract Optional<Settlement> now() throws FacilitatorException;

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return local.check(payload, requirements);
    }

    @Override
    public Optional<Settlement> outcome(
        SignedPayment payment, List<String> transactions, Set<Address> others)
        throws FacilitatorException {
      return now();
    }
  }

  private HttpFacilitator facilitator(OnChain chain) {
    return HttpFacilitator.builder(remote.url(), chain)
        .settleTimeout(Duration.ofMillis(400))
        .verifyTimeout(Duration.ofMillis(400))
        .clock(Sale.CLOCK)
        .build();
  }

  private static String failure(String reason, String transaction) {
    String member =
        switch (reason) {
          case "absent" -> "";
          case "null" -> ",\"errorReason\":null";
          default -> ",\"errorReason\":\"" + reason + "\"";
        };
    return "{\"success\":false"
        + member
        + ",\"transaction\":\""
        + transaction
        + "\",\"network\":\"eip155:84532\",\"payer\":\""
        + PAYER
        + "\"}";
  }

  private static Map<String, Stage> everyReason() {
    Map<String, Stage> reasons = new TreeMap<>(FailureReasons.all());
    NOT_IN_THE_TABLE.forEach(reason -> reasons.put(reason, Stage.MAY_FOLLOW_BROADCAST));
    return reasons;
  }

  /** Failed is said only if nothing can have moved: the table's first stage, or the chain. */
  private static boolean mayFail(OnChain chain, Stage stage, String transaction, int status) {
    boolean isRefusal =
        stage == Stage.BEFORE_BROADCAST
            && transaction.isEmpty()
            && Set.of(200, 400, 402, 403, 422).contains(status);
    return switch (chain) {
      case NOT_READ, UNUSED -> isRefusal;
      case AWAY, PAID_US -> false;
      case WINDOW_OVER -> true;
    };
  }

  /** All of them where the answer alone decides. */
  private static List<Integer> statuses(OnChain chain, String transaction) {
    if (!transaction.isEmpty() && !transaction.equals(TX)) {
      return List.of(200);
    }
    return chain == OnChain.NOT_READ || chain == OnChain.UNUSED ? STATUSES : List.of(200, 500);
  }

  @ParameterizedTest(name = "the chain: {0}")
  @EnumSource
  @DisplayName("fails only where nothing can have moved, and says settled where the chain does")
  void saysFailedOnlyWhereNothingCanHaveMoved(OnChain chain) throws Exception {
    HttpFacilitator facilitator = facilitator(chain);
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    for (Map.Entry<String, Stage> each : everyReason().entrySet()) {
      for (String transaction : List.of("", TX, "0x0", "0x" + "00".repeat(32))) {
        for (int status : statuses(chain, transaction)) {
          String name = each.getKey();
          if (name.equals("settlement_pending") && status != 200) {
            continue; // asked again after a pause
          }
          remote.on("/settle", json(status, failure(name, transaction)));
          HttpFacilitator fresh = chain == OnChain.PAID_US ? facilitator(chain) : facilitator;
          Settlement found = fresh.settle(payment, hash -> {});
          cases++;
          boolean mayFail = mayFail(chain, each.getValue(), transaction, status);
          boolean isRight =
              chain == OnChain.PAID_US
                  ? found.equals(PAID)
                  : mayFail
                      ? found instanceof Settlement.Failed
                      : found instanceof Settlement.Pending;
          if (!isRight) {
            wrong.add(status + " " + name + " \"" + transaction + "\": " + found);
          }
        }
      }
    }
    System.out.printf("%s: %d answers, %d wrong%n", chain, cases, wrong.size());
    assertThat(wrong).isEmpty();
  }

  /** The echo of an earlier request: the first took the money, and the second finds none. */
  @Test
  void neverTakesARefusalOfALaterRequestForAFailure() throws Exception {
    HttpFacilitator facilitator = facilitator(OnChain.NOT_READ);
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    List<String> wrong = new ArrayList<>();
    for (String reason : everyReason().keySet()) {
      for (String transaction : List.of("", TX)) {
        remote.on("/settle", HostileFacilitator.hangUp(), json(200, failure(reason, transaction)));
        assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Pending.class);
        for (List<String> known : List.of(List.<String>of(), List.of(TX))) {
          Settlement found = facilitator.outcome(payment, known);
          if (!(found instanceof Settlement.Pending)) {
            wrong.add(reason + " \"" + transaction + "\", known " + known + ": " + found);
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void isShownOnThePage() throws IOException {
    String page = Files.readString(Path.of("../docs/facilitator.md"));
    Matcher section =
        Pattern.compile("<!-- begin reasons -->(.*)<!-- end reasons -->", Pattern.DOTALL)
            .matcher(page);
    assertThat(section.find()).isTrue();
    Map<String, Stage> shown = new TreeMap<>();
    Stage stage = null;
    for (String line : section.group(1).lines().toList()) {
      if (line.startsWith("**")) {
        stage = line.startsWith("**Before") ? Stage.BEFORE_BROADCAST : Stage.MAY_FOLLOW_BROADCAST;
      }
      Matcher code = Pattern.compile("`([a-z0-9_]+)`").matcher(line);
      while (code.find()) {
        shown.put(code.group(1), Objects.requireNonNull(stage));
      }
    }
    assertThat(shown).isEqualTo(FailureReasons.all());
  }
}
