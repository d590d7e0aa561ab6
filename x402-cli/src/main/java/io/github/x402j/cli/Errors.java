// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Turns an exception into one line on the error stream and an exit status, and into JSON on the
 * output with {@code --json}.
 */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private static final String JSON = "--json";

  private final Terminal terminal;

  Errors(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    terminal.err().println("x402: " + e.getMessage());
    if (Arrays.asList(args).contains(JSON)) {
      terminal.out().println(json(e, ExitCode.USAGE));
    }
    terminal
        .err()
        .println(
            "Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help' for more.");
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed)
      throws Exception {
    int code = codeOf(e);
    terminal.err().println("x402: " + message(e));
    if (command.getParseResult().hasMatchedOption(JSON)) {
      terminal.out().println(json(e, code));
    }
    return code;
  }

  /** Throws a bug again: its reader needs the stack trace. */
  private static int codeOf(Exception e) throws Exception {
    if (e instanceof PaymentDeclinedException) {
      return ExitCode.DECLINED;
    }
    if (e instanceof PaymentPendingException) {
      return ExitCode.PENDING;
    }
    if (e instanceof IllegalArgumentException) {
      return ExitCode.USAGE;
    }
    if (e instanceof IOException
        || e instanceof FacilitatorException
        || e instanceof MalformedPaymentException
        || e instanceof InterruptedException
        || e instanceof IllegalStateException) {
      return ExitCode.FAILED;
    }
    throw e;
  }

  static String message(Exception e) {
    if (e instanceof HttpTimeoutException) {
      return "no answer in time";
    }
    if (e instanceof ConnectException) {
      return "cannot connect: " + orElse(e.getMessage(), "refused, or there is no such host");
    }
    if (e instanceof PaymentDeclinedException declined && declined.approval().isPresent()) {
      return e.getMessage()
          + ": 'x402 wallet approve "
          + declined.approval().get()
          + "' approves it";
    }
    if (e instanceof PaymentPendingException pending) {
      return e.getMessage() + ": 'x402 resend " + pending.payment().nonce() + "' finishes it";
    }
    return orElse(e.getMessage(), e.getClass().getSimpleName());
  }

  private static String orElse(@Nullable String text, String otherwise) {
    return text == null || text.isBlank() ? otherwise : text;
  }

  private static String json(Exception e, int code) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    details(json, e).put("code", name(code)).put("message", message(e));
    return json.toString();
  }

  /** Adds the error to the object with what programs need to know, and returns it. */
  static ObjectNode details(ObjectNode json, Exception e) {
    ObjectNode error = json.putObject("error").put("code", "").put("message", "");
    if (e instanceof PaymentDeclinedException declined) {
      error
          .put("rule", declined.rule())
          .put("limit", declined.limit())
          .put("asked", declined.asked());
      declined.approval().ifPresent(id -> error.put("approval", id));
    }
    if (e instanceof PaymentPendingException pending) {
      error
          .put("network", pending.payment().network().caip2())
          .put("payer", pending.payment().payer().text())
          .put("nonce", pending.payment().nonce())
          .put("validBefore", pending.payment().validBefore().getEpochSecond());
    }
    return error;
  }

  private static String name(int code) {
    return switch (code) {
      case ExitCode.USAGE -> "usage";
      case ExitCode.DECLINED -> "declined";
      case ExitCode.PENDING -> "pending";
      default -> "failed";
    };
  }
}
