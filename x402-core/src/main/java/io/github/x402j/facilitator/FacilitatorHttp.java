// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.http.BoundedHttp;
import io.github.x402j.http.Deadline;
import io.github.x402j.http.Ticker;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to a facilitator: one deadline over a whole exchange, a cap on the answer, no redirects,
 * credentials for its own origin and nowhere else.
 *
 * <p>What it says for people holds no URL, header or answer text.
 */
final class FacilitatorHttp {
  static final int MAX_ANSWER_BYTES = 64 * 1024;

  private static final Logger log = LoggerFactory.getLogger(HttpFacilitator.class);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,6}");

  private final URI base;
  private final BoundedAuthentication authentication;
  private final BoundedHttp http;
  private final Ticker ticker;
  private final AtomicBoolean hasRedirected = new AtomicBoolean();

  FacilitatorHttp(
      URI base, HttpFacilitator.Authentication authentication, BoundedHttp http, Ticker ticker) {
    this.base = requireUsable(base);
    this.authentication = new BoundedAuthentication(authentication);
    this.http = http;
    this.ticker = ticker;
  }

  /** Returns the end of a task that begins now. */
  Deadline deadline(Duration timeout) {
    return Deadline.in(timeout, ticker);
  }

  /** What became of a request. */
  sealed interface Reply {
    /** It was answered in full. */
    record Answered(int status, HttpHeaders headers, String body) implements Reply {
      /** Returns what a client that asks too much is to wait, zero if that is not said. */
      Duration retryAfter() {
        return headers
            .firstValue("Retry-After")
            .filter(text -> SECONDS.matcher(text).matches())
            .map(text -> Duration.ofSeconds(Long.parseLong(text)))
            .orElse(Duration.ZERO);
      }

      /** Returns the value of a header that stands there once, empty otherwise. */
      private List<String> only(String header) {
        List<String> values = headers.allValues(header);
        return values.size() == 1 ? values : List.of();
      }
    }

    /**
     * It was sent elsewhere, where nothing is sent.
     *
     * @param why names the status and the origin of the target
     */
    record Redirected(String why) implements Reply {}

    /** It never left, for certain. */
    record NotSent(String why) implements Reply {}

    /** It has left, or may have, and there is no answer that could be read. */
    record Lost(String why) implements Reply {}
  }

  /** Names scheme, host and port; a path may hold a key. */
  String origin() {
    return base.getScheme() + "://" + base.getAuthority();
  }

  Reply get(String path, Duration timeout) throws FacilitatorException {
    return send("GET", path, HttpRequest.BodyPublishers.noBody(), Map.of(), timeout);
  }

  Reply post(String path, String json, Duration timeout) throws FacilitatorException {
    return post(path, json, Map.of(), timeout);
  }

  /** Posts with headers of our own besides. */
  Reply post(String path, String json, Map<String, String> headers, Duration timeout)
      throws FacilitatorException {
    return send("POST", path, HttpRequest.BodyPublishers.ofString(json), headers, timeout);
  }

  /** Throws if there are no credentials to be had; nothing was sent then. */
  private Reply send(
      String method,
      String path,
      HttpRequest.BodyPublisher body,
      Map<String, String> headers,
      Duration timeout)
      throws FacilitatorException {
    long end = ticker.nanos() + timeout.toNanos();
    URI endpoint = URI.create(base + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .method(method, body);
    headers.forEach(request::setHeader);
    authentication.headers(method, endpoint, timeout).forEach(request::setHeader);
    long left = end - ticker.nanos();
    if (left <= 0) {
      return new Reply.NotSent("there was no time left to ask");
    }
    try {
      HttpResponse<byte[]> response = http.send(request.build(), Duration.ofNanos(left));
      return REDIRECTS.contains(response.statusCode())
          ? redirected(endpoint, response)
          : new Reply.Answered(
              response.statusCode(), response.headers(), new String(response.body(), UTF_8));
    } catch (BoundedHttp.NoAnswerException e) {
      String why = String.valueOf(e.getMessage());
      return e.neverSent() ? new Reply.NotSent(why) : new Reply.Lost(why);
    }
  }

  /** A redirect is no answer, and what follows it would get the payment and the credentials. */
  private Reply redirected(URI endpoint, HttpResponse<byte[]> response) {
    String why =
        "redirects (status "
            + response.statusCode()
            + ") to "
            + target(endpoint, response.headers().firstValue("Location").orElse(""))
            + ", which is not followed; configure the URL of the facilitator itself";
    if (hasRedirected.compareAndSet(false, true)) {
      log.error("facilitator {}: {}", origin(), why);
    }
    return new Reply.Redirected(why);
  }

  /** Of a text of the other side no more than an origin. */
  private static String target(URI endpoint, String location) {
    try {
      URI target = endpoint.resolve(location);
      if (!location.isBlank() && target.getHost() != null) {
        String port = target.getPort() < 0 ? "" : ":" + target.getPort();
        return target.getScheme() + "://" + target.getHost() + port;
      }
    } catch (IllegalArgumentException e) {
      return "what is no URL";
    }
    return "nowhere";
  }

  /** Returns what was said about extensions, by name; empty if that is nothing that can be read. */
  Map<String, Object> extensionResponses(Reply.Answered answer) {
    for (String header : answer.only(FacilitatorMessages.EXTENSION_RESPONSES)) {
      try {
        return FacilitatorMessages.readExtensionResponses(header);
      } catch (MalformedPaymentException e) {
        log.debug("facilitator {}: EXTENSION-RESPONSES: {}", origin(), e.getMessage());
      }
    }
    return Map.of();
  }

  private static URI requireUsable(URI url) {
    if (url.getHost() == null || url.getRawQuery() != null || url.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "facilitator URL: expected https:// and a host, perhaps a path, no query");
    }
    if (url.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "facilitator URL: expected no user and password; use authentication(...)");
    }
    if (!BoundedHttp.isSafe(url)) {
      throw new IllegalArgumentException(
          "facilitator URL: expected https://, or http:// for this machine itself");
    }
    String text = url.toString();
    return URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
  }
}
