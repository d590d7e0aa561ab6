// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * An HTTP server on loopback that passes requests on, and pays for them out of the wallet of the
 * agent whose token they show. Bodies are streamed both ways.
 */
final class PayingProxy implements AutoCloseable {
  /** The header of an answer that is the proxy's own: the code of the error. */
  static final String ERROR = "X-402-Proxy-Error";

  /** Headers that are for one connection (RFC 9110, 7.6.1), and those that the client writes. */
  private static final Set<String> OF_ONE_CONNECTION =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          ProxyAgents.HEADER.toLowerCase(Locale.ROOT));

  private final Server server;
  private final ServerConnector connector;

  private PayingProxy(Server server, ServerConnector connector) {
    this.server = server;
    this.connector = connector;
  }

  /**
   * Starts a proxy on 127.0.0.1.
   *
   * @param port 0 for any
   * @param answerWithin how long the headers of an answer may take
   */
  static PayingProxy start(int port, ProxyAgents agents, Duration answerWithin) throws Exception {
    Server server = new Server();
    HttpConfiguration http = new HttpConfiguration();
    http.setUriCompliance(UriCompliance.UNSAFE); // the target reads its path, not this server
    http.setSendServerVersion(false);
    http.setSendDateHeader(false); // the target has sent one
    http.setRequestHeaderSize(64 * 1024);
    http.setResponseHeaderSize(128 * 1024);
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    server.addConnector(connector);
    server.setHandler(new Forwarding(connector, agents, answerWithin));
    server.setStopTimeout(5_000);
    try {
      server.start();
    } catch (Exception e) {
      server.stop(); // or its threads keep the process alive
      throw e;
    }
    return new PayingProxy(server, connector);
  }

  String url() {
    return "http://127.0.0.1:" + connector.getLocalPort();
  }

  void join() throws InterruptedException {
    server.join();
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  /** An error of the proxy's own. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    Refused(int status, String code, String message) {
      super(message);
      this.status = status;
      this.code = code;
    }
  }

  private static final class Forwarding extends Handler.Abstract {
    private final ServerConnector connector;
    private final ProxyAgents agents;
    private final Duration answerWithin;
    private final String via = "1.1 x402-" + UUID.randomUUID();

    Forwarding(ServerConnector connector, ProxyAgents agents, Duration answerWithin) {
      this.connector = connector;
      this.agents = agents;
      this.answerWithin = answerWithin;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      try {
        forward(request, response);
        callback.succeeded();
      } catch (Exception e) {
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        if (response.isCommitted()) {
          callback.failed(e); // the client sees that the body was cut
        } else {
          write(response, e, callback);
        }
      }
      return true;
    }

    private void forward(Request request, Response response) throws Exception {
      ProxyTarget target = target(request);
      ProxyAgents.Named named = admit(request, target);
      try (SpooledBody body = new SpooledBody(Content.Source.asInputStream(request))) {
        HttpRequest sent = request(request, target, named, body);
        HttpResponse<InputStream> answer =
            named.agent().client().send(sent, BodyHandlers.ofInputStream());
        pass(answer, target, request, response);
      }
    }

    /** Returns the agent that asks; it may have asked for this proxy itself or a target. */
    private ProxyAgents.Named admit(Request request, ProxyTarget target) throws Refused {
      return agents
          .named(request.getHeaders())
          .orElseThrow(
              () ->
                  new Refused(
                      target.inPath() ? 401 : 407,
                      "token",
                      "token: expected that of an agent in "
                          + ProxyAgents.HEADER
                          + ", or as user of the proxy's URL"));
    }

    private ProxyTarget target(Request request) throws Refused {
      int port = connector.getLocalPort();
      if (request.getMethod().equals("CONNECT")) {
        throw new Refused(
            405,
            "connect",
            "CONNECT hides what is asked, so nothing can be paid. For an https URL ask for"
                + " http://127.0.0.1:"
                + port
                + "/https/HOST/PATH");
      }
      ProxyTarget target;
      try {
        target = ProxyTarget.of(request.getHttpURI(), port);
      } catch (IllegalArgumentException e) {
        throw new Refused(400, "target", String.valueOf(e.getMessage()));
      }
      if (target.isMisnamed(port)) {
        throw new Refused(403, "host", "Host: expected 127.0.0.1 or localhost with this port");
      }
      boolean comesAgain =
          request.getHeaders().getValuesList(HttpHeader.VIA).stream()
              .anyMatch(value -> value.contains(via));
      if (comesAgain || target.isOn(port)) {
        throw new Refused(508, "loop", "target: it is this proxy itself");
      }
      return target;
    }

    private HttpRequest request(
        Request request, ProxyTarget target, ProxyAgents.Named named, SpooledBody body) {
      HttpRequest.Builder sent =
          HttpRequest.newBuilder(target.url())
              .timeout(answerWithin)
              .method(request.getMethod(), publisher(request, body));
      Set<String> dropped = ofOneConnection(request.getHeaders());
      if (named.usedAuthorization()) {
        dropped.add("authorization");
      }
      for (HttpField field : request.getHeaders()) {
        if (!dropped.contains(field.getLowerCaseName())) {
          sent.header(field.getName(), field.getValue() == null ? "" : field.getValue());
        }
      }
      return sent.header("Via", via).build();
    }

    private BodyPublisher publisher(Request request, SpooledBody body) {
      long length = request.getLength();
      if (length == 0
          || (length < 0 && !request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING))) {
        return BodyPublishers.noBody();
      }
      return body.publisher(length, getServer().getThreadPool());
    }

    private static void pass(
        HttpResponse<InputStream> answer, ProxyTarget target, Request request, Response response)
        throws IOException {
      try (InputStream body = answer.body()) {
        response.setStatus(answer.statusCode());
        HttpFields.Mutable headers = response.getHeaders();
        Set<String> dropped = ofOneConnection(answer);
        answer
            .headers()
            .map()
            .forEach(
                (name, values) -> {
                  if (!dropped.contains(name.toLowerCase(Locale.ROOT))) {
                    values.forEach(value -> headers.add(name, value));
                  }
                });
        answer
            .headers()
            .firstValue("Location")
            .ifPresent(said -> headers.put(HttpHeader.LOCATION, target.location(said)));
        answer
            .headers()
            .firstValueAsLong("Content-Length")
            .ifPresent(length -> headers.put(HttpHeader.CONTENT_LENGTH, length));
        copy(body, response);
      }
    }

    /** Passes on what there is as soon as it is there, and keeps none of it. */
    private static void copy(InputStream body, Response response) throws IOException {
      OutputStream out = Content.Sink.asOutputStream(response);
      byte[] chunk = new byte[16 * 1024];
      for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
        out.write(chunk, 0, read);
        if (body.available() == 0) {
          out.flush();
        }
      }
      out.close();
    }

    private static Set<String> ofOneConnection(HttpFields headers) {
      return ofOneConnection(headers.getValuesList(HttpHeader.CONNECTION));
    }

    private static Set<String> ofOneConnection(HttpResponse<?> answer) {
      return ofOneConnection(answer.headers().allValues("Connection"));
    }

    private static Set<String> ofOneConnection(List<String> connection) {
      Set<String> names = new TreeSet<>(OF_ONE_CONNECTION);
      connection.stream()
          .flatMap(value -> Arrays.stream(value.split(",")))
          .map(name -> name.trim().toLowerCase(Locale.ROOT))
          .forEach(names::add);
      return names;
    }

    private static void write(Response response, Exception e, Callback callback) {
      Refused refused = refusal(e);
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      ObjectNode error = Errors.details(json, e);
      error.put("code", refused.code).put("message", String.valueOf(refused.getMessage()));
      response.reset();
      response.setStatus(refused.status);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
      response.getHeaders().put(ERROR, refused.code);
      if (refused.status == 407) {
        response.getHeaders().put(HttpHeader.PROXY_AUTHENTICATE, "Basic realm=\"x402\"");
      }
      if (refused.status == 405) {
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
      }
      response.write(true, ByteBuffer.wrap((json + "\n").getBytes(UTF_8)), callback);
    }

    /** 409 for what is pending: programs repeat a 5xx by themselves, which would pay again. */
    private static Refused refusal(Exception e) {
      if (e instanceof Refused refused) {
        return refused;
      }
      String message = Errors.message(e);
      if (e instanceof PaymentDeclinedException) {
        return new Refused(402, "declined", message);
      }
      if (e instanceof PaymentPendingException) {
        return new Refused(409, "pending", message);
      }
      if (e instanceof HttpTimeoutException) {
        return new Refused(504, "timeout", message);
      }
      if (e instanceof ConnectException) {
        return new Refused(502, "unreachable", message);
      }
      if (e instanceof IllegalArgumentException) {
        return new Refused(400, "request", message);
      }
      return e instanceof IOException
          ? new Refused(502, "failed", message)
          : new Refused(500, "failed", "the proxy failed: " + e.getClass().getSimpleName());
    }
  }
}
