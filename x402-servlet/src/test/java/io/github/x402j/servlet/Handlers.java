// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A servlet with one handler for each last segment of a path. */
class Handlers extends HttpServlet {
  private static final long serialVersionUID = 1L;

  /** A handler, written as a function. */
  interface Handler {
    void handle(HttpServletRequest request, HttpServletResponse response) throws Exception;
  }

  private static final Map<String, Handler> MORE = new ConcurrentHashMap<>();

  private final transient Map<String, Handler> handlers;

  Handlers(Map<String, Handler> handlers) {
    this.handlers = Map.copyOf(handlers);
  }

  /** Adds a handler to all servlets of this class. */
  static void put(String name, Handler handler) {
    MORE.put(name, handler);
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    Object included = request.getAttribute("jakarta.servlet.include.path_info");
    String path = included instanceof String text ? text : request.getPathInfo();
    String name = path.substring(path.lastIndexOf('/') + 1);
    Handler handler = handlers.getOrDefault(name, MORE.get(name));
    try {
      handler.handle(request, response);
    } catch (IOException | ServletException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
