// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code x402 proxy}: programs in any language pay at a real seller; others are refused. */
@Timeout(90)
class ProxyTest {
  private static final String TOKEN = "0123456789abcdef-scout";

  private static SampleShop shop;

  private TestWallet account;
  private AgentWallet wallet;
  private PayingProxy proxy;
  private HttpServer other;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  @BeforeEach
  void start() throws Exception {
    account = TestWallet.random();
    shop.usdc.mint(account.address(), 1_000_000);
    wallet =
        AgentWallet.provision(
                "scout", EvmSigner.ofPrivateKey(account.privateKey()), SpendJournal.inMemory())
            .limit("$0.05", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1", "localhost")
            .create();
    HttpClient client =
        PayingHttpClient.over(HttpClient.newHttpClient())
            .wallet(wallet)
            .token(shop.token)
            .resend(0, Duration.ofSeconds(1))
            .build();
    proxy =
        PayingProxy.start(
            0,
            new ProxyAgents(List.of(new ProxyAgents.Agent("scout", TOKEN, client))),
            Duration.ofSeconds(20));
    other = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    other.setExecutor(Executors.newCachedThreadPool());
    other.start();
  }

  @AfterEach
  void stop() throws Exception {
    proxy.close();
    other.stop(0);
  }

  private String shopAt(String path) {
    return proxy.url() + "/http/" + shop.server.url().substring("http://".length()) + path;
  }

  private int port() {
    return URI.create(proxy.url()).getPort();
  }

  private BigInteger paid() {
    return BigInteger.valueOf(1_000_000).subtract(shop.usdc.balanceOf(account.address()));
  }

  // --- programs ---

  private static void requireTool(String... versionCommand) throws Exception {
    boolean there;
    try {
      there = new ProcessBuilder(versionCommand).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      there = false;
    }
    if (!there) {
      System.err.println("SKIPPED: ProxyTest: " + versionCommand[0] + " is not installed");
    }
    assumeTrue(there, versionCommand[0] + " is not installed");
  }

  private static String run(List<String> command, Map<String, String> environment)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.toLowerCase().endsWith("_proxy"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  @Test
  void curlPays() throws Exception {
    requireTool("curl", "--version");
    String withUser = shopAt("/premium").replace("http://127", "http://" + TOKEN + "@127");
    assertThat(run(List.of("curl", "-s", withUser), Map.of())).startsWith("premium content");
    assertThat(
            run(
                List.of(
                    "curl",
                    "-s",
                    "-H",
                    "X-402-Proxy-Token: " + TOKEN,
                    "-d",
                    "abc",
                    shopAt("/premium")),
                Map.of()))
        .startsWith("premium answer to 3 bytes");
    assertThat(
            run(
                List.of(
                    "curl",
                    "-s",
                    "-x",
                    proxy.url(),
                    "-U",
                    TOKEN + ":",
                    shop.server.url() + "/premium",
                    "--noproxy",
                    ""),
                Map.of()))
        .startsWith("premium content");
    assertThat(paid()).isEqualTo(30_000);
    assertThat(wallet.remaining()).isEqualTo(Dollars.parse("$0.02"));
  }

  @Test
  void pythonPays(@TempDir Path directory) throws Exception {
    requireTool("python3", "--version");
    Path script =
        Files.writeString(
            directory.resolve("buy.py"),
            """
            import sys, urllib.request
            request = urllib.request.Request(sys.argv[1], headers={"X-402-Proxy-Token": sys.argv[2]})
            print(urllib.request.urlopen(request).read().decode())
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({"http": "http://%s:x@%s" % (sys.argv[2], sys.argv[3])}))
            print(opener.open(sys.argv[4]).read().decode())
            """);
    String output =
        run(
            List.of(
                "python3",
                script.toString(),
                shopAt("/premium"),
                TOKEN,
                "127.0.0.1:" + port(),
                shop.server.url() + "/report/7"),
            Map.of("no_proxy", ""));
    assertThat(output).contains("premium content").contains("report 7");
    assertThat(paid()).isEqualTo(30_000);
  }

  @Test
  void nodePays(@TempDir Path directory) throws Exception {
    requireTool("node", "-e", "fetch");
    Path script =
        Files.writeString(
            directory.resolve("buy.mjs"),
            """
            const [url, token] = process.argv.slice(2);
            const headers = {"X-402-Proxy-Token": token};
            console.log(await (await fetch(url, {headers})).text());
            console.log(await (await fetch(url, {headers, method: "POST", body: "abcd"})).text());
            """);
    String output = run(List.of("node", script.toString(), shopAt("/premium"), TOKEN), Map.of());
    assertThat(output).contains("premium content").contains("premium answer to 4 bytes");
    assertThat(paid()).isEqualTo(20_000);
  }

  // --- who may ask, and for what ---

  /** Sends bytes and returns the answer, until the proxy closes the connection. */
  private String raw(String head) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write((head + "Connection: close\r\n\r\n").getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private String get(String target, String host, String... headers) throws IOException {
    StringBuilder head = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    return raw(head.toString());
  }

  private static void assertError(String answer, int status, String code) throws IOException {
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    assertThat(answer).containsIgnoringCase("\r\nX-402-Proxy-Error: " + code + "\r\n");
    JsonNode json = new JsonMapper().readTree(answer.substring(answer.indexOf('{')).split("\n")[0]);
    assertThat(json.at("/error/code").asText()).isEqualTo(code);
    assertThat(json.at("/error/message").asText()).isNotEmpty();
  }

  private String own() {
    return "127.0.0.1:" + port();
  }

  private String token() {
    return "X-402-Proxy-Token: " + TOKEN;
  }

  private static String basic(String name, String user) {
    return name + ": Basic " + Base64.getEncoder().encodeToString((user + ":").getBytes(UTF_8));
  }

  @Test
  void refusesWithAReasonWhoeverHasNoToken() throws Exception {
    String path = "/http/" + shop.server.url().substring(7) + "/premium";
    assertError(get(path, own()), 401, "token");
    assertError(get(path, own(), "X-402-Proxy-Token: " + TOKEN + "x"), 401, "token");
    assertError(get(path, own(), basic("Authorization", "scout")), 401, "token");
    assertError(get(shop.server.url() + "/premium", shop.server.url().substring(7)), 407, "token");
    assertThat(paid()).isZero();
  }

  @Test
  void refusesAPageWhoseNameWasMadeToLeadHere() throws Exception {
    for (String host : List.of("evil.example:" + port(), "127.0.0.1.evil.example:" + port())) {
      assertError(get("/https/api.example.com/", host, token()), 403, "host");
    }
  }

  @Test
  void refusesItselfAsTarget() throws Exception {
    assertError(get("/http/" + own() + "/http/" + own() + "/", own(), token()), 508, "loop");
    assertError(get("/http/localhost:" + port() + "/a", own(), token()), 508, "loop");
    assertError(get("/http/0.0.0.0:" + port() + "/a", own(), token()), 508, "loop");
    // by an address that only comes back: the proxy knows its own mark
    other.createContext(
        "/",
        exchange -> {
          String via = exchange.getRequestHeaders().getFirst("Via");
          byte[] answer =
              get("/http/a.example/", own(), token(), "Via: " + via).getBytes(ISO_8859_1);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    assertThat(get("/http/127.0.0.1:" + other.getAddress().getPort() + "/", own(), token()))
        .contains("HTTP/1.1 508 ");
  }

  @Test
  void refusesConnectAndSaysWhatToDo() throws Exception {
    String answer = raw("CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n");
    assertError(answer, 405, "connect");
    assertThat(answer).contains(proxy.url() + "/https/HOST/PATH");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/ftp/a.example/", "/https", "/https//a", "/https/u:p@a.example/"})
  void refusesWhatNamesNoTarget(String path) throws Exception {
    assertError(get(path, own(), token()), 400, "target");
  }

  @Test
  void tellsWhyNothingWasPaid() throws Exception {
    wallet.revoke();
    String answer = get("/http/" + shop.server.url().substring(7) + "/premium", own(), token());
    assertError(answer, 402, "declined");
    assertThat(answer).contains("\"rule\":\"revoked\"");
    assertError(get("/http/127.0.0.1:1/a", own(), token()), 502, "unreachable");
  }

  // --- what is passed on ---

  private String seen(HttpExchange exchange) throws IOException {
    StringBuilder seen = new StringBuilder(exchange.getRequestURI().toString());
    exchange.getRequestHeaders().forEach((name, values) -> seen.append("\n" + name + "=" + values));
    return seen.toString();
  }

  @Test
  void passesOnWhatIsMeantForTheTargetAndNothingElse() throws Exception {
    List<String> seen = new ArrayList<>();
    other.createContext(
        "/",
        exchange -> {
          seen.add(seen(exchange));
          exchange.getResponseHeaders().add("Keep-Me", "1");
          exchange.getResponseHeaders().add("Location", "/next?x=1");
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    String target = "/http/127.0.0.1:" + other.getAddress().getPort();
    String answer =
        get(
            target + "/a%2Fb//c;d/../e?q=%20x",
            own(),
            token(),
            "Authorization: Bearer for-the-target",
            "X-Hop: 1",
            "Connection: X-Hop",
            "TE: trailers",
            "Keep-Me: 2");
    assertThat(seen.get(0))
        .startsWith("/a%2Fb//c;d/../e?q=%20x\n")
        .contains("Authorization=[Bearer for-the-target]", "Keep-me=[2]")
        .doesNotContain(TOKEN, "X-hop", "Te=");
    assertThat(answer)
        .containsOnlyOnce("Date: ")
        .containsIgnoringCase("Keep-Me: 1")
        .contains("Location: " + target + "/next?x=1");
    get(target + "/", own(), basic("Authorization", TOKEN));
    assertThat(seen.get(1)).doesNotContain("Authorization");
  }

  @Test
  void streamsBothWays() throws Exception {
    CountDownLatch firstPartHere = new CountDownLatch(1);
    CountDownLatch firstPartThere = new CountDownLatch(1);
    other.createContext(
        "/",
        exchange -> {
          InputStream in = exchange.getRequestBody();
          assertThat(in.read()).isEqualTo('a');
          firstPartThere.countDown();
          in.readAllBytes();
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          out.write('b');
          out.flush();
          await(firstPartHere);
          out.write('c');
          exchange.close();
        });
    try (Socket socket = new Socket("127.0.0.1", port())) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      String head =
          "POST /http/127.0.0.1:"
              + other.getAddress().getPort()
              + "/ HTTP/1.1\r\nHost: "
              + own()
              + "\r\n"
              + token()
              + "\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n";
      out.write(head.getBytes(ISO_8859_1));
      await(firstPartThere); // before the body has ended
      out.write("0\r\n\r\n".getBytes(ISO_8859_1));
      StringBuilder answer = new StringBuilder();
      while (!answer.toString().matches("(?s).*\r\n\r\n.*b.*")) {
        answer.append((char) socket.getInputStream().read());
      }
      firstPartHere.countDown();
      assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1)).contains("c");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void paysForABodyThatIsTooLongForMemory() throws Exception {
    int length = 3 * 1024 * 1024;
    try (Socket socket = new Socket("127.0.0.1", port())) {
      socket.setSoTimeout(30_000);
      OutputStream out = socket.getOutputStream();
      String head =
          "POST /http/"
              + shop.server.url().substring(7)
              + "/premium HTTP/1.1\r\nHost: "
              + own()
              + "\r\n"
              + token()
              + "\r\nContent-Length: "
              + length
              + "\r\nConnection: close\r\n\r\n";
      out.write(head.getBytes(ISO_8859_1));
      out.write(new byte[length]);
      out.flush();
      assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
          .startsWith("HTTP/1.1 200 ")
          .contains("premium answer to " + length + " bytes");
    }
    assertThat(paid()).isEqualTo(10_000);
  }
}
