// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The golden vectors of {@code src/test/resources/vectors}; each file names its source. */
public final class Vectors {
  private Vectors() {}

  /** Returns a file of the folder. */
  public static JsonNode load(String file) {
    try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + file)) {
      return new ObjectMapper().readTree(Objects.requireNonNull(in, file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns each file of a folder in the folder. */
  public static List<JsonNode> loadAll(String folder) {
    try (Stream<Path> files =
        Files.list(Path.of(Vectors.class.getResource("/vectors/" + folder).toURI()))) {
      return files
          .map(file -> load(folder + "/" + file.getFileName()))
          .collect(Collectors.toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the examples of the specification. */
  public static JsonNode specification() {
    return load("specification-examples.json");
  }
}
