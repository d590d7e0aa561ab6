// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.StartUpTest.SECOND;
import static io.github.x402j.servlet.StartUpTest.SECRET;
import static io.github.x402j.servlet.StartUpTest.priced;
import static io.github.x402j.servlet.StartUpTest.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.x402j.testing.TestWallet;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The filter sees every request before anything else can answer it, or the webapp does not start.
 */
class RegistrationTest {
  @RegisterExtension static final Market MARKET = new Market();

  /** Undertow initialises a filter with the first request that it is mapped to, so not there. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT"})
  void aFilterMustBeMappedToEverything(Stack stack) {
    refuses(
        MARKET,
        stack,
        new StartUpTest.Case(
            "is mapped to [/premium/*]; expected /*",
            (ctx, b) -> {
              var registration = ctx.addFilter("part", b.routes(priced("$0.01")).build());
              registration.setAsyncSupported(true);
              registration.addMappingForUrlPatterns(
                  EnumSet.allOf(DispatcherType.class), true, "/premium/*");
            }));
  }

  /** Stands for Jetty's, which is known by its name and answers handshakes of endpoints. */
  private static final class WebSocketUpgradeFilter implements Filter {
    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @Test
  void nothingThatAnswersHandshakesMayComeInFrontLater() {
    refuses(
        MARKET,
        Stack.JETTY,
        new StartUpTest.Case(
            "was added after PaymentFilter.register was called",
            (ctx, b) -> {
              PaymentFilter.register(ctx, b.routes(priced("$0.01")).build());
              ctx.addFilter("upgrades", new WebSocketUpgradeFilter());
            }));
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void whatAnswersHandshakesIsBehindTheFilterThatIsRegisteredLater(Stack stack) throws IOException {
    PaymentFilter filter =
        MARKET.filter(TestWallet.random(), SECOND).routes(priced("$0.01")).build();
    try (TestContainer container =
        TestContainer.on(stack)
            .start(
                ctx -> {
                  TestContainer.addFilter(ctx, new WebSocketUpgradeFilter());
                  PaymentFilter.register(ctx, filter);
                })) {
      RawHttp.Response response = RawHttp.get(container.port(), "/private");
      assertThat(response.status()).isEqualTo(402);
      assertThat(response.all()).doesNotContain(SECRET);
    }
  }

  /** Cookies have no attributes there, and a paid response would fail for it. */
  @Test
  void aContainerOfAnOlderServletApiFailsTheStart() {
    ServletContext old = mock(ServletContext.class);
    when(old.getMajorVersion()).thenReturn(5);
    when(old.getServerInfo()).thenReturn("Apache Tomcat/10.0.27");
    FilterConfig config = mock(FilterConfig.class);
    when(config.getServletContext()).thenReturn(old);
    PaymentFilter filter =
        MARKET.filter(TestWallet.random(), SECOND).routes(priced("$0.01")).build();

    String sentence =
        "the container, Apache Tomcat/10.0.27, has the Servlet API 5.0; expected 6.0 or later";
    assertThatThrownBy(() -> PaymentFilter.register(old, filter))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(sentence);
    assertThatThrownBy(() -> filter.init(config))
        .isInstanceOf(ServletException.class)
        .hasMessageContaining(sentence);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aFilterThatAnotherCallsWithoutInitServesNothing(Stack stack) throws IOException {
    PaymentFilter inner =
        MARKET.filter(TestWallet.random(), SECOND).routes(priced("$0.01")).build();
    Filter outer = (request, response, chain) -> inner.doFilter(request, response, chain);
    try (TestContainer container =
        TestContainer.on(stack)
            .start(
                ctx -> {
                  TestContainer.addServlet(
                      ctx, "private", new StartUpTest.Plain(), "/private", "/free");
                  TestContainer.addFilter(ctx, outer);
                })) {
      for (String target : new String[] {"/private", "/free"}) {
        RawHttp.Response response = RawHttp.get(container.port(), target);
        assertThat(response.status()).as(target).isEqualTo(500);
        assertThat(response.all()).as(target).doesNotContain(SECRET);
      }
    }
  }
}
