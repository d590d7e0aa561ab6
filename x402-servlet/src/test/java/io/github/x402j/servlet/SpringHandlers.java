// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** The handlers of {@link WithAndWithoutTest} that Spring MVC runs. */
final class SpringHandlers {
  private SpringHandlers() {}

  static final List<String> NAMES =
      List.of(
          "spring-plain",
          "spring-map",
          "spring-deferred",
          "spring-deferred-late",
          "spring-deferred-fails",
          "spring-callable",
          "spring-callable-fails",
          "spring-future",
          "spring-emitter",
          "spring-streaming",
          "spring-status-exception",
          "spring-exception",
          "spring-entity-404",
          "spring-redirect",
          "spring-nothing-here");

  /** Adds a servlet of Spring to a webapp. */
  static void addTo(ServletContext context, String... mappings) {
    AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
    spring.register(Config.class, Answers.class);
    DispatcherServlet servlet = new DispatcherServlet(spring);
    TestContainer.addServlet(context, "spring", servlet, mappings);
  }

  /** The usual settings. */
  @EnableWebMvc
  static class Config implements WebMvcConfigurer {
    @Override
    public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
      configurer.setTaskExecutor(new SimpleAsyncTaskExecutor("spring-"));
      configurer.setDefaultTimeout(5_000);
    }
  }

  /** What the handlers answer. */
  @RestController
  static class Answers {
    @GetMapping("/spring-plain")
    String plain() {
      return "plain";
    }

    @GetMapping("/spring-map")
    Map<String, String> map() {
      return Map.of("a", "b");
    }

    @GetMapping("/spring-deferred")
    DeferredResult<String> deferred() {
      DeferredResult<String> result = new DeferredResult<>();
      new Thread(() -> result.setResult("deferred")).start();
      return result;
    }

    @GetMapping("/spring-deferred-late")
    DeferredResult<String> deferredLate() {
      return new DeferredResult<>(50L, "late");
    }

    @GetMapping("/spring-deferred-fails")
    DeferredResult<String> deferredFails() {
      DeferredResult<String> result = new DeferredResult<>();
      result.setErrorResult(new ResponseStatusException(HttpStatus.CONFLICT, "own"));
      return result;
    }

    @GetMapping("/spring-callable")
    Callable<String> callable() {
      return () -> "called";
    }

    @GetMapping("/spring-callable-fails")
    Callable<String> callableFails() {
      return () -> {
        throw new IllegalStateException("own");
      };
    }

    @GetMapping("/spring-future")
    CompletableFuture<ResponseEntity<String>> future() {
      return CompletableFuture.supplyAsync(
          () -> ResponseEntity.status(202).header("X-Future", "yes").body("future"));
    }

    @GetMapping("/spring-emitter")
    ResponseBodyEmitter emitter() {
      ResponseBodyEmitter emitter = new ResponseBodyEmitter();
      new Thread(
              () -> {
                try {
                  emitter.send("one ");
                  emitter.send("two");
                  emitter.complete();
                } catch (java.io.IOException e) {
                  emitter.completeWithError(e);
                }
              })
          .start();
      return emitter;
    }

    @GetMapping("/spring-streaming")
    StreamingResponseBody streaming() {
      return out -> out.write("streamed".getBytes(UTF_8));
    }

    @GetMapping("/spring-status-exception")
    String statusException() {
      throw new ResponseStatusException(HttpStatus.UNPROCESSABLE_ENTITY, "own");
    }

    @GetMapping("/spring-exception")
    String exception() {
      throw new IllegalStateException("own");
    }

    @GetMapping("/spring-entity-404")
    ResponseEntity<Map<String, String>> entity404() {
      return ResponseEntity.status(404).eTag("\"e\"").body(Map.of("error", "not there"));
    }

    @GetMapping("/spring-redirect")
    void redirect(HttpServletResponse response) throws java.io.IOException {
      response.sendRedirect("/free/there");
    }
  }
}
