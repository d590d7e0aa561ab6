// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Extension;
import io.github.x402j.Settings;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a buyer must know to call an endpoint (extension {@code bazaar}): its parameters, its body,
 * its answer. Facilitators list what was sold with one, so that agents find it.
 *
 * <pre>{@code
 * Route.get("/weather/{city}").price("$0.01")
 *     .discoverable(
 *         Discoverable.http().query("days", 3).output(Map.of("temperature", 21)))
 * }</pre>
 *
 * <p>Examples and schemas are JSON as JDK types: maps, lists, texts, numbers, booleans. A schema is
 * a JSON Schema (draft 2020-12). It refers to nothing outside itself. Immutable: every method that
 * sets something returns another declaration.
 */
public final class Discoverable {
  /** The name of the extension. */
  public static final String EXTENSION = "bazaar";

  private static final Set<String> WITHOUT_BODY = Set.of("GET", "HEAD", "DELETE");
  private static final Set<String> WITH_BODY = Set.of("POST", "PUT", "PATCH");

  /** What a name of the path is if nothing else is said. */
  static final Parameter TEXT = new Parameter(null, Map.of("type", "string"), true);

  private static final Discoverable NOTHING =
      new Discoverable(Map.of(), Map.of(), Map.of(), null, null, null);

  final Map<String, Parameter> query;
  final Map<String, Parameter> path;
  final Map<String, Parameter> headers;
  final @Nullable Body body;
  final @Nullable Parameter output;
  private final @Nullable String template;

  /** A value by its schema. */
  record Parameter(@Nullable Object example, Map<String, Object> schema, boolean required) {}

  record Body(String type, Object example, Map<String, Object> schema) {}

  private Discoverable(
      Map<String, Parameter> query,
      Map<String, Parameter> path,
      Map<String, Parameter> headers,
      @Nullable Body body,
      @Nullable Parameter output,
      @Nullable String template) {
    this.query = Collections.unmodifiableMap(query);
    this.path = Collections.unmodifiableMap(path);
    this.headers = Collections.unmodifiableMap(headers);
    this.body = body;
    this.output = output;
    this.template = template;
  }

  /** Returns a declaration of an HTTP endpoint that takes nothing. */
  public static Discoverable http() {
    return NOTHING;
  }

  /** Returns this with an optional query parameter. Its type is that of the example. */
  public Discoverable query(String name, Object example) {
    return withQuery(name, new Parameter(example, JsonShape.schemaOf(example), false));
  }

  /**
   * Returns this with a query parameter.
   *
   * @param schema its JSON Schema; the example in it, if any, is shown
   * @param required whether a request without it makes no sense
   */
  public Discoverable query(String name, Map<String, ?> schema, boolean required) {
    return withQuery(name, parameter(name, schema, required));
  }

  private Discoverable withQuery(String name, Parameter parameter) {
    return new Discoverable(
        with(query, "query", name, parameter), path, headers, body, output, template);
  }

  /** Returns this with what a name of the path stands for. Names are known without it, as texts. */
  public Discoverable path(String name, Map<String, ?> schema) {
    return new Discoverable(
        query,
        with(path, "path", name, parameter(name, schema, true)),
        headers,
        body,
        output,
        template);
  }

  /** Returns this with a request header that the endpoint reads. Never one that holds a secret. */
  public Discoverable header(String name, String example) {
    Parameter parameter = new Parameter(example, JsonShape.schemaOf(example), false);
    return new Discoverable(
        query, path, with(headers, "header", name, parameter), body, output, template);
  }

  /** Returns this with a body of JSON. Its schema is that of the example. */
  public Discoverable jsonBody(Map<String, ?> example) {
    return jsonBody(example, JsonShape.schemaOf(example));
  }

  /** Returns this with a body of JSON, an object as a rule. */
  public Discoverable jsonBody(Object example, Map<String, ?> schema) {
    return withBody("json", example, schema);
  }

  /** Returns this with a body of JSON of which only the schema is known. */
  public Discoverable jsonBodySchema(Map<String, ?> schema) {
    Map<String, Object> declared = schema("body", schema);
    return withBody("json", JsonShape.exampleOf(declared), declared);
  }

  /**
   * Returns this with a form as its body, {@code application/x-www-form-urlencoded} for example.
   */
  public Discoverable formBody(Map<String, ?> example) {
    return withBody("form-data", example, JsonShape.schemaOf(example));
  }

  /** Returns this with a text as its body. */
  public Discoverable textBody(String example) {
    return withBody("text", example, JsonShape.schemaOf(example));
  }

  private Discoverable withBody(String type, Object example, Map<String, ?> schema) {
    Map<String, Object> declared = schema("body", schema);
    requireFits("body", declared, example);
    Body declaredBody = new Body(type, example, declared);
    return new Discoverable(query, path, headers, declaredBody, output, template);
  }

