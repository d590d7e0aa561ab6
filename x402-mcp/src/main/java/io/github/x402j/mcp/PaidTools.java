// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static java.util.Objects.requireNonNull;

import io.github.x402j.Address;
import io.github.x402j.Hashes;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.AccessRequest;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.SaleTransport;
import io.github.x402j.gate.VerifiedPayment;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
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
 * Sells calls of an MCP server's tools. The payment is in {@code _meta["x402/payment"]} of the
 * call, the settlement in {@code _meta["x402/payment-response"]} of its result. A call without a
 * payment gets the descriptor, as a result with {@code isError}.
 *
 * <p>A {@link PaymentGate} decides, as it does for the servlet filter, and a result goes out once
 * its payment is settled. Every transport of the SDK works. Safe for use by several threads.
 */
public final class PaidTools {
  private static final Logger log = LoggerFactory.getLogger(PaidTools.class);

  /** How long a payment may be valid. */
  private static final Duration MAX_TIMEOUT = Duration.ofSeconds(60);

  private record Sold(PricedTool tool, Challenge challenge) {
    /**
     * Runs the tool, which does not see the payment.
     *
     * @throws IllegalStateException if its result does not follow its output schema
     * @throws IllegalArgumentException if JSON cannot express the result
     */
    CallToolResult run(CallToolRequest request) {
      CallToolResult result = tool.handler().apply(PaymentMeta.without(request));
      Map<String, Object> schema = tool.tool().outputSchema();
      if (schema != null && !Boolean.TRUE.equals(result.isError())) {
        result = following(schema, result);
      }
      McpJson.text(result); // what cannot be sent is not charged
      return result;
    }

    /** The SDK checks the same, and adds the same text, but only after the settlement. */
    private static CallToolResult following(Map<String, Object> schema, CallToolResult result) {
      Object content = result.structuredContent();
      if (content == null) {
        throw new IllegalStateException("structuredContent: expected by the output schema");
      }
      if (!McpJsonDefaults.getSchemaValidator().validate(schema, content).valid()) {
        throw new IllegalStateException("structuredContent: does not follow the output schema");
      }
      if (!result.content().isEmpty()) {
        return result;
      }
      List<Content> text = List.of(TextContent.builder(McpJson.text(content)).build());
      return new CallToolResult(text, result.isError(), content, result.meta());
    }
  }

  private final PaymentGate gate;
  private final Map<String, Sold> sold = new LinkedHashMap<>();

  private PaidTools(PaymentGate gate) {
    this.gate = gate;
  }

