// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/** The answer to a request, without what was sent with it that is nobody else's business. */
class SentResponse<T> implements HttpResponse<T> {
  private final HttpResponse<T> response;
  private final HttpRequest request;

  /**
   * @param request what was sent, without payment and receipt, so that code which logs a response
   *     and its request logs neither
   */
  SentResponse(HttpResponse<T> response, HttpRequest request) {
    this.response = response;
    this.request = request;
  }

  @Override
  public HttpRequest request() {
    return request;
  }

  @Override
  public int statusCode() {
    return response.statusCode();
  }

  @Override
  public Optional<HttpResponse<T>> previousResponse() {
    return response.previousResponse();
  }

  @Override
  public HttpHeaders headers() {
    return response.headers();
  }

  @Override
  public T body() {
    return response.body();
  }

  @Override
  public Optional<SSLSession> sslSession() {
    return response.sslSession();
  }

  @Override
  public URI uri() {
    return response.uri();
  }

  @Override
  public HttpClient.Version version() {
    return response.version();
  }

  @Override
  public String toString() {
    return "SentResponse[" + request.method() + " " + uri() + " " + statusCode() + "]";
  }
}
