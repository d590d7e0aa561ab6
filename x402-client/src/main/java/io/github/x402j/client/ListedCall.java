// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.JsonText;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The call of a resource as a list describes it.
 *
 * @param contentType of the body, null if there is none
 * @param body null if there is none
 */
public record ListedCall(
    String method, URI url, @Nullable String contentType, @Nullable String body) {
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "DELETE", "POST", "PUT", "PATCH");

  /**
   * Returns the call.
   *
   * @param values for the names of the path and the query parameters, in place of the examples that
   *     the resource is listed with
   * @throws IllegalArgumentException if it cannot be called over HTTP, or a name has no value
   */
  public static ListedCall of(DiscoveredResource resource, Map<String, ?> values) {
    String method = resource.operation().orElse("GET");
    if (!resource.type().equals("http") || !METHODS.contains(method)) {
      throw new IllegalArgumentException("the resource is not called over HTTP");
    }
    Map<String, Object> input = resource.input();
    Map<String, Object> path = members(input.get("pathParams"));
    Map<String, Object> query = new LinkedHashMap<>(members(input.get("queryParams")));
    values.forEach(
        (name, value) -> {
          if (!isNamedInPath(resource, name)) {
            query.put(name, value);
          }
        });
    Map<String, Object> named = new LinkedHashMap<>(path);
    named.putAll(values);
    URI url = url(resource.resource().url(), named, query);
    if (Origin.of(url).isEmpty() || url.getRawUserInfo() != null) {
      throw new IllegalArgumentException("the resource is not called over HTTP");
    }
    return withBody(new ListedCall(method, url, null, null), input);
  }

  private static boolean isNamedInPath(DiscoveredResource resource, String name) {
    return Arrays.asList(resource.resource().url().split("/")).contains(":" + name);
  }

  private static URI url(String template, Map<String, Object> named, Map<String, Object> query) {
    String filled =
        Arrays.stream(template.split("/", -1))
            .map(segment -> segment.startsWith(":") ? value(segment.substring(1), named) : segment)
            .collect(Collectors.joining("/"));
    String parameters =
        query.entrySet().stream()
            .map(each -> encoded(each.getKey()) + "=" + encoded(text(each.getValue())))
            .collect(Collectors.joining("&"));
    return URI.create(parameters.isEmpty() ? filled : filled + "?" + parameters);
  }

  private static String value(String name, Map<String, Object> named) {
    Object value = named.get(name);
    String text = value == null ? "" : text(value);
    if (text.isEmpty() || text.equals(".") || text.equals("..")) {
      throw new IllegalArgumentException("a value is missing for a name in the path of the URL");
    }
    return encoded(text);
  }

  private static ListedCall withBody(ListedCall call, Map<String, Object> input) {
    Object body = input.get("body");
    if (body == null || !(input.get("bodyType") instanceof String type)) {
      return call;
    }
    return switch (type) {
      case "json" -> call.with("application/json", JsonText.text(body));
      case "form-data" -> call.with("application/x-www-form-urlencoded", form(members(body)));
      default -> call.with("text/plain; charset=utf-8", text(body));
    };
  }

  private ListedCall with(String type, String text) {
    return new ListedCall(method, url, type, text);
  }

  /** Returns this call with another body. */
  public ListedCall withJson(Map<String, ?> json) {
    return with("application/json", JsonText.text(json));
  }

  /** Returns the request. */
  public HttpRequest.Builder request() {
    BodyPublisher published =
        body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body, UTF_8);
    HttpRequest.Builder request = HttpRequest.newBuilder(url).method(method, published);
    Optional.ofNullable(contentType).ifPresent(type -> request.header("Content-Type", type));
    return request;
  }

  private static String form(Map<String, Object> fields) {
    return fields.entrySet().stream()
        .map(each -> encoded(each.getKey()) + "=" + encoded(text(each.getValue())))
        .collect(Collectors.joining("&"));
  }

  private static String text(Object value) {
    return value instanceof String text ? text : JsonText.text(value);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  private static Map<String, Object> members(@Nullable Object object) {
    Map<String, Object> members = new LinkedHashMap<>();
    if (object instanceof Map<?, ?> map) {
      map.forEach((name, value) -> members.put(String.valueOf(name), value));
    }
    return members;
  }
}
