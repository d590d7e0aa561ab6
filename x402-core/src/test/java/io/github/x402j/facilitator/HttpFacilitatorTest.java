// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.Offers;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.UnreachableException;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.http.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes to a facilitator, when, and with whose credentials. */
public class HttpFacilitatorTest {
  public static final String TX = "0x" + "ab".repeat(32);
  public static final String PAYER = Sale.PAYER.address().text();
  public static final String VALID = "{\"isValid\":true,\"payer\":\"" + PAYER + "\"}";

  private final HostileFacilitator remote = new HostileFacilitator();

  public static String success(String transaction) {
    return "{\"success\":true,\"transaction\":\""
        + transaction
        + "\",\"network\":\"eip155:84532\",\"payer\":\""
        + PAYER
        + "\"}";
  }

  public static HttpFacilitator.Builder to(URI url) {
    return HttpFacilitator.builder(url, EvmLocalChecks.builder().clock(Sale.CLOCK).build())
        .clock(Sale.CLOCK);
  }

  public static SignedPayment checked(Facilitator facilitator, PaymentPayload payload)
      throws Exception {
    Verification checked = facilitator.check(payload, Sale.OFFER);
    assertThat(checked).isInstanceOf(Verification.Valid.class);
    return ((Verification.Valid) checked).payment();
  }

  @AfterEach
  void close() {
    remote.close();
  }

