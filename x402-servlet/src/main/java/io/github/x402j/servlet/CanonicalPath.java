// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A path as the container dispatches it, in the only spelling it has.
 *
 * <p>It is {@code getServletPath() + getPathInfo()} of the current dispatch, so the context path is
 * not part of it and the container has decoded it exactly once. That alone is not enough: the
 * default servlets of Undertow and of Jetty with legacy URI compliance resolve empty and dot
 * segments themselves, so that {@code //paid/file.txt} is dispatched under one path and served as
 * another. So what is not canonical is never repaired: if some reading of it could reach something
 * with a price it is refused, else it goes on as it is.
 *
 * <p>Characters are compared as they are: no Unicode normalisation, no case folding (see {@link
 * PathPattern#ignoringCase()}). On a file system that ignores letter case, or drops trailing dots,
 * price static files with {@code /*} patterns that ignore case: the file system knows more names
 * for a file than can be listed.
 *
 * <p><b>Welcome files.</b> For {@code GET /dir/}, Tomcat and Undertow dispatch {@code
 * /dir/index.html} as the original request, and this class sees that path. Jetty dispatches {@code
 * /dir/} and then forwards to the file or serves it without a further dispatch. So that one
 * decision holds on all of them, a path that ends with a slash stands for its welcome files, too:
 * see {@link #withWelcomeFiles}.
 *
 * <p>Instances are immutable and safe for use by several threads.
 */
final class CanonicalPath {
  private static final String NOT_CANONICAL_SEGMENT = "the path has an empty, '.' or '..' segment";

  /**
   * What {@link #of} made of a request.
   *
   * @param path what the container dispatched, in whatever spelling
   * @param readings the paths that the handler may take the request for, besides
   * @param problem why there may be another reading than {@code path}, null if that is what counts.
   *     A fixed English text that has nothing of the request, fit for a response body
   */
  record Decision(CanonicalPath path, PathReadings readings, @Nullable String problem) {}

  private final String value;
  private final List<String> segments;

  private CanonicalPath(String value) {
    this.value = value;
    this.segments = split(value);
  }

  /**
   * Returns the path that the container dispatches {@code request} to, and how else it can be read.
   *
   * <p>The dispatcher type of the request selects where the path is found: the {@code
   * jakarta.servlet.include.*} attributes for INCLUDE, what the request reports otherwise. The
   * policy for the raw request line is for REQUEST only. The target of any other dispatch was
   * written by the webapp, and may be spelled in any way; but a handler may read it otherwise than
   * the container, and so the decision names every reading. An include by name has no path; a
   * forward by name reports the path of the forwarding request: gate named dispatchers by servlet
   * name.
   *
   * <p>Time is linear in the length of the request line.
   */
  static Decision of(HttpServletRequest request, PathRules rules) {
    if (request.getDispatcherType() == DispatcherType.INCLUDE) {
      return ofInclude(request, rules);
    }
    String problem =
        request.getDispatcherType() == DispatcherType.REQUEST
            ? PathSpelling.problemOf(request.getRequestURI(), rules)
            : null;
    return decide(request, request.getServletPath(), request.getPathInfo(), problem, rules);
  }

  private static Decision ofInclude(HttpServletRequest request, PathRules rules) {
    Object servletPath = request.getAttribute(RequestDispatcher.INCLUDE_SERVLET_PATH);
    Object pathInfo = request.getAttribute(RequestDispatcher.INCLUDE_PATH_INFO);
    if (!(servletPath instanceof String) && !(pathInfo instanceof String)) {
      return new Decision(reading("/"), PathReadings.UNKNOWN, "an include by name has no path");
    }
    return decide(request, stringOrNull(servletPath), stringOrNull(pathInfo), null, rules);
  }

  private static Decision decide(
      HttpServletRequest request,
      @Nullable String servletPath,
      @Nullable String pathInfo,
      @Nullable String problemOfLine,
      PathRules rules) {
    String path =
        Objects.requireNonNullElse(servletPath, "") + Objects.requireNonNullElse(pathInfo, "");
    // GET /context, without the slash, reaches a servlet mapped to /*.
    String rooted = path.isEmpty() ? "/" : path;
    PathReadings readings = PathReadings.of(request, rooted);
    String problem = problemOfLine == null ? problemOf(rooted, rules) : problemOfLine;
    if (problem == null && !readings.areAll()) {
      problem = "the path can be read in too many ways";
    }
    return new Decision(new CanonicalPath(rooted), readings, problem);
  }

  /** Returns a path as a handler may read it, which need not be canonical. */
  static CanonicalPath reading(String text) {
    return new CanonicalPath(text);
  }

  /**
   * Returns the path that {@code text} spells: decoded, without a context path.
   *
   * @throws IllegalArgumentException if the text is not canonical
   */
  static CanonicalPath parse(String text) {
    String problem = problemOf(text, PathRules.strict());
    if (problem != null) {
      throw new IllegalArgumentException("path '" + text + "': " + problem);
    }
    return new CanonicalPath(text);
  }

  /** Returns why a decoded path is not canonical, or null if it is. */
  static @Nullable String problemOf(String path, PathRules rules) {
    if (path.isEmpty() || path.charAt(0) != '/') {
      return "the path does not begin with a slash";
    }
    int segmentStart = 1;
    for (int i = 1; i < path.length(); i++) {
      char c = path.charAt(i);
      String problem = problemOf(c, rules);
      if (problem != null) {
        return problem;
      }
      if (c == '/') {
        if (isRelative(path, segmentStart, i)) {
          return NOT_CANONICAL_SEGMENT;
        }
        segmentStart = i + 1;
      }
    }
    boolean endsWithSlash = segmentStart == path.length();
    return !endsWithSlash && isRelative(path, segmentStart, path.length())
        ? NOT_CANONICAL_SEGMENT
        : null;
  }

  private static @Nullable String problemOf(char c, PathRules rules) {
    if (Character.isISOControl(c)) {
      return "the path has a control character";
    }
    return switch (c) {
      case '\\' -> "the path has a backslash";
      case ';' ->
          rules.allows(PathRules.Leniency.ENCODED_SEMICOLON) ? null : "the path has a semicolon";
      case '%' ->
          rules.allows(PathRules.Leniency.ENCODED_PERCENT) ? null : "the path has a percent sign";
      default -> null;
    };
  }

  /** Returns whether the segment in {@code [start, end)} is empty, {@code .} or {@code ..}. */
  static boolean isRelative(String path, int start, int end) {
    return switch (end - start) {
      case 0 -> true;
      case 1 -> path.charAt(start) == '.';
      case 2 -> path.charAt(start) == '.' && path.charAt(start + 1) == '.';
      default -> false;
    };
  }

  /**
   * Returns this path and, if it ends with a slash, the welcome files that the container may serve
   * for it, in the order of the policy. A directory costs what its dearest entry of this list
   * costs: whether a welcome file exists, and which servlet would answer for it, is known to the
   * container alone.
   */
  List<CanonicalPath> withWelcomeFiles(PathRules rules) {
    if (!value.endsWith("/")) {
      return List.of(this);
    }
    List<CanonicalPath> all = new ArrayList<>();
    all.add(this);
    for (String name : rules.welcomeFiles()) {
      all.add(new CanonicalPath(value + name));
    }
    return List.copyOf(all);
  }

  /** Returns the text of the path: decoded, with a leading slash, perhaps with a trailing one. */
  String value() {
    return value;
  }

  /** Returns the segments; none for {@code /}, and a trailing slash adds none. */
  List<String> segments() {
    return segments;
  }

  private static List<String> split(String path) {
    List<String> segments = new ArrayList<>();
    int start = 1;
    for (int slash = path.indexOf('/', 1); slash >= 0; slash = path.indexOf('/', start)) {
      segments.add(path.substring(start, slash));
      start = slash + 1;
    }
    if (start < path.length()) {
      segments.add(path.substring(start));
    }
    return List.copyOf(segments);
  }

  private static @Nullable String stringOrNull(@Nullable Object attribute) {
    return attribute instanceof String text ? text : null;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CanonicalPath that && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  /** Returns {@link #value()}. */
  @Override
  public String toString() {
    return value;
  }
}
