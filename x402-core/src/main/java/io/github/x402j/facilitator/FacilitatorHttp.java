// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.FacilitatorException;
import io.github.x402j.http.BoundedHttp;
import io.github.x402j.http.Deadline;
import io.github.x402j.http.Ticker;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The way to a facilitator: one deadline over a whole exchange, a cap on the answer, no redirects,
 * credentials for its own origin and nowhere else.
 *
 * <p>What it says for people holds no URL, header or answer text.
 */
final class FacilitatorHttp {
  static final int MAX_ANSWER_BYTES = 64 * 1024;

  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\x20-\\x7e]+");

  private final URI base;
  private final HttpFacilitator.Authentication authentication;
  private final BoundedHttp http;
  private final Ticker ticker;

  FacilitatorHttp(
      URI base, HttpFacilitator.Authentication authentication, BoundedHttp http, Ticker ticker) {
    this.base = requireUsable(base);
    this.authentication = authentication;
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
    record Answered(int status, String body) implements Reply {}

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
    headers.forEach((name, value) -> add(request, name, value));
    authentication.headers(method, endpoint).forEach((name, value) -> add(request, name, value));
    long left = end - ticker.nanos();
    if (left <= 0) {
      return new Reply.NotSent("there was no time left to ask");
    }
    try {
      HttpResponse<byte[]> response = http.send(request.build(), Duration.ofNanos(left));
      return new Reply.Answered(response.statusCode(), new String(response.body(), UTF_8));
    } catch (BoundedHttp.NoAnswerException e) {
      String why = String.valueOf(e.getMessage());
      return e.neverSent() ? new Reply.NotSent(why) : new Reply.Lost(why);
    }
  }

  /** The JDK's own refusal of a header repeats its value. */
  private static void add(HttpRequest.Builder request, String name, String value) {
    if (!HEADER_NAME.matcher(name).matches() || !HEADER_VALUE.matcher(value).matches()) {
      throw new IllegalStateException(
          "authentication: expected header names and values in visible ASCII");
    }
    request.setHeader(name, value);
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

  static Map<String, String> noHeaders(String method, URI endpoint) {
    return Map.of();
  }
}
