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
import org.jspecify.annotations.Nullable;

/** A response whose request shows neither the payment nor the receipt that was sent with it. */
final class ClientResponse<T> implements HttpResponse<T> {
  private final HttpResponse<T> response;
  private final HttpRequest request;
  private final @Nullable Payment payment;

  /**
   * @param request the request that was sent, without payment and receipt, so that code which logs
   *     a response and its request logs neither
   * @param payment the payment that was sent, null if none was
   */
  ClientResponse(HttpResponse<T> response, HttpRequest request, @Nullable Payment payment) {
    this.response = response;
    this.request = request;
    this.payment = payment;
  }

  Optional<Payment> payment() {
    return Optional.ofNullable(payment);
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
    String paid = payment == null ? "" : ", " + payment;
    return String.format("ClientResponse[%s %s %d%s]", request.method(), uri(), statusCode(), paid);
  }
}
