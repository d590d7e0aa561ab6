// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Paid resources of each kind, and free pages that lead to them. */
final class PathSite {
  static final String SECRET = "s3cr3t";

  /** What the rules of the site charge for. */
  static final String[] PAID = {
    "/private",
    "/api/*",
    "/mvc/private",
    "/report/{id}",
    "/paid/*",
    "/index.html",
    "/dir/index.html"
  };

  private PathSite() {}

  /** Writes the static files, and returns the directory. */
  static Path docroot(Path directory) throws IOException {
    for (String file :
        new String[] {"paid/file.txt", "paid/x/deep.txt", "index.html", "dir/index.html"}) {
      Path path = directory.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, SECRET + " file\n");
    }
    Files.writeString(directory.resolve("free.txt"), "free\n");
    Files.createDirectories(directory.resolve("x"));
    Files.writeString(directory.resolve("x/free.txt"), "free\n");
    return directory;
  }

  /** Exact and prefix mappings beside the default servlet. */
  static void mapped(ServletContext context) {
    TestContainer.addServlet(context, "private", new Secret(), "/private");
    TestContainer.addServlet(context, "api", new Secret(), "/api/*");
    TestContainer.addServlet(context, "front", new Front(), "/mvc/*", "/report/*");
    TestContainer.addServlet(context, "links", new Links(), "/links/*");
  }

  /** One servlet that has all paths, and looks at them itself. */
  static void frontController(ServletContext context) {
    TestContainer.addServlet(context, "front", new Front(), "/*");
  }

  static final class Secret extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, SECRET);
    }
  }

  /** A servlet for everything that finds its pages as some router would. */
  static void everyReader(ServletContext context) {
    TestContainer.addServlet(context, "readers", new Readers(), "/*");
    TestContainer.addServlet(context, "readers-below", new Readers(), "/mvc/*");
    TestContainer.addServlet(context, "links", new Links(), "/links/*");
  }

  /** Shows what is paid to whoever gets there by one of many readers. */
  static final class Readers extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      boolean isPaid = PathReaders.anyFinds(request, PathSite::isPaid);
      write(response, isPaid ? SECRET : "nothing at this path");
    }
  }

  private static boolean isPaid(String path) {
    String bare =
        path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    boolean isReport = bare.startsWith("/report/") && bare.indexOf('/', 8) < 0 && bare.length() > 8;
    return bare.equals("/private")
        || bare.equals("/mvc/private")
        || bare.equals("/api")
        || bare.startsWith("/api/")
        || isReport;
  }

  /** A router as frameworks have it: one trailing slash is forgiven. */
  static final class Front extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      String info = request.getPathInfo() == null ? "" : request.getPathInfo();
      String path = request.getServletPath() + info;
      write(response, isPaid(path) ? SECRET : "nothing at this path");
    }
  }

  /** Free pages that dispatch to what the query names. */
  static final class Links extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException {
      String target = request.getParameter("to");
      switch (String.valueOf(request.getPathInfo())) {
        case "/forward" -> request.getRequestDispatcher(target).forward(request, response);
        case "/include" -> request.getRequestDispatcher(target).include(request, response);
        case "/include-after-writer" -> {
          response.getWriter().write("page ");
          request.getRequestDispatcher(target).include(request, response);
        }
        case "/async" -> {
          AsyncContext async = request.startAsync();
          async.dispatch(target);
        }
        case "/error" -> {
          String status = request.getParameter("status");
          response.sendError(status == null ? 418 : Integer.parseInt(status));
        }
        default -> response.sendError(404);
      }
    }
  }

  private static void write(HttpServletResponse response, String text) throws IOException {
    try {
      response.getWriter().write(text);
    } catch (IllegalStateException streamInUse) {
      response.getOutputStream().print(text);
    }
  }
}
