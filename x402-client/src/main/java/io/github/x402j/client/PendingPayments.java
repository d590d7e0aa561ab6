// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Token;
import io.github.x402j.client.wallet.Offer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Payments whose outcome is not known, in a directory: one file each. A client with this directory
 * keeps each payment before it sends it, and removes it when the outcome is known. So a payment can
 * be finished after the process has ended: {@link PayingHttpClient#resend(PendingPayment,
 * java.net.http.HttpResponse.BodyHandler)} sends it again, and {@code x402 resend} does.
 *
 * <p>A file holds the request with its headers and its body, the payment with its signature, and
 * the secret that fetches what was paid for. All of that is secret, so only the owner of the
 * directory may read it, and a file that others can read is refused. What is in it is not
 * encrypted: whoever can read it can fetch one delivery, and can pay the seller, for this only.
 *
 * <p>A request with a body of more than 1 MiB is not kept. Immutable, and safe for use by several
 * threads and processes.
 */
public final class PendingPayments {
  private static final Pattern NONCE = Pattern.compile("0x[0-9a-f]{64}");
  private static final String ENDING = ".json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;

  private PendingPayments(Path directory) {
    this.directory = directory;
  }

  /** Returns those in the directory, which is made when the first is kept. */
  public static PendingPayments in(Path directory) {
    return new PendingPayments(directory.toAbsolutePath());
  }

  /**
   * Returns all, oldest first.
   *
   * @throws IOException if one cannot be read, or others than the owner can read it
   */
  public List<PendingPayment> all() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.filter(file -> file.toString().endsWith(ENDING)).toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
    List<PendingPayment> pending = new ArrayList<>();
    for (Path file : files) {
      try {
        pending.add(read(file));
      } catch (NoSuchFileException e) {
        // Its outcome has become known.
      }
    }
    pending.sort(Comparator.comparing(PendingPayment::keptAt));
    return pending;
  }

  /**
   * Returns the payment with this nonce, empty if there is none.
   *
   * @throws IOException if it cannot be read, or others than the owner can read it
   */
  public Optional<PendingPayment> find(String nonce) throws IOException {
    try {
      return NONCE.matcher(nonce).matches() ? Optional.of(read(file(nonce))) : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Removes the payment with this nonce, if there is one. It cannot be sent again then; its amount
   * stays as the journal has it.
   *
   * @throws IOException if it cannot be removed
   */
  public void forget(String nonce) throws IOException {
    if (NONCE.matcher(nonce).matches()) {
      Files.deleteIfExists(file(nonce));
    }
  }

  /**
   * Keeps the payment durably, unless its request is too long.
   *
   * @throws IOException if it cannot be written; the payment is not to be sent then
   */
  void keep(PendingPayment pending) throws IOException {
    Optional<byte[]> body = RepeatableBody.bytesOf(pending.request());
    if (body.isPresent()) {
      OwnerOnlyFile.makeDirectory(directory);
      OwnerOnlyFile.write(
          file(pending.payment().nonce()), JSON.writeValueAsBytes(json(pending, body.get())));
    }
  }

  private Path file(String nonce) {
    return directory.resolve(nonce + ENDING);
  }

  private static ObjectNode json(PendingPayment pending, byte[] body) {
    Payment payment = pending.payment();
    Offer offer = payment.offer();
    Token token = offer.token();
    HttpRequest request = pending.request();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("format", 1)
        .put("agent", pending.agent())
        .put("requestId", payment.requestId())
        .put("keptAt", pending.keptAt().toString())
        .put("method", request.method())
        .put("url", request.uri().toString())
        .put("timeoutMillis", request.timeout().map(Duration::toMillis).orElse(0L))
        .put("body", body)
        .put("x402Version", offer.x402Version())
        .put("payment", payment.secretHeaderValue())
        .put("secret", payment.resumptionSecret())
        .put("descriptor", PaymentCodec.encodeRequired(offer.descriptor()))
        .put("option", offer.descriptor().accepts().indexOf(offer.requirements()));
    json.putObject("token")
        .put("network", token.network().caip2())
        .put("contract", token.contract().text())
        .put("decimals", token.decimals())
        .put("name", token.name())
        .put("version", token.version());
    request
        .headers()
        .map()
        .forEach(
            (name, values) ->
                values.forEach(value -> json.withArray("headers").addArray().add(name).add(value)));
    return json;
  }

  private static PendingPayment read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    OwnerOnlyFile.require(file, "because it holds a signature and a secret");
    try {
      JsonNode json = JSON.readTree(bytes);
      return new PendingPayment(
          text(json, "agent"), Instant.parse(text(json, "keptAt")), request(json), payment(json));
    } catch (JsonProcessingException | MalformedPaymentException | RuntimeException e) {
      throw new IOException(file + ": it is not a payment that was kept by this version");
    }
  }

  private static HttpRequest request(JsonNode json) throws IOException {
    byte[] body = json.path("body").binaryValue();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(text(json, "url")))
            .method(
                text(json, "method"),
                body == null || body.length == 0
                    ? BodyPublishers.noBody()
                    : RepeatableBody.kept(body, body.length));
    json.path("headers")
        .forEach(header -> request.header(header.path(0).textValue(), header.path(1).textValue()));
    long timeout = json.path("timeoutMillis").longValue();
    return timeout > 0 ? request.timeout(Duration.ofMillis(timeout)).build() : request.build();
  }

  private static Payment payment(JsonNode json) throws MalformedPaymentException {
    JsonNode token = json.path("token");
    PaymentRequired descriptor = PaymentCodec.decodeRequired(text(json, "descriptor"));
    Offer offer =
        new Offer(
            descriptor,
            descriptor.accepts().get(json.path("option").intValue()),
            new Token(
                Network.parse(text(token, "network")),
                Address.parse(text(token, "contract")),
                token.path("decimals").intValue(),
                text(token, "name"),
                text(token, "version")),
            json.path("x402Version").intValue());
    return Payment.restored(
        text(json, "requestId"), offer, text(json, "payment"), text(json, "secret"));
  }

  private static String text(JsonNode json, String name) {
    String text = json.path(name).textValue();
    if (text == null) {
      throw new IllegalArgumentException(name + ": expected text");
    }
    return text;
  }

  @Override
  public String toString() {
    return "PendingPayments[" + directory + "]";
  }
}
