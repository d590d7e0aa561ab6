// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.Price;
import io.github.x402j.servlet.Payments;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.OPTIONS;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Application;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The resources that the tests buy. */
final class Goods {
  static final String SECRET = "s3cr3t";

  /** How many methods have run. */
  static final AtomicInteger RUNS = new AtomicInteger();

  /** The runs of a stream that break off. */
  static final Set<Integer> BREAKS = ConcurrentHashMap.newKeySet();

  private Goods() {}

  private static String secret() {
    RUNS.incrementAndGet();
    return SECRET;
  }

  /** An application of these classes and objects. */
  static final class Of extends Application {
    private final Set<Class<?>> classes = new LinkedHashSet<>();
    private final Set<Object> objects = new LinkedHashSet<>();
    private Map<String, Object> properties = Map.of();

    Of(Object... all) {
      for (Object each : all) {
        if (each instanceof Class<?> type) {
          classes.add(type);
        } else {
          objects.add(each);
        }
      }
    }

    Of with(Map<String, Object> more) {
      properties = more;
      return this;
    }

    @Override
    public Map<String, Object> getProperties() {
      return properties;
    }

    @Override
    public Set<Class<?>> getClasses() {
      return classes;
    }

    @Override
    @Deprecated
    public Set<Object> getSingletons() {
      return objects;
    }
  }

  static Application all() {
    return new Of(
        Plain.class,
        Streamed.class,
        Mixed.class,
        Implemented.class,
        Extended.class,
        Composed.class,
        Posts.class,
        Shelf.class,
        Vault.class,
        Rows.class,
        Free.class,
        Providers.Cors.class,
        Providers.Login.class,
        Providers.Check.class,
        Providers.Mapper.class,
        Providers.Shout.class,
        PaymentPrices.named("perRow", Rows::price).and("bad", request -> null));
  }

  @Path("plain")
  @RequiresPayment("$0.01")
  public static class Plain {
    @GET
    @Produces("text/plain")
    public String text() {
      return secret();
    }

    @GET
    @Path("response")
    public Response response() {
      return Response.ok("body").header("X-Data", secret()).build();
    }

    @GET
    @Path("cookie")
    public Response cookie() {
      return Response.ok("body")
          .cookie(new NewCookie.Builder("data").value(secret()).build())
          .build();
    }

    @GET
    @Path("created")
    public Response created() {
      return Response.created(URI.create("/made/" + secret())).build();
    }

    @GET
    @Path("redirect")
    public Response redirect() {
      return Response.seeOther(URI.create("/free/" + secret())).build();
    }

    @GET
    @Path("async")
    public void async(@Suspended AsyncResponse response) {
      CompletableFuture.runAsync(() -> response.resume(secret()));
    }

    @GET
    @Path("async-now")
    public void asyncNow(@Suspended AsyncResponse response) {
      response.resume(secret());
    }

    @GET
    @Path("stage")
    public CompletionStage<String> stage() {
      return CompletableFuture.supplyAsync(Goods::secret);
    }

    @GET
    @Path("stream")
    public StreamingOutput stream() {
      return output -> {
        output.write(secret().getBytes(StandardCharsets.UTF_8));
        output.flush();
      };
    }

    @GET
    @Path("servlet")
    public void servlet(@Context HttpServletResponse response) throws IOException {
      response.setHeader("X-Data", secret());
      response.getWriter().write("body");
      response.flushBuffer();
    }

    @GET
    @Path("shout")
    @Providers.Loud
    public String shout() {
      return secret();
    }

    @GET
    @Path("again")
    public String again(@Context HttpServletRequest request) {
      Payments.require(request, "$0.005");
      return secret();
    }

    @POST
    @Path("echo")
    @Consumes("text/plain")
    @Produces("text/plain")
    public String echo(String body) {
      return body + secret();
    }

    @GET
    @Path("not-found")
    public String notFound() {
      throw new WebApplicationException(secret(), 404);
    }

    @GET
    @Path("mapped")
    public String mapped() {
      throw new Providers.Mapped(secret());
    }

    @GET
    @Path("throws")
    public String fails() {
      throw new IllegalStateException(secret());
    }

    @GET
    @Path("async-throws")
    public void asyncFails(@Suspended AsyncResponse response) {
      CompletableFuture.runAsync(() -> response.resume(new IllegalStateException(secret())));
    }

    @GET
    @Path("stage-throws")
    public CompletionStage<String> stageFails() {
      return CompletableFuture.supplyAsync(
          () -> {
            throw new IllegalStateException(secret());
          });
    }

    @GET
    @Path("stream-throws")
    public StreamingOutput streamFails() {
      return output -> {
        output.write(secret().getBytes(StandardCharsets.UTF_8));
        output.flush();
        throw new IOException(SECRET);
      };
    }

    @OPTIONS
    @Path("options")
    public String options() {
      return "mine";
    }

    @HEAD
    @Path("head")
    public Response head() {
      return Response.ok().header("X-Data", secret()).build();
    }
  }

  @Path("streamed")
  @RequiresPayment(value = "$0.01", settleFirst = true)
  public static class Streamed {
    @GET
    public String text() {
      return secret();
    }

    @GET
    @Path("stream")
    public StreamingOutput stream() {
      return output -> output.write(secret().getBytes(StandardCharsets.UTF_8));
    }

