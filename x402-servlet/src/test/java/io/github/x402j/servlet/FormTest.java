// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Forms, sessions, uploads and translated pages, free and paid: the same as in a webapp without the
 * filter.
 */
class FormTest {
  private static final byte[] FILE = new byte[20 * 1024 * 1024];
  private static final String BOUNDARY = "----x402j";

  @RegisterExtension static final Market MARKET = new Market();
  @TempDir static Path uploads;

  /** A page with a form, as webapps of templates have it. */
  private static final class Forms extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException {
      String type = String.valueOf(request.getContentType());
      if (type.startsWith("multipart/")) {
        long size = request.getPart("file").getSize();
        response.setContentType("application/json");
        response.getWriter().write("{\"size\":" + size + "}");
      } else {
        request.getSession().setAttribute("name", request.getParameter("name"));
        response.sendRedirect("page?saved");
      }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      var session = request.getSession(false);
      Locale locale = request.getLocale();
      response.setLocale(locale);
      response.setContentType("text/html;charset=UTF-8");
      response.setHeader("Vary", "Accept-Language");
      String greeting = locale.getLanguage().equals("de") ? "Gr\u00fc\u00dfe, " : "Hello, ";
      response
          .getWriter()
          .write(greeting + (session == null ? "you" : session.getAttribute("name")));
    }
  }

  private static void configure(ServletContext context) {
    var forms = context.addServlet("forms", new Forms());
    forms.setAsyncSupported(true);
    forms.setMultipartConfig(new MultipartConfigElement(uploads.toString()));
    forms.addMapping("/paid/*", "/free/*");
  }

  private static TestContainer without(Stack stack) {
    return TestContainer.on(stack).start(FormTest::configure);
  }

  private static PaidWebapp with(Stack stack) {
    return PaidWebapp.on(stack, MARKET)
        .withoutHandlers()
        .site(FormTest::configure)
        .routes(Route.of("/paid/*").price("$0.01"))
        .start();
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aFormIsSavedAndItsSessionKept(Stack stack) throws IOException {
    try (TestContainer without = without(stack);
        PaidWebapp with = with(stack)) {
      TestPayer payer = MARKET.payer();
      Map<String, Object> plain = visit(without.port(), "/free", null);
      assertThat(visit(with.port(), "/free", null)).isEqualTo(plain);
      assertThat(visit(with.port(), "/paid", payer)).isEqualTo(plain);
      assertThat(plain.get("page").toString()).contains("Hello, M\u00fcller");
      assertThat(payer.balance()).isEqualTo(1_000_000 - 3 * PaidWebapp.CENT);
    }
  }

  /** Posts the form, follows its redirect in two languages, and returns what was seen. */
  private static Map<String, Object> visit(int port, String prefix, TestPayer payer)
      throws IOException {
    Map<String, Object> seen = new TreeMap<>();
    RawHttp.Response posted = post(port, prefix + "/form");
    if (payer != null) {
      assertThat(posted.status()).isEqualTo(402);
      assertThat(posted.headers("Set-Cookie")).isEmpty();
      posted = post(port, prefix + "/form", payer.header(posted));
    }
    seen.put("redirect", posted.status());
    URI at = URI.create("http://localhost" + prefix + "/form");
    URI next = at.resolve(String.valueOf(posted.header("Location")));
    seen.put("location", next.toString().replace(prefix, ""));
    String cookie = "Cookie: " + String.valueOf(posted.header("Set-Cookie")).split(";")[0];
    String target = next.getPath() + "?" + next.getQuery();
    seen.put("page", page(port, target, payer, cookie, "Accept-Language: en"));
    seen.put("seite", page(port, target, payer, cookie, "Accept-Language: de"));
    return seen;
  }

  private static String page(int port, String target, TestPayer payer, String... headers)
      throws IOException {
    List<String> all = new ArrayList<>(Arrays.asList(headers));
    if (payer != null) {
      all.add(payer.header(port, target));
    }
    RawHttp.Response page = RawHttp.get(port, target, all.toArray(String[]::new));
    return page.status()
        + String.valueOf(page.header("Content-Language")).replaceFirst("-$", "") // of Undertow
        + String.valueOf(page.header("Content-Type")).toLowerCase(Locale.ROOT).replace(" ", "")
        + Stream.of(String.join(", ", page.headers("Vary")).split(", "))
            .filter("Accept-Language"::equals)
            .toList()
        + page.headers("Set-Cookie")
        + page.text();
  }

  private static RawHttp.Response post(int port, String target, String... headers)
      throws IOException {
    String body = "name=M%C3%BCller";
    try (RawHttp connection = RawHttp.connect(port)) {
      connection.send(
          "POST "
              + target
              + " HTTP/1.1\r\nHost: localhost\r\n"
              + Stream.of(headers).map(line -> line + "\r\n").reduce("", String::concat)
              + "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      return connection.receive(false);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aFileOf20MegabytesArrives(Stack stack) throws Exception {
    try (TestContainer without = without(stack);
        PaidWebapp with = with(stack)) {
      String plain = upload(without.port(), "/free/file", null);
      assertThat(plain).isEqualTo("200 application/json {\"size\":" + FILE.length + "}");
      assertThat(upload(with.port(), "/free/file", null)).isEqualTo(plain);
      assertThat(upload(with.port(), "/paid/file", null)).startsWith("402 ");
      TestPayer payer = MARKET.payer();
      assertThat(upload(with.port(), "/paid/file", payer)).isEqualTo(plain);
      assertThat(payer.balance()).isEqualTo(1_000_000 - PaidWebapp.CENT);
    }
  }

  private static String upload(int port, String target, TestPayer payer) throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    String head =
        "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n";
    body.write(head.formatted(BOUNDARY).getBytes(UTF_8));
    body.write(FILE);
    body.write("\r\n--%s--\r\n".formatted(BOUNDARY).getBytes(UTF_8));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
    if (payer != null) {
      String payment = payer.header(port, target).replaceFirst("^[^:]*: ", "");
      request.header("PAYMENT-SIGNATURE", payment);
    }
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    String type = response.headers().firstValue("Content-Type").orElse("");
    return response.statusCode() + " " + type.split(";")[0] + " " + response.body();
  }
}