  /**
   * Returns the tools for sale, after the gate has checked their prices against the chain.
   *
   * @param token what is paid with
   * @param payTo the recipient of the payments
   * @param tools what is for sale; each name once
   * @throws IllegalArgumentException if two tools have one name
   * @throws IllegalStateException if a tool could not be paid for
   */
  public static PaidTools start(
      PaymentGate gate, Token token, Address payTo, List<PricedTool> tools) {
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
      all.add(option.withDecimals(token.decimals()));
    }
    gate.start(all);
    return paid;
  }

  /**
   * Returns the mapper that a server with paid tools must be given, and its transport. The SDK
   * parses a message before the payment in it is read. This mapper refuses what a payment must not
   * have: a member that occurs twice, and text after the end.
   *
   * <p>Needs {@code io.modelcontextprotocol.sdk:mcp-json-jackson2} on the class path.
   */
  public static McpJsonMapper jsonMapper() {
    return McpJson.forSdk();
  }

  /** Returns the tools, to be registered with {@link #call} as their handler. */
  public List<PricedTool> tools() {
    return sold.values().stream().map(Sold::tool).toList();
  }

  /**
   * Runs a tool if the call pays for it, and returns its result once the payment is settled.
   * Otherwise returns what the call costs, or why the payment was refused.
   *
   * @throws IllegalArgumentException if the call is for a tool that is not sold here
   */
  public CallToolResult call(CallToolRequest request) {
    Sold tool = sold.get(request.name());
    if (tool == null) {
      throw new IllegalArgumentException("no such tool is sold");
    }
    Object payment = PaymentMeta.paymentOf(request).orElse(null);
    ToolSale sale =
        new ToolSale(tool, request, payment == null ? 2 : PaymentMeta.versionOf(payment));
    Function<String, List<String>> headers =
        payment == null ? name -> List.of() : PaymentMeta.asHeaders(payment, request);
    try {
      gate.sell(
          tool.challenge(),
          Purchase.of(purchaseOf(request), "POST").withFixedPrice(),
          headers,
          sale);
      return sale.answer();
    } catch (RuntimeException e) { // closes the gate: nothing of the tool goes out
      log.error("tool {}: the payment could not be decided", request.name(), e);
      return error("payment_undecided", "the price or payment is unclear");
    }
  }

  /** One call: what runs, and how its answers are put into results. The gate has the order. */
  private static final class ToolSale implements SaleTransport<RuntimeException> {
    private final Sold tool;
    private final CallToolRequest request;
    private final int x402Version;
    private @Nullable CallToolResult output;
    private @Nullable Map<String, Object> settlement;
    private @Nullable CallToolResult answer;

    /**
     * @param x402Version the version of the payment; 2 if there is none
     */
    ToolSale(Sold tool, CallToolRequest request, int x402Version) {
      this.tool = tool;
      this.request = request;
      this.x402Version = x402Version;
    }

    CallToolResult answer() {
      return requireNonNull(answer);
    }

    @Override
    public void refuse(Refusal refusal) {
      answer = refused(tool.challenge().required(), refusal, x402Version);
    }

    /** An attribute is a member of the request's {@code _meta}, such as an API key. */
    @Override
    public AccessRequest.Details details() {
      return new AccessRequest.Details() {
        @Override
        public Optional<Object> attribute(String name) {
          return Optional.ofNullable(request.meta()).map(meta -> meta.get(name));
        }
      };
    }

    @Override
    public void runGranted(Admission.Granted granted) {
      try {
        answer = tool.run(request);
      } catch (RuntimeException e) {
        log.error("tool {}: it failed; nothing is charged", request.name(), e);
        answer = error("handler_failed", "nothing was charged");
      }
    }

    @Override
    public void repeat(StoredAnswer stored) {
      throw new IllegalStateException("this gate stores answers, which only HTTP has");
    }

    @Override
    public void run(VerifiedPayment payment, Ending<RuntimeException> ending) {
      boolean good = false;
      try {
        CallToolResult result = tool.run(request);
        output = result;
        good = !Boolean.TRUE.equals(result.isError());
      } catch (RuntimeException e) { // its message is output of the tool, which was not paid for
        log.error("tool {}: it failed; nothing is charged", request.name(), e);
      } finally {
        if (!good) {
          ending.failed();
        }
      }
      if (good) {
        ending.completed();
      }
    }

    @Override
    public void fail(VerifiedPayment payment) {
      CallToolResult shown = output;
      answer =
          shown != null && tool.tool().deliversErrors()
              ? shown
              : error(
                  "handler_failed",
                  payment.settlement().isPresent()
                      ? "the payment stands; send the same one again"
                      : "nothing was charged");
    }

    @Override
    public void addHeaders(VerifiedPayment payment, Map<String, String> headers) {
      settlement = PaymentMeta.responseIn(headers).orElseThrow();
    }

    @Override
    public Optional<StoredAnswer> copy(long maxBytes) {
      return Optional.empty();
    }

    @Override
    public void deliver(VerifiedPayment payment) {
      answer = PaymentMeta.with(requireNonNull(settlement), requireNonNull(output));
    }
  }

  /** A payment that was begun for a call is finished for no other tool and no other arguments. */
  private static String purchaseOf(CallToolRequest request) {
    Map<String, Object> arguments = request.arguments();
    String text = McpJson.sortedText(arguments == null ? Map.of() : arguments);
    return "tools/call " + request.name() + " " + HexFormat.of().formatHex(Hashes.sha256(text));
  }

  /**
   * Returns the result for a call that is refused, or not delivered.
   *
   * @param required what the call costs
   * @param x402Version the version of the payment; 2 where there is none
   */
  private static CallToolResult refused(
      PaymentRequired required, Refusal refusal, int x402Version) {
    CallToolResult answer =
        switch (refusal.status()) {
          case 402 -> result(x402Version == 1 ? refusal.body() : descriptorIn(refusal));
          // Not a payment at all: the code is in the body, and the descriptor is sent again.
          case 400 -> result(PaymentMeta.textOf(required.withError(codeIn(refusal))));
          // Not a descriptor, which would ask for another payment: the body says what to do.
          default -> result(refusal.body());
        };
    Optional<Map<String, Object>> response = PaymentMeta.responseIn(refusal.headers());
    return response.isPresent() ? PaymentMeta.with(response.get(), answer) : answer;
  }

  /** Returns an error of this class's own; code and detail are fixed texts. */
  private static CallToolResult error(String code, String detail) {
    return result(PaymentCodec.errorBody(code, detail));
  }

  /** The same JSON twice, as not every client can read structured content. */
  private static CallToolResult result(String json) {
    return CallToolResult.builder(List.of(TextContent.builder(json).build()))
        .structuredContent((Object) McpJson.object(json).orElseThrow())
        .isError(true)
        .build();
  }

  /** Where a facilitator settles payments of version 1 alone, the body is all that is offered. */
  private static String descriptorIn(Refusal refusal) {
    String header = refusal.headers().get(PaymentHeader.PAYMENT_REQUIRED);
    return header == null ? refusal.body() : PaymentMeta.decoded(header);
  }

  private static String codeIn(Refusal refusal) {
    return McpJson.object(refusal.body())
        .map(body -> String.valueOf(body.get("error")))
        .orElseThrow();
  }
}