    /** Breaks off, unless it is asked for the second time. */
    @GET
    @Path("breaks")
    public StreamingOutput breaks() {
      int run = RUNS.incrementAndGet();
      return output -> {
        output.write("begun ".getBytes(StandardCharsets.UTF_8));
        output.flush();
        if (BREAKS.remove(run)) {
          throw new IOException("half of it");
        }
        output.write(SECRET.getBytes(StandardCharsets.UTF_8));
      };
    }

    @GET
    @Path("events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public void events(@Context SseEventSink sink, @Context Sse sse) {
      CompletableFuture.runAsync(
          () -> {
            sink.send(sse.newEvent(secret()));
            sink.send(sse.newEvent("more"));
            sink.close();
          });
    }

    @GET
    @Path("async")
    public void async(@Suspended AsyncResponse response) {
      CompletableFuture.runAsync(() -> response.resume(secret()));
    }
  }

  @Path("mixed")
  @RequiresPayment("$0.01")
  public static class Mixed {
    @GET
    @Path("dear")
    @RequiresPayment(value = "$0.02", description = "two", mimeType = "text/plain")
    public String dear() {
      return secret();
    }

    @GET
    @Path("cheap")
    public String cheap() {
      return secret();
    }
  }

  /** An interface with everything but the code. */
  @Path("implemented")
  public interface Api<T> {
    @GET
    @Path("one")
    @RequiresPayment("$0.03")
    String one();

    @POST
    @Path("two")
    @RequiresPayment("$0.04")
    String two(T body);
  }

  @Path("implemented")
  public static class Implemented implements Api<String> {
    @Override
    public String one() {
      return secret();
    }

    @Override
    public String two(String body) {
      return secret();
    }
  }

  @RequiresPayment("$0.03")
  public abstract static class Base {
    @GET
    @Path("one")
    public String one() {
      return secret();
    }

    @GET
    @Path("two")
    @RequiresPayment("$0.04")
    public String two() {
      return "nothing";
    }
  }

  @Path("extended")
  public static class Extended extends Base {
    @GET
    @Path("two")
    @Override
    public String two() {
      return secret();
    }
  }

  @RequiresPayment("$0.05")
  @Retention(RetentionPolicy.RUNTIME)
  @Target({ElementType.TYPE, ElementType.METHOD})
  public @interface Nickel {}

  @Path("composed")
  @Nickel
  public static class Composed {
    @GET
    public String text() {
      return secret();
    }
  }

  @Path("posts")
  @RequiresPayment(value = "$0.01", methods = "POST")
  public static class Posts {
    @GET
    public String get() {
      return "free";
    }

    @POST
    public String post() {
      return secret();
    }
  }

  @Path("shelf")
  public static class Shelf {
    @Path("items")
    public Items items() {
      return new Items();
    }

    @GET
    public String free() {
      return "free";
    }
  }

  public static class Items {
    @GET
    @Path("{id}")
    @RequiresPayment("$0.02")
    public String one(@PathParam("id") String id) {
      return secret();
    }

    @GET
    public String free() {
      return "free";
    }
  }

  /** Everything in it is priced, by locators, too. */
  @Path("vault")
  @RequiresPayment("$0.06")
  public static class Vault {
    @Path("box")
    public Object box() {
      return new Box();
    }

    @Path("class")
    public Class<Box> type() {
      return Box.class;
    }

    @Path("items")
    public Items items() {
      return new Items();
    }
  }

  public static class Box {
    @GET
    public String open() {
      return secret();
    }

    @Path("inner")
    public Box inner() {
      return new Box();
    }
  }

  @Path("rows")
  public static class Rows {
    @GET
    @RequiresPayment(pricedBy = "perRow")
    public String rows(@QueryParam("rows") int rows) {
      return secret();
    }

    @GET
    @Path("bad")
    @RequiresPayment(pricedBy = "bad")
    public String bad() {
      return secret();
    }

    static Price price(HttpServletRequest request) {
      return new Price(BigDecimal.valueOf(Long.parseLong(request.getParameter("rows")), 2));
    }
  }

  @Path("free")
  public static class Free {
    @GET
    @Produces("text/plain")
    public String text() {
      return "free";
    }

    @GET
    @Path("require")
    public String require(@Context HttpServletRequest request) {
      Payments.require(request, "$0.07");
      return secret();
    }

    @GET
    @Path("async")
    public void async(@Suspended AsyncResponse response) {
      CompletableFuture.runAsync(() -> response.resume("free"));
    }

    @GET
    @Path("stream")
    public StreamingOutput stream() {
      return output -> output.write("free".getBytes(StandardCharsets.UTF_8));
    }

    @GET
    @Path("events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public void events(@Context SseEventSink sink, @Context Sse sse) {
      sink.send(sse.newEvent("free"));
      sink.close();
    }

    @GET
    @Path("throws")
    public String fails() {
      throw new IllegalStateException("free");
    }

    @GET
    @Path("not-found")
    public String notFound() {
      throw new WebApplicationException(Response.status(404).entity("none").build());
    }

    @GET
    @Path("mapped")
    public String mapped() {
      throw new Providers.Mapped("free");
    }

    @POST
    @Consumes("text/plain")
    public String echo(String body) {
      return body;
    }
  }

  /** Says where the others are. */
  @ApplicationPath("api")
  public static final class Shop extends Application {}
}
