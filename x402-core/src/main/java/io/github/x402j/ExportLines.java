// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes records for other programs: as lines of CSV and as lines of JSON. */
public final class ExportLines {
  private static final ObjectMapper JSON =
      new ObjectMapper(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build());

  private static final TypeReference<LinkedHashMap<String, String>> TEXTS =
      new TypeReference<>() {};

  private ExportLines() {}

  /** Returns the texts as a JSON object in ASCII, and a line break. */
  public static String json(Map<String, String> texts) {
    try {
      return JSON.writeValueAsString(texts) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of texts is always JSON", e);
    }
  }

  /**
   * Returns the texts of a JSON object that {@link #json} wrote, in its order.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  public static Map<String, String> texts(String json) {
    try {
      return JSON.readValue(json, TEXTS);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("expected a JSON object of texts", e);
    }
  }

  /**
   * Returns the texts as a line of CSV (RFC 4180). A cell that a spreadsheet would take for a
   * formula begins with an apostrophe.
   */
  public static String csv(Collection<String> texts) {
    return texts.stream().map(ExportLines::csvCell).collect(joining(",", "", "\r\n"));
  }

  /** The first character decides what is a formula; some spreadsheets skip spaces before it. */
  static String csvCell(String value) {
    String trimmed = value.stripLeading();
    boolean formula =
        !value.isEmpty()
            && (Character.isISOControl(value.charAt(0))
                || (!trimmed.isEmpty()
                    && "=+-@|%\uFF1D\uFF0B\uFF0D\uFF20".indexOf(trimmed.charAt(0)) >= 0));
    boolean lonelyDash = value.equals("-"); // stands for "no request"
    String safe = formula && !lonelyDash ? "'" + value : value;
    return safe.chars().anyMatch(c -> ",\"\r\n\t;".indexOf(c) >= 0)
        ? '"' + safe.replace("\"", "\"\"") + '"'
        : safe;
  }
}
