// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.extension.Discoverable;
import io.github.x402j.extension.DiscoveryEntry;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What the signature of a resource method says of how it is called. */
class ResourceParametersTest {
  record Question(String q, int limit) {}

  /** Declares the parameters. */
  interface Weather {
    @GET
    @Path("/{city}")
    List<Question> weather(
        @PathParam("city") String city,
        @QueryParam("days") int days,
        @QueryParam("lang") @DefaultValue("en") String lang,
        @HeaderParam("X-Key") String key,
        @Context UriInfo uri);
  }

  /** Has those of its interface. */
  @Path("/weather")
  static class Resource implements Weather {
    @Override
    public List<Question> weather(String city, int days, String lang, String key, UriInfo uri) {
      return List.of();
    }

    @POST
    public CompletionStage<Question> ask(Question question) {
      throw new UnsupportedOperationException();
    }

    @POST
    public Response form(@FormParam("name") String name) {
      throw new UnsupportedOperationException();
    }
  }

  private static String info(String name, String httpMethod) {
    Method found =
        Arrays.stream(Resource.class.getMethods())
            .filter(each -> each.getName().equals(name))
            .findFirst()
            .orElseThrow();
    Discoverable declared = ResourceParameters.of(Resource.class, found);
    Map<String, Object> entry =
        declared.entry(httpMethod, "/weather/{city}", Map.of("city", "SF")).toMap();
    DiscoveryEntry.of(entry);
    return entry.toString();
  }

  @Test
  void declaresParametersOfTheMethodThatItOverrides() {
    assertThat(info("weather", "GET"))
        .contains("queryParams={lang=en}")
        .contains("days={type=integer}", "lang={type=string, example=en}")
        .contains("example={type=array, items={type=object")
        .doesNotContain("X-Key", "body");
  }

  @Test
  void declaresBodiesAndFormsAndNothingOfAResponse() {
    assertThat(info("ask", "POST"))
        .contains("bodyType=json, body={q=string, limit=0}", "output={type=json}");
    assertThat(info("form", "POST"))
        .contains("bodyType=form-data, body={name=string}")
        .doesNotContain("output");
  }
}
