// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The paths that a handler may take the URI of a dispatch for.
 *
 * <p>A container decodes and resolves the path of a dispatch before it looks for the servlet, and
 * leaves the URI as the webapp wrote it. Routers within a servlet read that URI: Spring MVC serves
 * {@code /all/secret/../../free} as something below {@code /all}. So a URI that is not in the one
 * canonical spelling is taken in every way in which some router takes it: decoded never, once or
 * more often, with escaped slashes apart or as slashes, with dot segments, empty segments and
 * backslashes as they are or resolved. Path parameters are cut off, as all of them do.
 */
final class PathReadings {
  /** More readings than any honest URI has. */
  private static final int MAX_READINGS = 64;

  private static final Pattern PARAMETER = Pattern.compile(";[^/]*");

  private PathReadings() {}

  /**
   * Returns the readings of the current dispatch's URI, without the context path; none if there is
   * just one, and that is {@code dispatched}; empty if there are more than can be examined.
   */
  static Optional<List<CanonicalPath>> of(HttpServletRequest request, String dispatched) {
    String uri = uri(request);
    if (uri == null
        || isDispatched(request, uri, dispatched)
        || isPlain(request, uri, dispatched)) {
      return Optional.of(List.of());
    }
    Set<String> texts = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>();
    open.add(withoutParameters(uri.startsWith("/") ? uri : "/" + uri));
    while (!open.isEmpty()) {
      String text = open.remove();
      if (texts.add(text)) {
        open.addAll(
            List.of(
                text.replace('\\', '/'),
                resolved(text),
                decoded(text, true),
                decoded(text, false),
                withoutParameters(text)));
      }
      if (texts.size() > MAX_READINGS) {
        return Optional.empty();
      }
    }
    return Optional.of(inWebapp(request, texts));
  }

  /** Returns whether the URI is the context path and what was dispatched, letter for letter. */
  private static boolean isDispatched(HttpServletRequest request, String uri, String dispatched) {
    String context = Objects.requireNonNullElse(request.getContextPath(), "");
    return uri.length() == context.length() + dispatched.length()
        && uri.startsWith(context)
        && uri.endsWith(dispatched)
        && uri.indexOf('%') < 0
        && request.getServletContext() != null
        && request.getServletContext().getContextPath().equals(context)
        && PathSpelling.problemOf(uri, PathRules.strict()) == null;
  }

  /** Returns whether every reader takes the URI for what was dispatched, or for its directory. */
  private static boolean isPlain(HttpServletRequest request, String uri, String dispatched) {
    return PathSpelling.problemOf(uri, PathRules.strict()) == null
        && inWebapp(request, Set.of(decoded(uri, false))).stream()
            .map(CanonicalPath::value)
            .allMatch(path -> path.equals(dispatched) || isWelcomeFile(dispatched, path));
  }

  private static boolean isWelcomeFile(String dispatched, String directory) {
    return directory.endsWith("/") && dispatched.startsWith(directory);
  }

  /** Returns the raw URI that routers read. */
  private static @Nullable String uri(HttpServletRequest request) {
    return request.getDispatcherType() == DispatcherType.INCLUDE
            && request.getAttribute(RequestDispatcher.INCLUDE_REQUEST_URI) instanceof String uri
        ? uri
        : request.getRequestURI();
  }

  private static List<CanonicalPath> inWebapp(HttpServletRequest request, Set<String> texts) {
    Set<String> contexts = new TreeSet<>();
    contexts.add(request.getContextPath() == null ? "" : request.getContextPath());
    if (request.getServletContext() != null) {
      contexts.add(request.getServletContext().getContextPath());
    }
    List<CanonicalPath> paths = new ArrayList<>();
    for (String text : texts) {
      for (String context : contexts) {
        if (text.startsWith(context + "/")) {
          paths.add(CanonicalPath.reading(text.substring(context.length())));
        }
      }
    }
    return List.copyOf(paths);
  }

  private static String withoutParameters(String text) {
    return text.indexOf(';') < 0 ? text : PARAMETER.matcher(text).replaceAll("");
  }

  /** Joins slashes and resolves dot segments; more of them than there are lead to the root. */
  private static String resolved(String text) {
    List<String> kept = new ArrayList<>();
    for (String segment : text.split("/")) {
      if (segment.equals("..")) {
        if (!kept.isEmpty()) {
          kept.remove(kept.size() - 1);
        }
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        kept.add(segment);
      }
    }
    boolean isDirectory = text.endsWith("/") || text.endsWith("/.") || text.endsWith("/..");
    return "/" + String.join("/", kept) + (isDirectory && !kept.isEmpty() ? "/" : "");
  }

  /**
   * Decodes every escape once, and leaves what is none.
   *
   * @param splitFirst leaves escaped slashes, as a router does that splits a path before
   */
  private static String decoded(String text, boolean splitFirst) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      int octet = PathSpelling.octetAt(text, i);
      if (octet < 0 || splitFirst && (octet == '/' || octet == '\\')) {
        bytes.writeBytes(text.substring(i, i + 1).getBytes(UTF_8));
      } else {
        bytes.write(octet);
        i += 2;
      }
    }
    return bytes.toString(UTF_8);
  }
}
