// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cells that come from strangers, in a spreadsheet. */
class ExportLinesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "=1+1 | '=1+1",
        "+1 | '+1",
        "-1 | '-1",
        "@SUM(A1) | '@SUM(A1)",
        "` =1` | `' =1`",
        "a=b | a=b",
        "- | -",
        "/path | /path",
        "a,b | `\"a,b\"`",
        "say \"hi\" | `\"say \"\"hi\"\"\"`",
        "=HYPERLINK(\"http://x\",\"y\") | `\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"`"
      })
  void aCellIsNeverAFormula(String value, String cell) {
    assertThat(ExportLines.csvCell(value)).isEqualTo(cell);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\t=1", "\r=1", "\n=1", "\u0000=1", "\uFF1D1"})
  void aCellThatBeginsWithWhatSpreadsheetsSkipIsNoFormulaEither(String value) {
    assertThat(ExportLines.csvCell(value).replace("\"", "")).startsWith("'");
  }
}