  @Test
  void verifiesAndSettlesAVersion2PaymentInItsOwnVersion() throws Exception {
    remote.on("/verify", json(200, VALID)).on("/settle", json(200, success(TX)));
    HttpFacilitator facilitator = to(remote.url()).build();
    facilitator.start(List.of(Sale.OFFER));
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThat(facilitator.verify(payment)).isEqualTo(new Verification.Valid(payment));
    assertThat(facilitator.settle(payment, hash -> {}))
        .isEqualTo(new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount()));
    for (String path : List.of("/verify", "/settle")) {
      HostileFacilitator.Request request = remote.last(path);
      assertThat(request.method()).isEqualTo("POST");
      FacilitatorMessages.Request read = FacilitatorMessages.readRequest(request.body());
      assertThat(read.payload()).isEqualTo(Sale.v2(1));
      assertThat(read.requirements()).isEqualTo(Sale.OFFER);
    }
  }

  @Test
  void verifiesAndSettlesAVersion1PaymentInItsOwnVersion() throws Exception {
    remote
        .on("/verify", json(200, VALID))
        .on("/settle", json(200, success(TX).replace("eip155:84532", "base-sepolia")));
    HttpFacilitator facilitator =
        to(remote.url()).resource(ResourceInfo.of("https://shop.example/")).build();
    SignedPayment payment = checked(facilitator, Sale.v1(1));
    assertThat(facilitator.verify(payment)).isEqualTo(new Verification.Valid(payment));
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(remote.last("/settle").body())
        .startsWith("{\"x402Version\":1,\"paymentPayload\":{\"x402Version\":1,\"scheme\":\"exact\"")
        .contains("\"maxAmountRequired\":\"10000\"")
        .contains("\"resource\":\"https://shop.example/\"")
        .doesNotContain("accepted");
  }

  @Test
  void sendsWhatWasCheckedAndNothingElseOfThePayersMaking() throws Exception {
    remote.on("/verify", json(200, VALID));
    Map<String, Object> members = new LinkedHashMap<>(Sale.v2(1).payload());
    members.put("anotherMethod", Map.of("delegate", "0x1"));
    PaymentPayload payload =
        PaymentPayload.v2(Sale.OFFER, members).withExtensions(Map.of("mine", "yours"));
    HttpFacilitator facilitator = to(remote.url()).build();
    facilitator.verify(checked(facilitator, payload));
    assertThat(remote.last("/verify").body()).doesNotContain("anotherMethod").contains("mine");
  }

  @Test
  void doesNotStartWhereTheRouteIsNotSupportedAndSaysWhatIs() {
    HttpFacilitator facilitator = to(remote.url()).build();
    PaymentRequirements onBase = Offers.BASE;
    assertThatThrownBy(() -> facilitator.start(List.of(onBase)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("exact on eip155:8453")
        .hasMessageContaining("exact on eip155:84532 (version 2)")
        .hasMessageContaining("exact on base-sepolia (version 1)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://facilitator.example",
        "ftp://facilitator.example",
        "https:///verify",
        "https://user:secret@facilitator.example",
        "https://facilitator.example/?key=secret",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example"
      })
  void isBuiltForHttpsAndForThisMachineAlone(String url) {
    assertThatThrownBy(() -> to(URI.create(url)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("facilitator URL")
        .hasMessageNotContaining("secret");
  }

  @Test
  void sendsCredentialsWithEachRequestAndShowsThemNowhere() throws Exception {
    remote.on("/verify", json(500, "{}")).on("/settle", json(500, "{}"));
    List<String> asked = new ArrayList<>();
    HttpFacilitator facilitator =
        to(remote.url())
            .authentication(
                (method, endpoint) -> {
                  asked.add(method + " " + endpoint.getPath());
                  return Map.of("Authorization", "Bearer s3cret");
                })
            .build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThatThrownBy(() -> facilitator.verify(payment)).hasMessageNotContaining("s3cret");
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
    assertThat(remote.requests)
        .allSatisfy(request -> assertThat(request.head()).contains("Bearer s3cret"));
    assertThat(asked).startsWith("GET /supported", "POST /verify").contains("POST /settle");
    assertThat(facilitator.toString()).isEqualTo("HttpFacilitator[" + remote.url() + "]");
  }

  @Test
  void showsNoCredentialThatIsNoHeader() {
    HttpFacilitator facilitator =
        to(remote.url())
            .authentication((method, endpoint) -> Map.of("Authorization", "s3cret\r\nX: y"))
            .build();
    assertThatThrownBy(() -> facilitator.start(List.of(Sale.OFFER)))
        .hasMessageContaining("authentication")
        .hasMessageNotContaining("s3cret");
    assertThat(remote.requests).isEmpty();
  }

  @Test
  void followsNoRedirectAndTakesNoCredentialsElsewhere() throws Exception {
    try (HostileFacilitator other = new HostileFacilitator()) {
      String there =
          "HTTP/1.1 307 X\r\nLocation: " + other.url() + "/verify\r\nContent-Length: 0\r\n\r\n";
      remote
          .on("/verify", HostileFacilitator.raw(there))
          .on("/settle", HostileFacilitator.raw(there));
      HttpFacilitator facilitator = to(remote.url()).build();
      SignedPayment payment = checked(facilitator, Sale.v2(1));
      assertThatThrownBy(() -> facilitator.verify(payment))
          .isInstanceOf(FacilitatorException.class)
          .hasMessageContaining("307");
      assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
      assertThat(other.requests).isEmpty();
    }
  }

  private static HostileFacilitator.Script redirect(int status, String location) {
    return HostileFacilitator.raw(
        "HTTP/1.1 " + status + " X\r\n" + location + "Content-Length: 0\r\n\r\n");
  }

  /** A redirect is a wrong URL: no later answer of the same URL is of any use. */
  @ParameterizedTest
  @CsvSource({
    "301, https://www.facilitator.example/supported?key=s3cret, https://www.facilitator.example",
    "302, http://facilitator.example:8080/x, http://facilitator.example:8080",
    "303, /login, itself",
    "307, '', nowhere",
    "308, https://[oops, what is no URL"
  })
  void failsTheStartByARedirectAndNamesTheOrigin(int status, String location, String origin) {
    String header = location.isEmpty() ? "" : "Location: " + location + "\r\n";
    remote.on("/supported", redirect(status, header));
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(to(remote.url()).build())
            .startWithoutNode() // it is not away
            .build();
    String target = origin.equals("itself") ? remote.url().toString() : origin;
    assertThatThrownBy(() -> gate.start(List.of(Sale.OFFER)))
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(UnreachableException.class)
        .hasMessageContaining(
            "redirects (status " + status + ") to " + target + ", which is not followed")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void saysOnceThatItIsRedirected() throws Exception {
    HttpFacilitator facilitator = to(remote.url()).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    remote.on("/verify", redirect(308, "Location: https://new.example/verify\r\n"));
    long lines =
        logged(
                () -> {
                  for (int i = 0; i < 3; i++) {
                    assertThatThrownBy(() -> facilitator.verify(payment))
                        .isInstanceOf(FacilitatorException.class)
                        .hasMessageContaining("redirects (status 308) to https://new.example,");
                  }
                })
            .filter(line -> line.contains("redirects"))
            .count();
    assertThat(lines).isEqualTo(1);
    assertThat(remote.asked("/verify")).isEqualTo(3);
  }

  private static Stream<String> logged(Runnable task) {
    PrintStream before = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, UTF_8));
    try {
      task.run();
    } finally {
      System.setErr(before);
    }
    return log.toString(UTF_8).lines();
  }

  /** Time that passes when somebody sleeps. */
  private static final class SleepingTicker implements Ticker {
    private final AtomicLong now = new AtomicLong();
    final List<Duration> slept = new ArrayList<>();

    @Override
    public long nanos() {
      return now.get();
    }

    @Override
    public void sleep(Duration pause) {
      slept.add(pause);
      now.addAndGet(pause.toNanos());
    }

    @Override
    public void start(String name, Runnable task) {
      Ticker.SYSTEM.start(name, task);
    }

    @Override
    public void await(Future<?> future) throws InterruptedException {
      Ticker.SYSTEM.await(future);
    }

    @Override
    public void await(Future<?> future, Duration longest) throws InterruptedException {
      Ticker.SYSTEM.await(future, longest);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7000, true",
    "0, 500, true",
    "soon, 500, true",
    "-5, 500, true",
    "29, 29000, true",
    "31, 0, false",
    "99999999999, 500, true"
  })
  void waitsAsLongAsItIsAskedToWhereThatIsNotTooLong(String seconds, long millis, boolean starts)
      throws Exception {
    String tooMany = "HTTP/1.1 429 X\r\nRetry-After: " + seconds + "\r\nContent-Length: 0\r\n\r\n";
    remote.on("/supported", HostileFacilitator.raw(tooMany), json(200, HostileFacilitator.KINDS));
    SleepingTicker ticker = new SleepingTicker();
    HttpFacilitator facilitator =
        to(remote.url()).simulated(HttpClient.newHttpClient(), ticker).build();
    if (starts) {
      facilitator.start(List.of(Sale.OFFER));
      assertThat(ticker.slept).containsExactly(Duration.ofMillis(millis));
    } else {
      assertThatThrownBy(() -> facilitator.start(List.of(Sale.OFFER)))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("status 429");
      assertThat(ticker.slept).isEmpty();
    }
  }

  @Test
  void asksThreeTimesAtMostWhatIsSupported() {
    remote.on("/supported", json(429, "{\"errorType\":\"rate_limit_exceeded\"}"));
    HttpFacilitator facilitator =
        to(remote.url()).simulated(HttpClient.newHttpClient(), new SleepingTicker()).build();
    assertThatThrownBy(() -> facilitator.start(List.of(Sale.OFFER)))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("status 429 (rate_limit_exceeded)");
    assertThat(remote.asked("/supported")).isEqualTo(3);
  }

  static Stream<Arguments> brokenCredentials() {
    return Stream.of(
        arguments(
            "throws",
            (HttpFacilitator.Authentication)
                (method, endpoint) -> {
                  throw new IllegalStateException("s3cret");
                }),
        arguments(
            "has none",
            (HttpFacilitator.Authentication)
                (method, endpoint) -> {
                  throw new FacilitatorException("s3cret");
                }),
        arguments("null", (HttpFacilitator.Authentication) (method, endpoint) -> null),
        arguments(
            "no header",
            (HttpFacilitator.Authentication)
                (method, endpoint) -> Map.of("Authorization", "s3cret\r\nX: y")),
        arguments(
            "hangs",
            (HttpFacilitator.Authentication)
                (method, endpoint) -> {
                  LockSupport.parkNanos(Duration.ofMinutes(1).toNanos());
                  return Map.of();
                }));
  }

  /** Then nothing is sent, so a settlement is certain not to have begun. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenCredentials")
  void isAwayWhereThereAreNoCredentials(String name, HttpFacilitator.Authentication broken)
      throws Exception {
    SignedPayment payment = checked(to(remote.url()).build(), Sale.v2(1));
    int before = remote.requests.size();
    Duration shortTime = Duration.ofMillis(300);
    HttpFacilitator facilitator =
        to(remote.url())
            .requestTimeout(shortTime)
            .verifyTimeout(shortTime)
            .settleTimeout(shortTime)
            .authentication(broken)
            .build();
    assertThatThrownBy(() -> facilitator.start(List.of(Sale.OFFER)))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("authentication")
        .hasMessageNotContaining("s3cret");
    assertThatThrownBy(() -> facilitator.settle(payment, hash -> {}))
        .isInstanceOf(FacilitatorException.class)
        .hasMessageContaining("authentication")
        .hasMessageNotContaining("s3cret");
    assertThat(remote.requests).hasSize(before);
  }

  @Test
  void asksAgainWhenAVerificationFailsAndNotWhenItIsRefused() throws Exception {
    remote.on(
        "/verify", HostileFacilitator.html(503), HostileFacilitator.hangUp(), json(200, VALID));
    HttpFacilitator facilitator = to(remote.url()).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(remote.asked("/verify")).isEqualTo(3);

    remote.on("/verify", json(401, "{}"));
    assertThatThrownBy(() -> facilitator.verify(payment)).hasMessageContaining("401");
    assertThat(remote.asked("/verify")).isEqualTo(4);
  }

  @Test
  void neverAsksAgainToSettleUnlessToldThatItMay() throws Exception {
    remote.on("/settle", HostileFacilitator.hangUp(), json(200, success(TX)));
    HttpFacilitator facilitator = to(remote.url()).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
    assertThat(remote.asked("/settle")).isEqualTo(1);
    assertThat(facilitator.outcome(payment, List.of())).isInstanceOf(Settlement.Settled.class);

    remote.on("/settle", HostileFacilitator.hangUp(), json(200, success(TX)));
    HttpFacilitator idempotent = to(remote.url()).settleIsIdempotent().build();
    SignedPayment other = checked(idempotent, Sale.v2(2));
    assertThat(idempotent.settle(other, hash -> {})).isInstanceOf(Settlement.Settled.class);
  }

  /** It repeats a request whose connection broke, and finds no connection the second time. */
  private static final class RepeatingClient extends HttpClient {
    private final HttpClient first =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ConnectException second = new ConnectException("the second attempt");

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
        HttpRequest request, HttpResponse.BodyHandler<T> handler) {
      return first
          .sendAsync(request, handler)
          .handle(
              (answer, failure) -> {
                if (failure == null) {
                  return answer;
                }
                throw new CompletionException(second);
              });
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
        HttpRequest request,
        HttpResponse.BodyHandler<T> handler,
        HttpResponse.PushPromiseHandler<T> push) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
      return first.cookieHandler();
    }

    @Override
    public Optional<Duration> connectTimeout() {
      return first.connectTimeout();
    }

    @Override
    public Redirect followRedirects() {
      return first.followRedirects();
    }

    @Override
    public Optional<ProxySelector> proxy() {
      return first.proxy();
    }

    @Override
    public SSLContext sslContext() {
      return first.sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
      return first.sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
      return first.authenticator();
    }

    @Override
    public Version version() {
      return first.version();
    }

    @Override
    public Optional<Executor> executor() {
      return first.executor();
    }
  }

  @Test
  void takesNoConnectionForUnsentOnlyIfTheRequestHasNotBegun() throws Exception {
    remote.on("/settle", HostileFacilitator.hangUp());
    HttpFacilitator facilitator =
        to(remote.url()).simulated(new RepeatingClient(), Ticker.SYSTEM).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
    assertThat(remote.asked("/settle")).isEqualTo(1);

    remote.close();
    assertThatThrownBy(() -> facilitator.settle(payment, hash -> {}))
        .isInstanceOf(FacilitatorException.class);
  }
}
