// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.util.CanonicalPathUtils;
import io.undertow.util.URLUtils;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.tomcat.util.http.RequestUtil;
import org.eclipse.jetty.util.URIUtil;
import org.springframework.util.StringUtils;
import org.springframework.web.servlet.resource.ResourceHandlerUtils;
import org.springframework.web.util.UriUtils;

/**
 * What routers make of a request: functions of published libraries, one after the other, on each
 * text that a servlet can get at.
 */
final class PathReaders {
  /** How many of the longer sequences are tried for each request. */
  private static final int LONGER = 40;

  private static final List<UnaryOperator<String>> STEPS =
      List.of(
          path -> URLDecoder.decode(path.replace("+", "%2B"), UTF_8),
          path -> URLDecoder.decode(path.replace("+", "%2B"), ISO_8859_1),
          path -> UriUtils.decode(path, UTF_8),
          path -> URLUtils.decode(path, "UTF-8", true, new StringBuilder()),
          path -> URLUtils.decode(path, "UTF-8", false, new StringBuilder()),
          URIUtil::decodePath,
          URIUtil::canonicalPath,
          URIUtil::normalizePath,
          URIUtil::compactPath,
          CanonicalPathUtils::canonicalize,
          RequestUtil::normalize,
          path -> RequestUtil.normalize(path, false),
          StringUtils::cleanPath,
          ResourceHandlerUtils::normalizeInputPath,
          path -> URI.create(path).getPath(),
          path -> URI.create(path).normalize().getRawPath(),
          path -> Path.of(path).normalize().toString(),
          path -> path.replace('\\', '/'),
          path -> path.replaceAll(";[^/]*", ""),
          path -> path.replaceAll("/+", "/"),
          path -> path.replaceAll("[?#].*", ""));

  private PathReaders() {}

  /** Returns whether some reader takes the request for a path that {@code wanted} accepts. */
  static boolean anyFinds(HttpServletRequest request, Predicate<String> wanted) {
    String servlet = request.getServletPath();
    String info = request.getPathInfo() == null ? "" : request.getPathInfo();
    Set<String> texts = new LinkedHashSet<>(List.of(servlet + info, request.getRequestURI()));
    for (String text : texts) {
      if (anyFinds(text, wanted)) {
        return true;
      }
    }
    return !servlet.isEmpty() && anyFinds(info, rest -> wanted.test(servlet + rest));
  }

  private static boolean anyFinds(String text, Predicate<String> wanted) {
    Set<String> once = new LinkedHashSet<>();
    once.add(text);
    STEPS.forEach(step -> addTo(once, step, text));
    Set<String> twice = new LinkedHashSet<>(once);
    once.forEach(each -> STEPS.forEach(step -> addTo(twice, step, each)));
    Random random = new Random(text.hashCode());
    List<String> starts = new ArrayList<>(twice);
    for (int i = 0; i < LONGER; i++) {
      String start = starts.get(random.nextInt(starts.size()));
      for (int steps = 0; steps < 3; steps++) {
        Set<String> next = new LinkedHashSet<>();
        addTo(next, STEPS.get(random.nextInt(STEPS.size())), start);
        start = next.stream().findFirst().orElse(start);
      }
      twice.add(start);
    }
    return twice.stream().anyMatch(wanted);
  }

  private static void addTo(Set<String> all, UnaryOperator<String> step, String path) {
    try {
      String read = step.apply(path);
      if (read != null) {
        all.add(read);
      }
    } catch (RuntimeException refused) {
      // This reader answers 400.
    }
  }
}
