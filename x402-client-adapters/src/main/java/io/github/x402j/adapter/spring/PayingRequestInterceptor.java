// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.spring;

import io.github.x402j.client.Answer402;
import io.github.x402j.client.Payer;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.Purchase;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRequest;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.ClientHttpRequestExecution;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.client.support.HttpRequestWrapper;

/**
 * Pays over a {@code RestClient} or {@code RestTemplate}, once per request and within the limits of
 * a wallet.
 *
 * <pre>{@code
 * Payer payer = Payer.of(wallet, Usdc.BASE);
 * RestClient client =
 *     RestClient.builder()
 *         .requestFactory(new JdkClientHttpRequestFactory(HttpClient.newHttpClient()))
 *         .requestInterceptor(PayingRequestInterceptor.withoutRedirects(payer))
 *         .build();
 * }</pre>
 *
 * <p><b>Redirects.</b> The request factory must follow none. One that does takes the payment along
 * to any host, and an interceptor can neither see nor stop that. The JDK's client follows none by
 * default. {@code SimpleClientHttpRequestFactory}, which a {@code RestTemplate} has by default,
 * does, so nothing is paid over it. Switch redirects off in other factories.
 *
 * <p>Requests fail with {@link PaymentDeclinedException} or {@link PaymentPendingException}, which
 * are not wrapped in a {@code ResourceAccessException}. To send a pending payment again, repeat the
 * request with the exception as attribute {@code PaymentPendingException.class.getName()}.
 *
 * <p>What fails without an answer is taken as sent, and a 402 that answers a payment as unproven,
 * as the request factory does not tell what it sent how often. Safe for use by several threads.
 */
public final class PayingRequestInterceptor implements ClientHttpRequestInterceptor {
  /** The response of the factory that follows redirects of GET whatever its user wants. */
  private static final String FOLLOWS_REDIRECTS = "SimpleClientHttpResponse";

  private final Payer payer;

  private PayingRequestInterceptor(Payer payer) {
    this.payer = payer;
  }

  /** Returns an interceptor for a client whose request factory follows no redirects. */
  public static PayingRequestInterceptor withoutRedirects(Payer payer) {
    return new PayingRequestInterceptor(payer.overClientThatRepeats());
  }

  /**
   * {@inheritDoc}
   *
   * @throws PaymentDeclinedException if the seller asks for a payment that is not allowed
   * @throws PaymentPendingException if a payment was sent and its outcome is not known
   * @throws IllegalArgumentException if the request already carries a payment
   * @throws IllegalStateException if a payment is asked for and the request factory is known to
   *     follow redirects
   */
  @Override
  public ClientHttpResponse intercept(
      HttpRequest request, byte[] body, ClientHttpRequestExecution execution) throws IOException {
    SpringHeaders.requireUnpaid(request.getHeaders());
    Optional<PaymentPendingException> pending = SpringHeaders.pending(request.getAttributes());
    if (pending.isPresent()) {
      return payer.resume(pending.get()).send(new Executions(request, body, execution));
    }
    ClientHttpResponse first = execution.execute(request, body);
    if (first.getStatusCode().value() != 402) {
      return first;
    }
    PeekedResponse peeked = new PeekedResponse(first);
    Optional<Purchase> purchase = Optional.empty();
    boolean kept = false;
    try {
      purchase = buy(request, body, first, peeked);
      kept = purchase.isEmpty();
    } finally {
      if (!kept) {
        first.close();
      }
    }
    return purchase.isPresent()
        ? purchase.get().send(new Executions(request, body, execution))
        : peeked;
  }

  private Optional<Purchase> buy(
      HttpRequest request, byte[] body, ClientHttpResponse first, PeekedResponse peeked)
      throws IOException {
    if (first.getClass().getSimpleName().equals(FOLLOWS_REDIRECTS)) {
      throw new IllegalStateException(
          "request factory: SimpleClientHttpRequestFactory follows redirects and would take the"
              + " payment along; use another one, such as JdkClientHttpRequestFactory");
    }
    return payer.buy(
        Answer402.of(
                request.getMethod().name(),
                request.getURI(),
                SpringHeaders.of(first.getHeaders()),
                peeked::peek)
            .toRequest(SpringHeaders.of(request.getHeaders()), body));
  }

  /** Sends the paid request through the rest of the chain. */
  private record Executions(HttpRequest request, byte[] body, ClientHttpRequestExecution execution)
      implements Purchase.BlockingClient<ClientHttpResponse> {
    @Override
    public ClientHttpResponse send(Purchase purchase) throws IOException {
      HttpHeaders headers = new HttpHeaders();
      request.getHeaders().forEach(headers::addAll);
      purchase.secretHeaders().forEach(headers::set);
      HttpRequest paid =
          new HttpRequestWrapper(request) {
            @Override
            public HttpHeaders getHeaders() {
              return headers;
            }
          };
      return purchase.begin(() -> execution.execute(paid, body));
    }

    @Override
    public int status(ClientHttpResponse answer) throws IOException {
      return answer.getStatusCode().value();
    }

    @Override
    public java.net.http.HttpHeaders headers(ClientHttpResponse answer) {
      return SpringHeaders.of(answer.getHeaders());
    }

    @Override
    public void discard(ClientHttpResponse answer) {
      answer.close();
    }
  }

  /** A response whose beginning was read, and which has it still. */
  private static final class PeekedResponse implements ClientHttpResponse {
    private final ClientHttpResponse response;
    private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();

    PeekedResponse(ClientHttpResponse response) {
      this.response = response;
    }

    InputStream peek() throws IOException {
      return new FilterInputStream(response.getBody()) {
        @Override
        public int read() throws IOException {
          byte[] one = new byte[1];
          return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
          int read = super.read(bytes, offset, length);
          beginning.write(bytes, offset, Math.max(read, 0));
          return read;
        }
      };
    }

    @Override
    public InputStream getBody() throws IOException {
      return new SequenceInputStream(
          new ByteArrayInputStream(beginning.toByteArray()), response.getBody());
    }

    @Override
    public HttpHeaders getHeaders() {
      return response.getHeaders();
    }

    @Override
    public HttpStatusCode getStatusCode() throws IOException {
      return response.getStatusCode();
    }

    @Override
    public String getStatusText() throws IOException {
      return response.getStatusText();
    }

    @Override
    public void close() {
      response.close();
    }
  }
}
