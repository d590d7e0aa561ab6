// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import io.github.x402j.adapter.okhttp.PayingInterceptor;
import io.github.x402j.adapter.okhttp.PaymentIOException;
import io.github.x402j.adapter.spring.PayingExchangeFilter;
import io.github.x402j.adapter.spring.PayingRequestInterceptor;
import io.github.x402j.client.Payer;
import io.github.x402j.client.PaymentPendingException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Map;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.reactive.JdkClientHttpConnector;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.ResponseErrorHandler;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;

/** A client of each make that pays, behind one method. */
enum Shopper {
  REST_CLIENT {
    @Override
    Answer ask(Payer payer, Ask ask) {
      RestClient.RequestBodySpec request =
          RestClient.builder()
              .requestFactory(new JdkClientHttpRequestFactory(HttpClient.newHttpClient()))
              .requestInterceptor(PayingRequestInterceptor.withoutRedirects(payer))
              .build()
              .method(HttpMethod.valueOf(ask.method()))
              .uri(ask.url())
              .attributes(attributes -> attributes.putAll(ask.attributes()));
      if (ask.body() != null) {
        request.body(ask.body());
      }
      return request.exchange(
          (sent, response) -> {
            String body = new String(response.getBody().readAllBytes(), "UTF-8");
            return new Answer(response.getStatusCode().value(), all(response.getHeaders()), body);
          });
    }
  },

  REST_TEMPLATE {
    @Override
    Answer ask(Payer payer, Ask ask) {
      RestTemplate template =
          new RestTemplate(new JdkClientHttpRequestFactory(HttpClient.newHttpClient()));
      template.setInterceptors(List.of(PayingRequestInterceptor.withoutRedirects(payer)));
      template.setErrorHandler(new NoErrors());
      ResponseEntity<String> answer =
          template.exchange(
              ask.url(),
              HttpMethod.valueOf(ask.method()),
              new HttpEntity<>(ask.body()),
              String.class);
      return new Answer(
          answer.getStatusCode().value(),
          all(answer.getHeaders()),
          answer.getBody() == null ? "" : answer.getBody());
    }
  },

  WEB_CLIENT {
    @Override
    Answer ask(Payer payer, Ask ask) {
      WebClient.RequestBodySpec request =
          WebClient.builder()
              .clientConnector(new JdkClientHttpConnector(HttpClient.newHttpClient()))
              .filter(PayingExchangeFilter.withoutRedirects(payer))
              .build()
              .method(HttpMethod.valueOf(ask.method()))
              .uri(ask.url())
              .attributes(attributes -> attributes.putAll(ask.attributes()));
      if (ask.body() != null) {
        request.bodyValue(ask.body());
      }
      return request
          .exchangeToMono(
              response ->
                  response
                      .bodyToMono(String.class)
                      .defaultIfEmpty("")
                      .map(
                          body ->
                              new Answer(
                                  response.statusCode().value(),
                                  all(response.headers().asHttpHeaders()),
                                  body)))
          .block();
    }
  },

  OK_HTTP {
    @Override
    Answer ask(Payer payer, Ask ask) throws IOException {
      OkHttpClient client = PayingInterceptor.of(payer).addTo(new OkHttpClient.Builder()).build();
      RequestBody body =
          ask.body() == null ? null : RequestBody.create(ask.body(), MediaType.parse("text/plain"));
      Request.Builder request =
          new Request.Builder().url(ask.url().toString()).method(ask.method(), body);
      if (ask.pending() != null) {
        request.tag(PaymentPendingException.class, ask.pending());
      }
      try (Response response = client.newCall(request.build()).execute()) {
        return new Answer(
            response.code(), response.headers().toMultimap(), response.body().string());
      } finally {
        client.connectionPool().evictAll();
        client.dispatcher().executorService().shutdown();
      }
    }
  };

  /** Returns the answer to a request, paid for if that was asked and allowed. */
  abstract Answer ask(Payer payer, Ask ask) throws IOException;

  /** Throws what the adapter threw, without what its framework wraps around it. */
  Answer get(Payer payer, URI url) throws IOException {
    return unwrapped(payer, new Ask("GET", url, null, null));
  }

  Answer post(Payer payer, URI url, String body) throws IOException {
    return unwrapped(payer, new Ask("POST", url, body, null));
  }

  Answer resend(Payer payer, PaymentPendingException pending) throws IOException {
    return unwrapped(payer, new Ask("GET", pending.request().uri(), null, pending));
  }

  private Answer unwrapped(Payer payer, Ask ask) throws IOException {
    try {
      return ask(payer, ask);
    } catch (PaymentIOException e) {
      throw e.getCause();
    } catch (ResourceAccessException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private static Map<String, List<String>> all(HttpHeaders headers) {
    Map<String, List<String>> all = new java.util.TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.forEach(all::put);
    return all;
  }

  /** Leaves each status to the caller. */
  private static final class NoErrors implements ResponseErrorHandler {
    @Override
    public boolean hasError(ClientHttpResponse response) {
      return false;
    }
  }

  /** A request. */
  record Ask(
      String method, URI url, @Nullable String body, @Nullable PaymentPendingException pending) {
    Map<String, Object> attributes() {
      return pending == null ? Map.of() : Map.of(PaymentPendingException.class.getName(), pending);
    }
  }

  /** An answer. */
  record Answer(int status, Map<String, List<String>> headers, String body) {
    @Nullable String header(String name) {
      return headers.entrySet().stream()
          .filter(header -> header.getKey().equalsIgnoreCase(name))
          .map(header -> header.getValue().get(0))
          .findFirst()
          .orElse(null);
    }
  }
}
