// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import jakarta.servlet.GenericServlet;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.UnavailableException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A webapp answers with x402j as it does without: every handler of a table, on every container,
 * with the usual filters around, paid by a real payment. And what the container would not deliver
 * is not charged.
 */
class WithAndWithoutTest {
  /** What the protocol adds, and what differs from one response to the next. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "date",
          "payment-response",
          "x-payment-response",
          "access-control-expose-headers",
          "connection",
          "keep-alive",
          "transfer-encoding");

  private static final String OURS_IN_VARY = "PAYMENT-SIGNATURE, X-PAYMENT, X-Payment-Receipt";

  @RegisterExtension static final Market MARKET = new Market();
  @TempDir static Path docroot;

  /** One request of the table. */
  private record Row(String method, String target, String... headers) {
    Row at(String prefix) {
      return new Row(method, prefix + target.substring(target.indexOf('/', 1)), headers);
    }

    @Override
    public String toString() {
      return method + " " + target + (headers.length == 0 ? "" : " " + String.join(", ", headers));
    }
  }

  private static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    WithAndWithoutHandlers.all().keySet().forEach(name -> rows.add(get("/paid/" + name)));
    SpringHandlers.NAMES.forEach(name -> rows.add(get("/spring/" + name)));
    for (String name : List.of("stream", "length", "writer", "large", "304", "error-404")) {
      rows.add(new Row("HEAD", "/paid/" + name));
    }
    rows.add(get("/files/a.txt"));
    rows.add(get("/files/a.txt", "Range: bytes=2-5"));
    rows.add(get("/files/a.txt", "Range: bytes=900-"));
    rows.add(get("/files/a.txt", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"));
    rows.add(new Row("HEAD", "/files/a.txt"));
    rows.add(get("/files/missing.txt"));
    rows.add(get("/unavailable/briefly"));
    rows.add(get("/unavailable/for-good"));
    return rows;
  }

  private static Row get(String target, String... headers) {
    return new Row("GET", target, headers);
  }

  private static final List<String> FILTERS =
      Stream.concat(
              SurroundingFilters.NAMES.stream().map(name -> "X-Around: " + name),
              Stream.of("X-Within: gzip", "X-Within: etag"))
          .toList();

  /** A difference that is meant, or is that of the container without x402j. */
  private record Explained(Pattern difference, String why) {
    boolean fits(String text) {
      return difference.matcher(text).find();
    }
  }

  private static Explained why(String why, String... patterns) {
    return new Explained(Pattern.compile(String.join("|", patterns), Pattern.DOTALL), why);
  }

  private static final List<Explained> EXPLAINED =
      List.of(
          why(
              "a handler that throws after a flush ends in a whole 500, in place of a part",
              "(status|charged where it is) (broken|200)(, now| ->) 500 <- GET /\\w+/(throws-flushed|forward-after-flush) "),
          why(
              "an error page that has a price is not shown for a request that cost nothing",
              "<- GET /\\w+/error-paged-paid "),
          why("JSON from a writer is UTF-8 (RFC 8259)", "application/problem\\+json"),
          why(
              "a held response is not sent by a flush, a close or a redirect, so that filters in front can still add to it",
              "header x-after: null -> yes"),
          why(
              "a flush ends the head, also behind a filter that ignores it",
              "header x-late: dropped"),
          why(
              "the length of a held answer to HEAD is known",
              "content-length: null -> 300000 <- HEAD"),
          why(
              "Spring Security may add its headers twice to what is written on another thread",
              "header x-[a-z-]+options: (\\w+) \\| \\1 -> \\1 <- GET /spring/"),
          why(
              "Jetty and Undertow end the response before the listeners of the handler; here they can write",
              "(JETTY|UNDERTOW) (body|header etag).*async-on-complete",
              "(JETTY|UNDERTOW) body 'not gzip: Unexpected end.*' -> '[a-z ]+' <- .*gzip"),
          why(
              "what a write listener writes is complete before the filters in front return",
              "<- GET /paid/async-write-listener"),
          why(
              "Jetty keeps the draft before a forward in a wrapped response; here it is dropped",
              "JETTY (body|header etag).*<- GET /paid/forward-(after-|by-context)"),
          why(
              "Jetty keeps the draft before a forward to a name: it goes around the filter",
              "JETTY body.*-> 'draftnamed'"),
          why(
              "what is written after a forward is dropped, as in a plain response; in some wrappers it goes out or fails",
              "TOMCAT (CHARGED|status|body 'textafter').*/forward-by-context "),
          why(
              "an error within an include changes nothing, as in a plain response; some wrappers let it through",
              "(TOMCAT|UNDERTOW).*/include-error "),
          why(
              "an error page is written by the container's stream, whatever the draft before it was written by",
              "TOMCAT (body|header content-(type|encoding)).*/(error-after-draft|forward-to-error) ",
              "UNDERTOW status 500 -> 404 <- GET /\\w+/forward-to-error .*gzip"),
          why(
              "Undertow sends an error of a filter at once: filters in front cannot add to it",
              "UNDERTOW header (x-after|x-frame-options|x-content-type-options): \\w+ -> null"),
          why("Undertow drops the trailers of a short response", "UNDERTOW trailers"),
          why(
              "Jetty's file servlet writes the page of a 416 to its own response",
              "JETTY .*<- GET /files/a.txt Range: bytes=900-"),
          why(
              "a writer of a filter's own asks for the charset",
              "text/plain -> text/plain;charset"),
          why(
              "Tomcat's file servlet ignores a range where a filter has a stream of its own",
              "TOMCAT status 200 -> 206 <- GET /files/a.txt Range"),
          why(
              "an ETag of what is written later, or by whom, is another one",
              "header etag: .*(async-|unavailable/)"));

  // ---- the webapps

  /** Fails as servlets do that are not ready. */
  private static final class Unavailable extends GenericServlet {
    private static final long serialVersionUID = 1L;

    private final boolean forGood;

    Unavailable(boolean forGood) {
      this.forGood = forGood;
    }

    @Override
    public void service(ServletRequest request, ServletResponse response) throws ServletException {
      throw forGood ? new UnavailableException("own") : new UnavailableException("own", 30);
    }
  }

  private static TestContainer start(Stack stack, @Nullable PaymentFilter filter) {
    return TestContainer.on(stack)
        .docroot(docroot)
        .errorPage(418, "/free/page")
        .errorPage(417, "/paid/page")
        .start(
            context -> {
              Map<String, Handlers.Handler> all = WithAndWithoutHandlers.all();
              all.put(
                  "page",
                  (request, response) -> {
                    response.setHeader("X-Page", "yes");
                    response
                        .getWriter()
                        .write("page " + request.getAttribute("jakarta.servlet.error.message"));
                  });
              TestContainer.addServlet(
                  context, "handlers", new Handlers(all), "/paid/*", "/all/*", "/free/*");
              TestContainer.addServlet(
                  context,
                  "named",
                  new Handlers(
                      Map.of(
                          "", (request, response) -> response.getOutputStream().print("named"))) {
                    @Override
                    protected void service(
                        jakarta.servlet.http.HttpServletRequest request,
                        jakarta.servlet.http.HttpServletResponse response)
                        throws IOException {
                      response.getOutputStream().print("named");
                    }
                  },
                  "/named");
              TestContainer.addServlet(
                  context, "briefly", new Unavailable(false), "/unavailable/briefly");
              TestContainer.addServlet(
                  context, "for-good", new Unavailable(true), "/unavailable/for-good");
              SpringHandlers.addTo(context, "/spring/*", "/all-spring/*");
              boolean lastIsFirst = stack == Stack.UNDERTOW; // of those that are put in front
              if (filter != null && lastIsFirst) {
                PaymentFilter.register(context, filter);
              }
              addInFront(context, new SurroundingFilters("X-Around"));
              if (filter != null && !lastIsFirst) {
                PaymentFilter.register(context, filter);
              }
              TestContainer.addFilter(context, "within", new SurroundingFilters("X-Within"));
            });
  }

  private static void addInFront(
      jakarta.servlet.ServletContext context, SurroundingFilters filters) {
    var registration = context.addFilter("around", filters);
    registration.setAsyncSupported(true);
    registration.addMappingForUrlPatterns(
        java.util.EnumSet.allOf(jakarta.servlet.DispatcherType.class), false, "/*");
  }

  private static PaymentFilter filter(TestWallet seller) {
    return MARKET
        .filter(seller, Duration.ofSeconds(5))
        .routes(
            Route.of("/paid/*").price("$0.01"),
            Route.of("/spring/*").price("$0.01"),
            Route.of("/files/*").price("$0.01"),
            Route.of("/unavailable/*").price("$0.01"),
            Route.of("/all/*").price("$0.01").deliverErrors(ErrorDelivery.ALL),
            Route.of("/all-spring/*").price("$0.01").deliverErrors(ErrorDelivery.ALL))
        .failuresPerMinute(100_000)
        .build();
  }

  // ---- the comparison

  private final List<String> differences = new ArrayList<>();
  private final TestPayer payer = MARKET.payer(100_000 * CENT);
  private final long begunWith = payer.balance();
  private int compared;
  private int charged;

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void answersTheSame(Stack stack) throws Exception {
    Files.createDirectories(docroot.resolve("files"));
    Files.writeString(docroot.resolve("files/a.txt"), "0123456789");
    try (TestContainer without = start(stack, null);
        TestContainer with = start(stack, filter(TestWallet.random()))) {
      for (Row row : rows()) {
        for (String filters : FILTERS) {
          if (isIncluded(row, filters)) {
            compare(without, with, row, filters);
          }
        }
      }
    }
    System.out.printf("TABLE %s: %d exchanges, %d charged%n", stack, compared, charged);
    Map<String, Integer> explained = new TreeMap<>();
    List<String> unexplained = new ArrayList<>();
    for (String difference : differences) {
      EXPLAINED.stream()
          .filter(each -> each.fits(stack + " " + difference))
          .findFirst()
          .ifPresentOrElse(
              each -> explained.merge(each.why(), 1, Integer::sum),
              () -> unexplained.add(difference));
    }
    explained.forEach((why, times) -> System.out.printf("  %4d %s: %s%n", times, stack, why));
    assertThat(unexplained).isEmpty();
  }

  /** A timeout takes Tomcat a second, so those rows do not meet all filters. */
  private static boolean isIncluded(Row row, String filters) {
    boolean isSlow = row.target().contains("timeout") || row.target().contains("late");
    boolean isSimple = filters.endsWith("encoding") || filters.endsWith("forwarded");
    return isSlow
        ? filters.equals("X-Around: none") || filters.equals("X-Around: etag")
        : !isSimple || row.target().hashCode() % 4 == 0;
  }

  private void compare(TestContainer without, TestContainer with, Row row, String filters)
      throws IOException {
    Object plain = ask(without.port(), row, filters);
    compareWith(plain, with, row, filters, false);
    if (plain instanceof IOException || ((RawHttp.Response) plain).status() >= 500) {
      String prefix =
          row.target().startsWith("/spring")
              ? "/all-spring"
              : row.target().startsWith("/paid") ? "/all" : null;
      if (prefix != null) {
        compareWith(
            ask(without.port(), row.at(prefix), filters), with, row.at(prefix), filters, true);
      }
    }
  }

  private void compareWith(Object plain, TestContainer with, Row row, String filters, boolean all)
      throws IOException {
    String[] asked = {filters};
    RawHttp.Response unpaid = RawHttp.request(with.port(), "GET", row.target(), asked);
    if (unpaid.status() != 402) { // Tomcat runs no filter for a servlet that is not available
      if (!status(plain).equals(status(unpaid))) {
        differ("not 402 but " + unpaid.status(), row, filters);
      }
      return;
    }
    Object paid = ask(with.port(), row, filters, payer.header(unpaid));
    compared++;
    long left = payer.balance();
    boolean isCharged = left < begunWith - (long) charged * CENT;
    charged += isCharged ? 1 : 0;
    boolean delivers = plain instanceof RawHttp.Response r && r.status() < 400 && r.status() != 304;
    if (isCharged != delivers) {
      differ(
          (isCharged ? "CHARGED" : "not charged")
              + " where it is "
              + status(plain)
              + ", now "
              + status(paid),
          row,
          filters);
    }
    assertThat(left).isEqualTo(begunWith - (long) charged * CENT);
    if (plain instanceof RawHttp.Response a && paid instanceof RawHttp.Response b) {
      differences(a, b, row, filters, all);
    } else if (!status(plain).equals(status(paid))) {
      differ("status " + status(plain) + " -> " + status(paid), row, filters);
    }
  }

  private static String status(Object response) {
    return response instanceof RawHttp.Response answered
        ? Integer.toString(answered.status())
        : "broken";
  }

  private void differences(
      RawHttp.Response plain, RawHttp.Response paid, Row row, String filters, boolean all) {
    if (plain.status() != paid.status()) {
      differ("status " + plain.status() + " -> " + paid.status(), row, filters);
      return;
    }
    if (plain.status() >= 500 && !all) {
      return; // withheld
    }
    Map<String, String> before = headers(plain, row);
    Map<String, String> after = headers(paid, row);
    Set<String> names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    for (String name : names) {
      if (!Objects.equals(before.get(name), after.get(name))) {
        differ("header " + name + ": " + before.get(name) + " -> " + after.get(name), row, filters);
      }
    }
    if (!body(plain).equals(body(paid))) {
      differ("body " + shorten(body(plain)) + " -> " + shorten(body(paid)), row, filters);
    }
    if (!plain.trailers().equals(paid.trailers())) {
      differ("trailers " + plain.trailers() + " -> " + paid.trailers(), row, filters);
    }
  }

  private static String shorten(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() < 60
        ? "'" + line + "'"
        : "'" + line.substring(0, 60) + "...' (" + text.length() + ")";
  }

  private void differ(String what, Row row, String filters) {
    differences.add(what + " <- " + row + " {" + filters + "}");
  }

  /** The page of a container shows a stack trace, which has our frames in it. */
  private static String body(RawHttp.Response response) {
    String text = text(response);
    boolean isPage = response.status() >= 500 && text.toLowerCase(Locale.ROOT).contains("<html");
    return isPage ? "the container's page of " + response.status() : text;
  }

  private static String text(RawHttp.Response response) {
    byte[] body = response.body();
    if ("gzip".equals(response.header("Content-Encoding")) && body.length > 0) {
      try {
        body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
      } catch (IOException e) {
        return "not gzip: " + e.getMessage() + ", " + body.length;
      }
    }
    return new String(body, StandardCharsets.ISO_8859_1);
  }

  private static Map<String, String> headers(RawHttp.Response response, Row row) {
    Map<String, String> headers = new TreeMap<>();
    for (String line : response.head().split("\r\n")) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        continue;
      }
      String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = line.substring(colon + 1).strip();
      boolean isFraming = name.equals("content-length") && !row.method().equals("HEAD");
      if (LEFT_OUT.contains(name) || isFraming || value.equals(OURS_IN_VARY)) {
        continue;
      }
      if (name.equals("cache-control") && value.equals("private")) {
        continue;
      }
      headers.merge(name, normal(name, value, row), (a, b) -> a + " | " + b);
    }
    return headers;
  }

  private static String normal(String name, String value, Row row) {
    if (name.equals("location")) {
      return URI.create("http://localhost" + row.target()).resolve(value).toString();
    }
    if (name.equals("set-cookie")) {
      return value.replaceAll("(JSESSIONID|Expires)=[^;|]*", "$1=x");
    }
    if (name.equals("content-type")) {
      return value.replace("; ", ";").toLowerCase(Locale.ROOT);
    }
    if (name.equals("cache-control")) {
      return value.replace("private, ", "");
    }
    return value.replace(", " + OURS_IN_VARY, "");
  }

  private static Object ask(int port, Row row, String... more) {
    List<String> headers = new ArrayList<>(List.of(row.headers()));
    headers.addAll(List.of(more));
    try {
      return RawHttp.request(port, row.method(), row.target(), headers.toArray(String[]::new));
    } catch (IOException e) {
      return e;
    }
  }
}
