// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The request of {@code pay} and {@code inspect}, with the options of curl. */
final class RequestOptions {
  @Parameters(index = "0", paramLabel = "URL", description = "The URL of the request.")
  URI url = URI.create("");

  @Option(
      names = {"-X", "--request", "--method"},
      paramLabel = "METHOD",
      description = "The method. Default: GET, or POST with --data.")
  @Nullable String method;

  @Option(
      names = "-H",
      paramLabel = "'NAME: VALUE'",
      description = "A header of the request. Can be repeated.")
  List<String> headers = new ArrayList<>();

  @Option(
      names = {"-d", "--data"},
      paramLabel = "TEXT|@FILE",
      description = "The body; @FILE reads it from a file, @- from standard input.")
  @Nullable String data;

  @Option(
      names = {"-m", "--max-time"},
      paramLabel = "SECONDS",
      defaultValue = "120",
      description =
          "How long the request can take, paying and resending included, and then the body."
              + " Default: ${DEFAULT-VALUE}.")
  int seconds;

  /** Returns how long all can take until the headers are there, and then the body. */
  Duration maxTime() {
    return Duration.ofSeconds(seconds);
  }

  HttpRequest request() throws IOException {
    if (seconds < 1) {
      throw new IllegalArgumentException("--max-time: expected at least 1 second");
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .timeout(maxTime())
            .method(method != null ? method : data != null ? "POST" : "GET", body());
    for (String header : headers) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException("-H: expected 'Name: value'");
      }
      request.header(header.substring(0, colon).strip(), header.substring(colon + 1).strip());
    }
    return request.build();
  }

  private BodyPublisher body() throws IOException {
    String text = data;
    if (text == null) {
      return BodyPublishers.noBody();
    }
    if (text.equals("@-")) {
      return BodyPublishers.ofByteArray(System.in.readAllBytes());
    }
    return text.startsWith("@")
        ? BodyPublishers.ofByteArray(Files.readAllBytes(Path.of(text.substring(1))))
        : BodyPublishers.ofString(text, UTF_8);
  }
}
