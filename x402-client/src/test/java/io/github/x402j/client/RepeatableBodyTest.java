// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.honest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A body that cannot be sent again is refused before anything is paid. */
@Timeout(30)
class RepeatableBodyTest {
  private static final byte[] BODY = "the body".getBytes(StandardCharsets.UTF_8);

  private final HttpClient wrapped = HttpClient.newHttpClient();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    seller.does(honest(seller, "$0.01"));
  }

  @AfterEach
  void close() {
    seller.close();
  }

  static Stream<Arguments> once() {
    InputStream stream = new ByteArrayInputStream(BODY);
    Iterator<byte[]> values = List.of(BODY, "another!".getBytes(StandardCharsets.UTF_8)).iterator();
    Iterator<byte[]> shorter = List.of(BODY, "the bod".getBytes(StandardCharsets.UTF_8)).iterator();
    Iterator<byte[]> longer =
        List.of(BODY, "the body!".getBytes(StandardCharsets.UTF_8)).iterator();
    AtomicInteger opened = new AtomicInteger();
    Supplier<InputStream> failing =
        () -> opened.getAndIncrement() == 0 ? new ByteArrayInputStream(BODY) : null;
    return Stream.of(
        Arguments.of("the same stream", BodyPublishers.ofInputStream(() -> stream)),
        Arguments.of("another body", from(values)),
        Arguments.of("a shorter body", from(shorter)),
        Arguments.of("a longer body", from(longer)),
        Arguments.of("no stream", BodyPublishers.ofInputStream(failing)));
  }

  private static BodyPublisher from(Iterator<byte[]> bodies) {
    return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bodies.next()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("once")
  void isRefusedBeforePaying(String what, BodyPublisher body) {
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).POST(body).build();
    assertThatThrownBy(() -> buyer(wrapped).build().send(request, BodyHandlers.ofString()))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("body"));
    assertThat(seller.paidCalls()).isEmpty();
    assertThat(seller.calls().get(0).body()).isEqualTo("the body");
  }

  @Test
  void everyPublisherOfTheJdkThatRepeatsIsSentAgain(@TempDir Path directory) throws Exception {
    Path file = Files.write(directory.resolve("body"), BODY);
    List<BodyPublisher> publishers =
        List.of(
            BodyPublishers.ofString("the body"),
            BodyPublishers.ofByteArray(BODY),
            BodyPublishers.ofByteArrays(
                List.of(
                    "the ".getBytes(StandardCharsets.UTF_8),
                    "body".getBytes(StandardCharsets.UTF_8))),
            BodyPublishers.ofFile(file),
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(BODY)),
            BodyPublishers.fromPublisher(BodyPublishers.ofString("the body")),
            BodyPublishers.fromPublisher(BodyPublishers.ofString("the body"), 8),
            BodyPublishers.concat(BodyPublishers.ofString("the "), BodyPublishers.ofFile(file)));
    for (BodyPublisher publisher : publishers) {
      HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).POST(publisher).build();
      assertThat(buyer(wrapped).build().send(request, BodyHandlers.ofString()).body())
          .startsWith("paid: POST the ");
    }
    assertThat(seller.paidCalls()).hasSize(publishers.size());
    HttpRequest none =
        HttpRequest.newBuilder(seller.url("/a")).POST(BodyPublishers.noBody()).build();
    assertThat(buyer(wrapped).build().send(none, BodyHandlers.ofString()).body())
        .isEqualTo("paid: POST ");
  }

  @Test
  void aBodyThatIsTooLongToKeepIsSentAgainAllTheSame() throws Exception {
    String megabytes = "0123456789abcdef".repeat(200_000);
    for (BodyPublisher publisher :
        List.of(
            BodyPublishers.ofString(megabytes),
            BodyPublishers.ofInputStream(
                () -> new ByteArrayInputStream(megabytes.getBytes(StandardCharsets.UTF_8))))) {
      HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).POST(publisher).build();
      assertThat(buyer(wrapped).build().send(request, BodyHandlers.ofString()).body())
          .isEqualTo("paid: POST " + megabytes);
    }
  }

  @Test
  void aRequestThatExpectsContinueIsPaidToo() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(seller.url("/a"))
            .expectContinue(true)
            .POST(BodyPublishers.ofString("the body"))
            .build();
    assertThat(buyer(wrapped).build().send(request, BodyHandlers.ofString()).body())
        .isEqualTo("paid: POST the body");
  }
}
