// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The paths that a handler may take a request for.
 *
 * <p>A container decodes and resolves a path before it looks for the servlet, and leaves the URI as
 * the client or the webapp wrote it. Routers within a servlet read that URI, or what the container
 * made of it, and do not agree: Spring MVC serves {@code /all/secret/../../free} as something below
 * {@code /all}. So what is not in the one canonical spelling is taken in every way in which some
 * reader takes it: see {@link PathVariants}. Each reader begins with the URI, with what was
 * dispatched, or with what is left of them behind the context path or the path of the servlet.
 *
 * @param paths the readings, without the context path
 * @param areAll false if there are more than can be examined
 * @param text where not all are examined: what the others are made of, null if that is not known
 */
record PathReadings(List<CanonicalPath> paths, boolean areAll, @Nullable String text) {
  /** More readings than any honest URI has. */
  private static final int MAX_READINGS = 200;

  /** Bounds the work for long ones: the characters of all readings. */
  private static final int MAX_CHARACTERS = 30_000;

  private static final PathReadings NONE = new PathReadings(List.of(), true, null);

  /** Those of a request that says nothing of its path. */
  static final PathReadings UNKNOWN = new PathReadings(List.of(), false, null);

  PathReadings {
    paths = List.copyOf(paths);
  }

  /**
   * Returns the readings of the current dispatch; none if every reader agrees with the container.
   */
  static PathReadings of(HttpServletRequest request, String dispatched) {
    String uri = uri(request);
    if (uri == null) {
      return UNKNOWN;
    }
    if (isDispatched(request, uri, dispatched) || isPlain(request, uri, dispatched)) {
      return NONE;
    }
    return new Search().of(request, uri, dispatched);
  }

  /** Returns which patterns may be for one of the readings that were not examined. */
  Predicate<PathPattern> others(PathRules rules) {
    if (areAll) {
      return pattern -> false;
    }
    String decoded = text == null ? null : PathVariants.decodedThroughout(text);
    String all = decoded + "/" + String.join("/", rules.welcomeFiles());
    String ofForm = all.replace('+', ' ');
    return pattern -> decoded == null || pattern.mayOccurIn(all) || pattern.mayOccurIn(ofForm);
  }

  /** Returns whether the URI is the context path and what was dispatched, letter for letter. */
  private static boolean isDispatched(HttpServletRequest request, String uri, String dispatched) {
    String context = Objects.requireNonNullElse(request.getContextPath(), "");
    return uri.length() == context.length() + dispatched.length()
        && uri.startsWith(context)
        && uri.endsWith(dispatched)
        && uri.indexOf('%') < 0
        && uri.indexOf('+') < 0
        && request.getServletContext() != null
        && request.getServletContext().getContextPath().equals(context)
        && PathSpelling.problemOf(uri, PathRules.strict()) == null;
  }

  /** Returns whether every reader takes the URI for what was dispatched, or for its directory. */
  private static boolean isPlain(HttpServletRequest request, String uri, String dispatched) {
    if (PathSpelling.problemOf(uri, PathRules.strict()) != null) {
      return false;
    }
    String decoded = PathVariants.decoded(uri);
    boolean isUriAgain =
        decoded.indexOf('?') < 0
            && decoded.indexOf('#') < 0
            && decoded.indexOf('+') < 0
            && !PathVariants.hasSpacesAround(decoded);
    return isUriAgain
        && behind(contexts(request), List.of(decoded))
            .allMatch(path -> path.equals(dispatched) || isWelcomeFile(dispatched, path));
  }

  private static boolean isWelcomeFile(String dispatched, String directory) {
    return directory.endsWith("/") && dispatched.startsWith(directory);
  }

  private static String servletPath(HttpServletRequest request) {
    Object path =
        request.getDispatcherType() == DispatcherType.INCLUDE
            ? request.getAttribute(RequestDispatcher.INCLUDE_SERVLET_PATH)
            : request.getServletPath();
    return path instanceof String text ? text : "";
  }

  /** Returns the raw URI that routers read. */
  private static @Nullable String uri(HttpServletRequest request) {
    return request.getDispatcherType() == DispatcherType.INCLUDE
            && request.getAttribute(RequestDispatcher.INCLUDE_REQUEST_URI) instanceof String uri
        ? uri
        : request.getRequestURI();
  }

  private static Set<String> contexts(HttpServletRequest request) {
    Set<String> contexts = new TreeSet<>();
    contexts.add(Objects.requireNonNullElse(request.getContextPath(), ""));
    if (request.getServletContext() != null) {
      contexts.add(request.getServletContext().getContextPath());
    }
    return contexts;
  }

  /** Returns what is left of the texts behind one of the prefixes. */
  private static Stream<String> behind(Set<String> prefixes, Collection<String> texts) {
    return texts.stream()
        .flatMap(
            text ->
                prefixes.stream()
                    .filter(prefix -> text.startsWith(prefix + "/"))
                    .map(prefix -> text.substring(prefix.length())));
  }

  /** One search for all readings, as far as it may go. */
  private static final class Search {
    private int readingsLeft = MAX_READINGS;
    private int charactersLeft = MAX_CHARACTERS;

    PathReadings of(HttpServletRequest request, String uri, String dispatched) {
      Set<String> uris = variants(Stream.of(uri, uri.startsWith("/") ? uri : "/" + uri));
      Set<String> paths =
          variants(Stream.concat(Stream.of(dispatched), behind(contexts(request), uris)));
      String servlet = servletPath(request);
      Set<String> all = new LinkedHashSet<>(paths);
      if (!servlet.isEmpty() && !servlet.equals(dispatched)) {
        // A reader of what is behind the path of the servlet does not climb out of it.
        variants(behind(Set.of(servlet), paths)).forEach(rest -> all.add(servlet + rest));
      }
      boolean areAll = readingsLeft >= 0 && charactersLeft >= 0;
      return new PathReadings(
          all.stream().map(CanonicalPath::reading).toList(),
          areAll,
          areAll ? null : uri + "/" + dispatched);
    }

    private Set<String> variants(Stream<String> texts) {
      Set<String> all = new LinkedHashSet<>();
      Deque<String> open = new ArrayDeque<>(texts.toList());
      while (!open.isEmpty() && readingsLeft >= 0 && charactersLeft >= 0) {
        String text = open.remove();
        if (all.add(text)) {
          readingsLeft--;
          charactersLeft -= text.length();
          if (charactersLeft >= 0) {
            open.addAll(PathVariants.of(text));
          }
        }
      }
      return all;
    }
  }
}