  /**
   * Returns this with an example of the input in place of the one before: the body if it has one,
   * the query parameters otherwise.
   *
   * @throws IllegalArgumentException if the body's schema is known, and the example does not match
   */
  public Discoverable inputExample(Map<String, ?> example) {
    if (body != null) {
      return withBody(body.type(), example, body.schema());
    }
    Discoverable shown = this;
    for (Map.Entry<String, ?> each : example.entrySet()) {
      Parameter known = query.get(each.getKey());
      shown =
          known == null
              ? shown.query(each.getKey(), each.getValue())
              : shown.withQuery(
                  each.getKey(), new Parameter(each.getValue(), known.schema(), known.required()));
    }
    return shown;
  }

  /** Returns this with an example of the answer; its schema is that of the example. */
  public Discoverable output(Object example) {
    return withOutput(new Parameter(example, JsonShape.schemaOf(example), false));
  }

  /** Returns this with an example of the answer, whose schema stays if one is known. */
  public Discoverable outputExample(Object example) {
    return output == null ? output(example) : output(example, output.schema());
  }

  /** Returns this with an example of the answer and its schema. */
  public Discoverable output(Object example, Map<String, ?> schema) {
    requireFits("output", schema("output", schema), example);
    return withOutput(new Parameter(example, schema("output", schema), false));
  }

  /** Returns this with the schema of the answer, of which no example is shown. */
  public Discoverable outputSchema(Map<String, ?> schema) {
    return withOutput(new Parameter(null, schema("output", schema), false));
  }

  private Discoverable withOutput(Parameter declared) {
    return new Discoverable(query, path, headers, body, declared, template);
  }

  /**
   * Returns this with the template of the endpoint's paths within the webapp, {@code /users/{id}}.
   * Default: the pattern of its rule, or what its handler is mapped to.
   *
   * @throws IllegalArgumentException if it is no path
   */
  public Discoverable template(@Nullable String pattern) {
    String given =
        Settings.require("discoverable: template", "a path such as /users/{id}", pattern);
    if (!given.startsWith("/")) {
      throw new IllegalArgumentException(
          "discoverable: template: expected a leading slash, found \"" + given + "\"");
    }
    return new Discoverable(query, path, headers, body, output, given);
  }

  /** Returns the template that was set, empty if it is that of the route. */
  public Optional<String> template() {
    return Optional.ofNullable(template);
  }

  /** Returns this with what another declaration says where this one says nothing. */
  public Discoverable orElse(Discoverable other) {
    return new Discoverable(
        both(query, other.query),
        both(path, other.path),
        both(headers, other.headers),
        body != null ? body : other.body,
        output != null ? output : other.output,
        template != null ? template : other.template);
  }

  private static Map<String, Parameter> both(
      Map<String, Parameter> first, Map<String, Parameter> second) {
    Map<String, Parameter> all = new LinkedHashMap<>(second);
    all.putAll(first);
    return all;
  }

  // ---- the entry

  /** Returns whether requests with this method are described by it; {@code HEAD} as {@code GET}. */
  public boolean isFor(String method) {
    return body == null
        ? WITHOUT_BODY.contains(method) || WITH_BODY.contains(method)
        : WITH_BODY.contains(method);
  }

  /**
   * Returns the method of such an endpoint where nothing else is said: POST with a body, or GET.
   */
  public String usualMethod() {
    return body == null ? "GET" : "POST";
  }

  /**
   * Returns the entry of a descriptor.
   *
   * @param method of the request, upper case
   * @param pattern of the paths as clients see them, escaped, {@code /users/{id}}
   * @param pathValues what the names of the pattern stand for in the request
   * @throws IllegalArgumentException if it is not for this method
   */
  public Extension entry(String method, String pattern, Map<String, String> pathValues) {
    if (!isFor(method)) {
      throw new IllegalArgumentException("discoverable: it is not for " + method);
    }
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("input", input(method, pathValues));
    if (output != null) {
      info.put("output", outputInfo(output));
    }
    Extension entry = Extension.of(info, schemaOfInfo(method, pathValues.keySet()));
    String shown = RouteTemplate.of(pattern);
    boolean isTemplate = shown.indexOf(':') >= 0 && !shown.equals("/:var1");
    return isTemplate && RouteTemplate.isValid(shown) ? entry.with("routeTemplate", shown) : entry;
  }

  private Map<String, Object> input(String method, Map<String, String> pathValues) {
    Map<String, Object> input = new LinkedHashMap<>();
    input.put("type", "http");
    input.put("method", method);
    if (WITH_BODY.contains(method)) {
      input.put("bodyType", body == null ? "json" : body.type());
      input.put("body", body == null ? Map.of() : body.example());
    }
    putExamples(input, "queryParams", query);
    if (!pathValues.isEmpty()) {
      input.put("pathParams", new LinkedHashMap<>(pathValues));
    }
    putExamples(input, "headers", headers);
    return input;
  }

