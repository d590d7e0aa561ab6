// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Price;
import io.github.x402j.gate.AccessDecision;
import io.github.x402j.gate.AccessHook;
import io.github.x402j.servlet.PaymentRequiredException;
import io.github.x402j.servlet.Payments;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.AliasFor;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.CrossOrigin;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.View;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Controllers of every kind that Spring MVC has, priced and free. */
final class Controllers {
  /** Handlers that have run. */
  static final AtomicInteger RUNS = new AtomicInteger();

  private static final String SOLD = "sold";

  private Controllers() {}

  /** Free handlers alone. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import({Free.class, Errors.class})
  static class FreeApplication {}

  /** All of them. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import({
    Free.class,
    Errors.class,
    Rest.class,
    Pages.class,
    Inherits.class,
    Implements.class,
    WholeClass.class
  })
  static class Application {
    @Bean
    Function<HttpServletRequest, Price> byLength() {
      return request -> Price.parse("$0.0" + request.getParameter("q").length());
    }

    /** Has risen when the asynchronous result is there. */
    @Bean
    Function<HttpServletRequest, Price> rising() {
      return request ->
          Price.parse(request.getDispatcherType() == DispatcherType.ASYNC ? "$0.05" : "$0.01");
    }

    @Bean
    AccessHook keys() {
      return request ->
          request.header("X-Api-Key").filter("known"::equals).isPresent()
              ? AccessDecision.grant("key")
              : AccessDecision.charge();
    }
  }

  static String run() {
    RUNS.incrementAndGet();
    return SOLD;
  }

  @Target({ElementType.METHOD, ElementType.TYPE})
  @Retention(RetentionPolicy.RUNTIME)
  @RequiresPayment(description = "composed")
  @interface Costs {
    @AliasFor(annotation = RequiresPayment.class, attribute = "value")
    String price();
  }

  @RestController
  @RequestMapping("/rest")
  static class Rest {
    @GetMapping("/body")
    @RequiresPayment("$0.01")
    String body() {
      return run();
    }

    @GetMapping("/listed/{city}")
    @RequiresPayment(
        value = "$0.01",
        discoverable = true,
        inputExample = "{\"days\": 3}",
        outputExample = "[\"sold\"]")
    List<String> listed(@PathVariable String city, @RequestParam(defaultValue = "1") int days) {
      return List.of(run());
    }

    @GetMapping("/entity")
    @RequiresPayment("$0.01")
    ResponseEntity<Map<String, String>> entity() {
      return ResponseEntity.status(201).header("X-Made", "yes").body(Map.of("is", run()));
    }

    @GetMapping(path = "/json", produces = MediaType.APPLICATION_JSON_VALUE)
    @RequiresPayment("$0.01")
    List<String> json() {
      return List.of(run());
    }

    @PostMapping(path = "/post", consumes = MediaType.APPLICATION_JSON_VALUE)
    @RequiresPayment("$0.01")
    String post(@RequestBody Map<String, String> body) {
      return run() + " " + body.get("a");
    }

    @PostMapping("/upload")
    @RequiresPayment("$0.01")
    String upload(@RequestParam("file") MultipartFile file) {
      return run() + " " + file.getSize();
    }

    @DeleteMapping("/hidden")
    @RequiresPayment("$0.01")
    String delete() {
      return run();
    }

    @GetMapping("/rising")
    @RequiresPayment(pricedBy = "rising")
    Callable<String> rising() {
      return Controllers::run;
    }

    @GetMapping("/rising-first")
    @RequiresPayment(pricedBy = "rising", settleFirst = true)
    Callable<String> risingFirst() {
      return Controllers::run;
    }

    @GetMapping("/callable")
    @RequiresPayment("$0.01")
    Callable<String> callable() {
      return Controllers::run;
    }

    @GetMapping("/deferred")
    @RequiresPayment("$0.01")
    DeferredResult<String> deferred() {
      DeferredResult<String> result = new DeferredResult<>();
      CompletableFuture.runAsync(() -> result.setResult(run()));
      return result;
    }

    @GetMapping("/future")
    @RequiresPayment("$0.01")
    CompletableFuture<String> future() {
      return CompletableFuture.supplyAsync(Controllers::run);
    }

    @GetMapping("/future-fails")
    @RequiresPayment("$0.01")
    CompletableFuture<String> futureFails() {
      return CompletableFuture.failedFuture(new UnsupportedOperationException("async"));
    }

    @GetMapping("/emitter")
    @RequiresPayment("$0.01")
    ResponseBodyEmitter emitter() {
      ResponseBodyEmitter emitter = new ResponseBodyEmitter();
      CompletableFuture.runAsync(() -> emit(emitter));
      return emitter;
    }

    @GetMapping("/sse")
    @RequiresPayment(value = "$0.01", settleFirst = true)
    SseEmitter sse() {
      SseEmitter emitter = new SseEmitter();
      CompletableFuture.runAsync(() -> emit(emitter));
      return emitter;
    }

    private static void emit(ResponseBodyEmitter emitter) {
      try {
        emitter.send(run());
        emitter.send(" twice");
        emitter.complete();
      } catch (IOException e) {
        emitter.completeWithError(e);
      }
    }

    @GetMapping("/placeholder")
    @RequiresPayment("${price}")
    String placeholder() {
      return run();
    }

    @GetMapping("/expression")
    @RequiresPayment("#{#request.getParameter('depth') == 'full' ? '$0.05' : '${price}'}")
    String expression() {
      return run();
    }

    @GetMapping("/bean")
    @RequiresPayment(pricedBy = "byLength")
    String bean() {
      return run();
    }

    @GetMapping("/while-handling")
    String whileHandling(HttpServletRequest request) {
      Payments.require(request, "$0.04");
      return run();
    }

    @GetMapping("/composed")
    @Costs(price = "$0.02")
    String composed() {
      return run();
    }

    @GetMapping("/cors")
    @CrossOrigin("https://browser.example")
    @RequiresPayment("$0.01")
    String cors() {
      return run();
    }

    @GetMapping("/advice")
    @RequiresPayment("$0.01")
    String advice() {
      throw new UnsupportedOperationException(run());
    }

    @GetMapping("/status")
    @RequiresPayment("$0.01")
    String status() {
      throw new ResponseStatusException(HttpStatus.NOT_FOUND, run());
    }

    @GetMapping("/problem")
    @RequiresPayment("$0.01")
    String problem() {
      ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, run());
      throw new ErrorResponseException(HttpStatus.CONFLICT, problem, null);
    }

    @GetMapping("/fails")
    @RequiresPayment("$0.01")
    String fails() {
      throw new IllegalStateException(run());
    }

    @GetMapping("/secured")
    @RequiresPayment("$0.01")
    String secured() {
      return run();
    }
  }

  @Controller
  static class Pages {
    @GetMapping("/pages/view")
    @RequiresPayment("$0.01")
    View view() {
      String text = run();
      return (model, request, response) -> response.getWriter().print("view " + text);
    }

    @GetMapping("/pages/forward")
    @RequiresPayment("$0.01")
    String forward() {
      run();
      return "forward:/free/text";
    }

    @GetMapping("/pages/to-priced")
    String toPriced() {
      return "forward:/rest/body";
    }

    @GetMapping("/pages/redirect")
    @RequiresPayment("$0.01")
    String redirect() {
      run();
      return "redirect:/free/text";
    }
  }

  /** Has a price in a superclass. */
  abstract static class Base {
    @GetMapping("/inherits")
    @RequiresPayment("$0.01")
    String inherited() {
      return run();
    }
  }

  @RestController
  static class Inherits extends Base {}

  /** Has a price in an interface. */
  interface Api {
    @GetMapping("/implements")
    @RequiresPayment("$0.01")
    String implemented();
  }

  @RestController
  static class Implements implements Api {
    @Override
    public String implemented() {
      return run();
    }
  }

  @RestController
  @RequestMapping("/class")
  @RequiresPayment(value = "$0.03", methods = "GET")
  static class WholeClass {
    @GetMapping("/all")
    String all() {
      return run();
    }

    @GetMapping("/own")
    @RequiresPayment("$0.01")
    String own() {
      return run();
    }

    @PostMapping("/free")
    String free() {
      return run();
    }
  }

  @RestController
  @RequestMapping("/free")
  static class Free {
    @GetMapping("/text")
    String text() {
      return "free";
    }

    @GetMapping("/json")
    ResponseEntity<List<String>> json() {
      return ResponseEntity.ok().eTag("\"1\"").header("X-Made", "yes").body(List.of("free"));
    }

    @GetMapping("/async")
    Callable<String> async() {
      return () -> "later";
    }

    @GetMapping("/advice")
    String advice() {
      throw new UnsupportedOperationException("free");
    }

    @GetMapping("/status")
    String status() {
      throw new ResponseStatusException(HttpStatus.GONE, "free");
    }

    @CrossOrigin
    @GetMapping("/cors")
    String cors() {
      return "free";
    }
  }

  @RestControllerAdvice
  static class Errors {
    /** Takes what ends an unpaid handler for an error of the webapp, too. */
    @ExceptionHandler({UnsupportedOperationException.class, PaymentRequiredException.class})
    @ResponseStatus(HttpStatus.UNPROCESSABLE_ENTITY)
    Map<String, String> handle(RuntimeException e) {
      return Map.of("advice", String.valueOf(e.getMessage()));
    }
  }
}
