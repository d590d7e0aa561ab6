// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How long the head of a held response may be, and what may be in it. */
class HeldHeadersTest {
  private final HeldHeaders headers = new HeldHeaders(outer());

  private static HttpServletResponse outer() {
    HttpServletResponse outer = mock(HttpServletResponse.class);
    when(outer.getHeaderNames()).thenReturn(List.of("X-Outer", "content-type", "CONTENT-LENGTH"));
    when(outer.getHeaders("X-Outer")).thenReturn(List.of("outer"));
    return outer;
  }

  /** A line is name, colon, space, value, line end. */
  @Test
  void countsTheBytesOfEachLine() {
    headers.add("ABC", "12345");
    headers.add("abc", "1");
    assertThat(headers.bytes()).isEqualTo(3 + 5 + 4 + 3 + 1 + 4);

    headers.set("Abc", "12");
    assertThat(headers.bytes()).isEqualTo(3 + 2 + 4);

    headers.set("abc", null);
    assertThat(headers.bytes()).isZero();

    headers.add("abc", "1");
    headers.clear();
    assertThat(headers.bytes()).isZero();
  }

  @Test
  void leavesTypeAndLengthOfOuterFiltersToTheResponse() {
    assertThat(headers.names(false, false)).containsExactly("X-Outer");
    assertThat(headers.names(true, true))
        .containsExactly("Content-Length", "Content-Type", "X-Outer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"!", "~", "A-b_c.1", "^`|"})
  void takesEveryToken(String name) {
    headers.add(name, "tab\tand \u00e4");
    headers.set(name, " ");
    assertThat(headers.all(name)).containsExactly(" ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\u007f", "a b", "a:", "\u00e4", "(", "a\r\nb", "{", "\""})
  void takesNothingElseAsAName(String name) {
    assertThatThrownBy(() -> headers.add(name, "x")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> headers.set(name, "x")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> headers.set(name, null)).isInstanceOf(IllegalArgumentException.class);
    assertThat(headers.bytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\r", "\n", "\u0000", "\u001f", "\u007f"})
  void takesNoControlCharacterInAValue(String control) {
    assertThatThrownBy(() -> headers.add("A", "x" + control))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("header A");
  }

  @Test
  void countsTheBytesOfCookies() {
    Cookie cookie = new Cookie("name", "12345678");
    headers.add(cookie);
    int plain = headers.bytes();
    assertThat(plain).isGreaterThanOrEqualTo("Set-Cookie: name=12345678\r\n".length() - 1);

    Cookie pathed = new Cookie("name", "12345678");
    pathed.setAttribute("X", "1234567890");
    headers.add(pathed);
    assertThat(headers.bytes() - plain).isGreaterThanOrEqualTo(plain + 11);

    headers.add(new Cookie("name", null));
    assertThat(headers.bytes()).isGreaterThan(2 * plain + 11);
    headers.clear();
    assertThat(headers.bytes()).isZero();
    assertThat(headers.contains("Set-Cookie")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"\"", "\"a\"", "!~#$", "azAZ09"})
  void takesEveryCookieValue(String value) {
    assertThatCode(() -> headers.add(new Cookie("c", value))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "\"", "\"a", "a\"", "a;b", "a,b", "a\\b", "\u007f", "\u00e4", "a\n"})
  void takesNoOtherCookieValue(String value) {
    assertThatThrownBy(() -> headers.add(new Cookie("c", value)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(headers.contains("Set-Cookie")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "z9", "A.Z", "0-9.example", "example.com"})
  void takesEveryCookieDomain(String domain) {
    Cookie cookie = new Cookie("c", "v");
    cookie.setDomain(domain);
    assertThatCode(() -> headers.add(cookie)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ".a", "a.", "-a", "a-", "a b", "a;b", "a/b", "a:", "@a", "a[", "`a", "a{", "\u00e4"
      })
  void takesNoOtherCookieDomain(String domain) {
    Cookie cookie = new Cookie("c", "v");
    cookie.setDomain(domain);
    assertThatThrownBy(() -> headers.add(cookie))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cookie domain");
  }
}
