// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.JsonText;
import io.github.x402j.servlet.PriceList.Listed;
import io.github.x402j.servlet.PriceList.PricedRoute;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What the webapp sells, as documents: the list at {@value #LIST} and an OpenAPI document at
 * {@value #OPEN_API}. They name what is discoverable, and nothing else.
 */
final class ForSale {
  static final String LIST = "/.well-known/x402";
  static final String OPEN_API = "/.well-known/openapi.json";

  private static final String FOLDER = "/.well-known/";
  private static final String CACHED = "public, max-age=300";

  private final PriceList prices;
  private final List<PublicUrl> publicUrls;
  private final Instant since = Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS);

  ForSale(PriceList prices, List<PublicUrl> publicUrls) {
    this.prices = prices;
    this.publicUrls = publicUrls;
  }

  /**
   * Maps a servlet to the documents where none takes all paths, as Tomcat runs no filter then. What
   * it answers is of no matter: the filter answers first.
   */
  static void mapIn(ServletContext context) {
    boolean isMapped =
        context.getServletRegistrations().values().stream()
            .flatMap(servlet -> servlet.getMappings().stream())
            .anyMatch(mapping -> mapping.equals("/") || mapping.equals("/*"));
    if (!isMapped) {
      ServletRegistration.Dynamic added = context.addServlet("x402-offers", new Target());
      if (added != null) { // null where the webapp has done it twice
        added.addMapping(LIST, OPEN_API);
      }
    }
  }

  /** Is there to be mapped. */
  private static final class Target extends HttpServlet {
    private static final long serialVersionUID = 1L;
  }

  /** Answers a request for a document; returns false if it is for something else. */
  boolean answer(String path, GatedRequest gated) throws IOException {
    if (!path.startsWith(FOLDER)) {
      return false;
    }
    HttpServletRequest request = gated.servletRequest();
    HttpServletResponse response = gated.servletResponse();
    boolean isRead = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
    if (!isRead || request.getDispatcherType() != DispatcherType.REQUEST) {
      return false;
    }
    PublicUrl url = PublicUrl.of(publicUrls, request);
    if (path.equals(LIST)) {
      send(response, list(url));
    } else if (path.equals(OPEN_API)) {
      send(response, openApi(url));
    } else {
      return false;
    }
    return true;
  }

  private static void send(HttpServletResponse response, Map<String, Object> document)
      throws IOException {
    byte[] body = JsonText.text(document).getBytes(UTF_8);
    response.setContentType("application/json");
    response.setHeader("Cache-Control", CACHED);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  /** Indexes read {@code resources}, the URLs; {@code items} are as in a facilitator's list. */
  private Map<String, Object> list(PublicUrl url) {
    List<DiscoveredResource> items =
        prices.discoverable().stream()
            .flatMap(priced -> priced.listed(url).stream())
            .map(this::item)
            .toList();
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("version", 1);
    list.put("x402Version", 2);
    list.put("resources", items.stream().map(item -> item.resource().url()).distinct().toList());
    list.put("items", items.stream().map(DiscoveryMessages::toMap).toList());
    list.put("openapi", url.of(OPEN_API));
    return list;
  }

  private DiscoveredResource item(Listed listed) {
    return new DiscoveredResource(
        listed.resource(), "http", 2, listed.accepts(), List.of(), since, listed.extensions());
  }

  private Map<String, Object> openApi(PublicUrl url) {
    Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
    Optional<String> service = Optional.empty();
    for (PricedRoute priced : prices.discoverable()) {
      for (Listed listed : priced.listed(url)) {
        paths
            .computeIfAbsent(listed.template().openApi(), path -> new LinkedHashMap<>())
            .put(listed.method().toLowerCase(Locale.ROOT), operation(priced, listed));
        service = service.or(() -> Optional.ofNullable(listed.resource().serviceName()));
      }
    }
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("title", service.orElse(url.origin()));
    info.put("version", "1");
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("openapi", "3.1.0");
    document.put("info", info);
    document.put("servers", List.of(Map.of("url", url.of(""))));
    document.put("paths", paths);
    return document;
  }

  private static Map<String, Object> operation(PricedRoute priced, Listed listed) {
    Map<String, Object> operation =
        new LinkedHashMap<>(
            listed
                .declared()
                .openApi(
                    PathTemplate.of(listed.template().openApi()).names(),
                    listed.resource().mimeType()));
    String description = listed.resource().description();
    if (description != null) {
      operation.put("summary", description);
    }
    if (!listed.resource().tags().isEmpty()) {
      operation.put("tags", listed.resource().tags());
    }
    Object declared = Objects.requireNonNullElse(operation.get("responses"), Map.of());
    Map<String, Object> responses = new LinkedHashMap<>();
    ((Map<?, ?>) declared).forEach((status, response) -> responses.put((String) status, response));
    responses.put(PaymentInfo.STATUS, PaymentInfo.response());
    operation.put("responses", responses);
    operation.put(PaymentInfo.EXTENSION, PaymentInfo.of(priced.fixedPrice()));
    return operation;
  }
}
