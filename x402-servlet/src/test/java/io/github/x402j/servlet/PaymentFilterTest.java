// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.Usdc;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a filter is made and registered; what a mistake says is in {@link StartUpTest}. */
class PaymentFilterTest {
  @RegisterExtension static final Market MARKET = new Market();

  private static class Plain extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @RequiresPayment("$0.02")
  private static final class Annotated extends Plain {
    private static final long serialVersionUID = 1L;
  }

  private static PaymentFilter.Builder filter() {
    return MARKET
        .filter(TestWallet.random(), Duration.ofSeconds(5))
        .routes(Route.get("/premium").price("$0.01"));
  }

  @Test
  void registersInOneLineInAnEmbeddedJetty() throws Exception {
    AtomicInteger made = new AtomicInteger();
    Server server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder(new Plain()), "/premium");
    webapp.addServlet(new ServletHolder(new Annotated()), "/annotated");
    webapp.addServlet(new ServletHolder(new Plain()), "/free");
    webapp.addServletContainerInitializer(PaymentFilter.initializer(() -> counted(made)));
    server.setHandler(webapp);
    try {
      server.start();
      sells(((ServerConnector) server.getConnectors()[0]).getLocalPort());
      assertThat(made).hasValue(1);
    } finally {
      server.stop();
    }
  }

  @Test
  void registersInOneLineInAnEmbeddedTomcat(@TempDir Path base) throws Exception {
    AtomicInteger made = new AtomicInteger();
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(base.toString());
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context webapp = tomcat.addContext("", base.toString());
    Tomcat.addServlet(webapp, "plain", new Plain());
    webapp.addServletMappingDecoded("/premium", "plain");
    webapp.addServletMappingDecoded("/free", "plain");
    Tomcat.addServlet(webapp, "annotated", new Annotated());
    webapp.addServletMappingDecoded("/annotated", "annotated");
    webapp.addServletContainerInitializer(PaymentFilter.initializer(() -> counted(made)), Set.of());
    try {
      tomcat.start();
      sells(tomcat.getConnector().getLocalPort());
      assertThat(made).hasValue(1);
    } finally {
      tomcat.stop();
      tomcat.destroy();
    }
  }

  private static PaymentFilter counted(AtomicInteger made) {
    made.incrementAndGet();
    return filter().build();
  }

  private static void sells(int port) throws IOException {
    RawHttp.Response unpaid = RawHttp.get(port, "/premium");
    assertThat(unpaid.status()).isEqualTo(402);
    RawHttp.Response paid = RawHttp.get(port, "/premium", MARKET.payer().header(unpaid));
    assertThat(paid.text()).isEqualTo(SECRET);
    assertThat(RawHttp.get(port, "/free").text()).isEqualTo(SECRET);
    RawHttp.Response annotated = RawHttp.get(port, "/annotated");
    assertThat(annotated.status()).isEqualTo(402);
    assertThat(TestPayer.required(annotated).accepts().get(0).amount()).hasToString("20000");
  }

  /** Some containers throw; others start, and serve nothing of the webapp. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aFilterThatCannotBeMadeFailsTheStart(Stack stack) {
    Throwable failure =
        catchThrowable(
            () -> {
              try (TestContainer container =
                  TestContainer.on(stack).start(PaymentFilterTest::withoutAFilter)) {
                for (String target : List.of("/premium", "/free")) {
                  RawHttp.Response response = RawHttp.get(container.port(), target);
                  assertThat(response.status()).as(target).isGreaterThanOrEqualTo(400);
                  assertThat(response.all()).as(target).doesNotContain(SECRET);
                }
              }
            });
    if (failure != null) {
      assertThat(failure).hasStackTraceContaining("publicUrl: expected");
    }
  }

  private static void withoutAFilter(ServletContext context) throws ServletException {
    TestContainer.addServlet(context, "plain", new Plain(), "/premium", "/free");
    PaymentFilter.initializer(() -> PaymentFilter.builder().build()).onStartup(Set.of(), context);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://me@shop.example",
        "https://shop example"
      })
  void aPublicUrlIsThatOfAWebapp(String url) {
    assertThatThrownBy(() -> PaymentFilter.builder().publicUrl(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("publicUrl");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aFurtherCallAddsRules(Stack stack) throws IOException {
    PaymentFilter filter =
        filter().routes(Route.of("/free").price("$0.02")).routes(List.of()).build();
    try (TestContainer container =
        TestContainer.on(stack)
            .start(
                context -> {
                  TestContainer.addServlet(context, "plain", new Plain(), "/premium", "/free");
                  PaymentFilter.register(context, filter);
                })) {
      for (String target : List.of("/premium", "/free")) {
        assertThat(RawHttp.get(container.port(), target).status()).as(target).isEqualTo(402);
      }
    }
    assertThatThrownBy(() -> filter().routes(Route.get("/premium").price("$0.01")))
        .hasMessageContaining("two rules for the same thing");
  }

  @Test
  void aSettingOutOfItsRangeIsNamedAtOnce() {
    PaymentFilter.Builder builder = PaymentFilter.builder();
    assertThatThrownBy(() -> builder.bufferLimit(0)).hasMessageContaining("bufferLimit");
    assertThatThrownBy(() -> builder.spillAbove(-1)).hasMessageContaining("spillAbove");
    assertThatThrownBy(() -> builder.maxTimeout(Duration.ofSeconds(9)))
        .hasMessageContaining("maxTimeout");
    assertThatThrownBy(() -> builder.maxTimeout(Duration.ofSeconds(3601)))
        .hasMessageContaining("maxTimeout");
  }

  @Test
  void theSameRulesMayBeGivenAsAList() {
    assertThatThrownBy(() -> filter().routes(List.of(Route.of("/undecided"))))
        .hasMessageContaining("/undecided");
    assertThat(filter().routes(List.of(Route.of("/a").price("$0.01"))).build()).isNotNull();
  }

  @Test
  void namesAPayToThatIsNotSet() {
    for (String unset : new String[] {null, "", " "}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PaymentFilter.builder().accept(Usdc.BASE, unset))
          .withMessageContaining("payTo")
          .withMessageContaining("environment variable");
    }
  }
}
