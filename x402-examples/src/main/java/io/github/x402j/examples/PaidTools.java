// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.Token;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sells calls of an MCP server's tools, as the MCP transport of x402 says: the payment is in {@code
 * _meta["x402/payment"]} of the call, the settlement in {@code _meta["x402/payment-response"]} of
 * its result, and a call without a payment gets the descriptor as a result with {@code isError}.
 *
 * <p>The gate decides on all of it, as it does for the servlet filter; a result is let out once its
 * payment is settled. Which of the SDK's transports the call came by makes no difference. Safe for
 * use by several threads.
 */
final class PaidTools {
  private static final Logger log = LoggerFactory.getLogger(PaidTools.class);

  /** How long a payment may be valid. */
  private static final Duration MAX_TIMEOUT = Duration.ofSeconds(60);

  private record Sold(PricedTool tool, Challenge challenge) {}

  private final PaymentGate gate;
  private final Map<String, Sold> sold = new LinkedHashMap<>();

  private PaidTools(PaymentGate gate) {
    this.gate = gate;
  }

  /**
   * Returns the tools, after the gate has held their prices against the chain.
   *
   * @throws IllegalStateException if one could not be paid for
   */
  static PaidTools start(PaymentGate gate, Token token, Address payTo, List<PricedTool> tools) {
    PaidTools paid = new PaidTools(gate);
    List<PaymentRequirements> all = new ArrayList<>();
    for (PricedTool tool : tools) {
      PaymentRequirements option =
          PaymentRequirements.exact(token, tool.price().in(token), payTo, MAX_TIMEOUT);
      Challenge challenge =
          gate.challenge(
              PaymentRequired.of(tool.resource(), List.of(option))
                  .withError("Payment required to call this tool"));
      if (paid.sold.put(tool.tool().name(), new Sold(tool, challenge)) != null) {
        throw new IllegalArgumentException("tool " + tool.tool().name() + ": it is there twice");
      }
      all.add(option);
    }
    gate.start(all);
    return paid;
  }

  /** Returns the tools, to be registered with {@link #call} as their handler. */
  List<PricedTool> tools() {
    return sold.values().stream().map(Sold::tool).toList();
  }

  /** Does the work of a tool if the call pays for it. */
  CallToolResult call(CallToolRequest request) {
    Sold tool = sold.get(request.name());
    if (tool == null) {
      throw new IllegalArgumentException("no such tool is sold");
    }
    Object payment = PaymentMeta.paymentOf(request).orElse(null);
    Admission admission;
    try {
      admission = admit(tool, request, payment);
    } catch (RuntimeException e) { // closes the gate: the tool does not run
      log.error("tool {}: the payment could not be decided", request.name(), e);
      return ToolAnswers.error("payment_undecided", "the price or payment is unclear");
    }
    if (admission instanceof Admission.Admitted admitted) {
      return deliver(tool, request, admitted.payment());
    }
    if (admission instanceof Admission.Refused refused) {
      return ToolAnswers.refused(
          tool.challenge().required(),
          refused.refusal(),
          payment == null ? 2 : PaymentMeta.versionOf(payment));
    }
    throw new IllegalStateException("this gate was told to store answers, which are HTTP's");
  }

  private Admission admit(Sold tool, CallToolRequest request, @Nullable Object payment) {
    Function<String, List<String>> headers =
        payment == null ? name -> List.of() : PaymentMeta.asHeader(payment);
    return gate.admit(tool.challenge(), nameOf(request), headers);
  }

  /** The tool runs, then the money moves, then the result goes out. */
  private CallToolResult deliver(Sold tool, CallToolRequest request, VerifiedPayment payment) {
    Optional<CallToolResult> result = Optional.empty();
    boolean good = false;
    try {
      result = Optional.of(tool.tool().handler().apply(PaymentMeta.without(request)));
      McpJson.text(result.get()); // what cannot be sent is not to be charged
      good = !Boolean.TRUE.equals(result.get().isError());
    } catch (RuntimeException e) { // its message is output of the tool: nobody has paid for that
      log.error("tool {}: it failed; nothing is charged", request.name(), e);
      result = Optional.empty();
    } finally {
      if (!good) {
        gate.release(payment);
      }
    }
    if (!good) {
      return result
          .filter(shown -> tool.tool().deliversErrors())
          .orElseGet(() -> ToolAnswers.error("handler_failed", cost(payment)));
    }
    Settlement settlement = settle(request, payment);
    return settlement instanceof Settlement.Settled
        ? PaymentMeta.with(
            PaymentMeta.responseIn(gate.receipt(payment)).orElseThrow(), result.orElseThrow())
        : ToolAnswers.refused(
            tool.challenge().required(),
            gate.refuse(tool.challenge(), payment, settlement),
            payment.x402Version());
  }

  /** A settlement that breaks off, by a fault of the ledger, say, closes the gate. */
  private Settlement settle(CallToolRequest request, VerifiedPayment payment) {
    try {
      Settlement settlement = gate.settle(payment);
      if (settlement instanceof Settlement.Settled) {
        gate.delivered(payment);
      }
      return settlement;
    } catch (RuntimeException e) {
      log.error("tool {}: the settlement broke off", request.name(), e);
      return new Settlement.Pending(null);
    }
  }

  private static String cost(VerifiedPayment payment) {
    return payment.settlement().isPresent()
        ? "the payment stands; send the same one again"
        : "nothing was charged";
  }

  /** A payment that was begun for a call is finished for no other tool and no other arguments. */
  private static String nameOf(CallToolRequest request) {
    Map<String, Object> arguments = request.arguments();
    String text = McpJson.sortedText(arguments == null ? Map.of() : arguments);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return "tools/call " + request.name() + " " + HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each Java platform has SHA-256", e);
    }
  }
}