  private static void putExamples(
      Map<String, Object> input, String name, Map<String, Parameter> parameters) {
    Map<String, Object> examples = new LinkedHashMap<>();
    parameters.forEach(
        (each, parameter) -> {
          if (parameter.example() != null) {
            examples.put(each, parameter.example());
          } else if (parameter.required()) {
            examples.put(each, JsonShape.exampleOf(parameter.schema()));
          }
        });
    if (!examples.isEmpty()) {
      input.put(name, examples);
    }
  }

  private static Map<String, Object> outputInfo(Parameter output) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("type", "string".equals(output.schema().get("type")) ? "text" : "json");
    if (output.example() != null) {
      info.put("example", output.example());
    }
    return info;
  }

  private Map<String, Object> schemaOfInfo(String method, Set<String> pathNames) {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("type", Map.of("const", "http"));
    properties.put("method", Map.of("enum", List.of(method)));
    List<String> required = new ArrayList<>(List.of("type", "method"));
    if (WITH_BODY.contains(method)) {
      properties.put("bodyType", Map.of("enum", List.of(body == null ? "json" : body.type())));
      properties.put("body", body == null ? Map.of() : body.schema());
      required.addAll(List.of("bodyType", "body"));
    }
    putSchemas(properties, "queryParams", query);
    Map<String, Parameter> named = new LinkedHashMap<>();
    pathNames.forEach(name -> named.put(name, inPath(path.getOrDefault(name, TEXT))));
    putSchemas(properties, "pathParams", named);
    putSchemas(properties, "headers", headers);
    Map<String, Object> input = object(properties, required);
    input.put("additionalProperties", false);
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("input", input);
    if (output != null) {
      all.put("output", object(Map.of("example", output.schema()), List.of("type")));
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", Extension.DRAFT);
    schema.putAll(object(all, List.of("input")));
    return schema;
  }

  /** A value is shown as it stands in the path, which is a text. */
  private static Parameter inPath(Parameter declared) {
    if ("string".equals(declared.schema().get("type"))) {
      return declared;
    }
    Map<String, Object> schema = new LinkedHashMap<>(TEXT.schema());
    Object description = declared.schema().get("description");
    if (description != null) {
      schema.put("description", description);
    }
    return new Parameter(null, schema, true);
  }

  private static void putSchemas(
      Map<String, Object> properties, String name, Map<String, Parameter> parameters) {
    if (parameters.isEmpty()) {
      return;
    }
    Map<String, Object> schemas = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    parameters.forEach(
        (each, parameter) -> {
          schemas.put(each, parameter.schema());
          if (parameter.required()) {
            required.add(each);
          }
        });
    properties.put(name, object(schemas, required));
  }

  private static Map<String, Object> object(Map<String, ?> properties, List<String> required) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    if (!required.isEmpty()) {
      schema.put("required", required);
    }
    return schema;
  }

  /**
   * Returns the operation of an OpenAPI 3.1 document, without its price: JSON as JDK types.
   *
   * @param pathNames the names of the path
   * @param mimeType of the answer, null if it is not known
   */
  public Map<String, Object> openApi(List<String> pathNames, @Nullable String mimeType) {
    return OpenApiOperation.of(this, pathNames, mimeType);
  }

  // ---- schemas

  /**
   * Returns the JSON Schema of values of a Java type, as JSON mappers write them by default: texts,
   * numbers, booleans, enums, dates, collections, and records with what they are made of. Of any
   * other class it says no more than that it is an object.
   */
  public static Map<String, Object> schemaOf(Type type) {
    return JsonShape.ofType(type);
  }

  private static void requireFits(String name, Map<String, Object> schema, Object example) {
    SchemaCheck.problem(schema, example)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException(
                  "discoverable: the example does not match its schema: " + name + problem);
            });
  }

  private static Parameter parameter(String name, Map<String, ?> schema, boolean required) {
    Map<String, Object> declared = schema(name, schema);
    return new Parameter(declared.get("example"), declared, required);
  }

  private static Map<String, Object> schema(String name, Map<String, ?> schema) {
    if (SchemaCheck.hasExternalReference(schema)) {
      throw new IllegalArgumentException(
          "discoverable: "
              + name
              + ": expected a schema that refers to nothing outside itself, found a $ref or $id");
    }
    return Collections.unmodifiableMap(new LinkedHashMap<>(schema));
  }

  private static Map<String, Parameter> with(
      Map<String, Parameter> all, String kind, @Nullable String name, Parameter parameter) {
    Map<String, Parameter> more = new LinkedHashMap<>(all);
    more.put(Settings.require("discoverable: " + kind, "a name", name), parameter);
    return more;
  }

  @Override
  public String toString() {
    return "Discoverable[query="
        + query.keySet()
        + ", body="
        + (body == null ? "none" : body.type())
        + "]";
  }
}
