// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Address;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.Vectors;
import io.github.x402j.evm.EvmSigner;
import java.net.URI;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text, its hash, its signature and its header, as the published packages make them. */
class SignInMessageTest {
  private static final JsonNode VECTORS = Vectors.load("sign-in-with-x.json");

  /** A public development key. */
  private static final EvmSigner WALLET =
      EvmSigner.ofPrivateKey("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a");

  private static final Map<String, Object> INFO = info("siwx");

  @SuppressWarnings("unchecked")
  private static Map<String, Object> info(String vector) {
    return new ObjectMapper().convertValue(VECTORS.get(vector).get("info"), Map.class);
  }

  private static SignInMessage message(Map<String, Object> info) throws Exception {
    return SignInMessage.asked(info, WALLET.address(), Network.BASE_SEPOLIA);
  }

  private static Map<String, Object> with(String name, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(INFO);
    changed.put(name, value);
    return changed;
  }

  @ParameterizedTest
  @ValueSource(strings = {"siwx", "siwxMinimal"})
  void text_and_signature_are_those_of_the_published_packages(String vector) throws Exception {
    SignInMessage message = message(info(vector));
    assertThat(message.text()).isEqualTo(VECTORS.get(vector).get("message").asText());
    assertThat(WALLET.sign(message.digest()).toHex())
        .isEqualTo(VECTORS.get(vector).get("signature").asText());
  }

  @Test
  void the_hash_and_the_header_are_those_of_the_published_packages() throws Exception {
    JsonNode vector = VECTORS.get("siwx");
    SignInMessage message = message(INFO);
    String signature = vector.get("signature").asText();
    assertThat("0x" + HexFormat.of().formatHex(message.digest()))
        .isEqualTo(vector.get("messageHash").asText());
    SignInMessage.Signed theirs = SignInMessage.Signed.read(vector.get("header").asText(), 8192);
    assertThat(theirs.message()).isEqualTo(message);
    assertThat(theirs.signature()).isEqualTo(signature);
    assertThat(JsonText.decode(message.toHeader(signature), 8192))
        .isEqualTo(JsonText.decode(vector.get("header").asText(), 8192));
    assertThat(theirs.toString()).doesNotContain(signature);
  }

  @Test
  void every_line_stands_where_the_standard_wants_it() throws Exception {
    Map<String, Object> info = with("notBefore", "2027-01-15T07:59:00Z");
    info.put("requestId", "r-1");
    info.put("resources", List.of());
    assertThat(message(info).text())
        .endsWith(
            "\nExpiration Time: 2027-01-15T08:05:00.000Z\nNot Before: 2027-01-15T07:59:00Z"
                + "\nRequest ID: r-1\nResources:");
  }

  @ParameterizedTest
  @CsvSource({
    "domain, 'a.example\nX'",
    "domain, ''",
    "domain, user@a.example",
    "statement, 'yes\nURI: https://b.example'",
    "statement, ''",
    "statement, h\u00e9",
    "uri, https://a.example/a b",
    "uri, 'https://a.example/\nNonce: 1'",
    "version, 2",
    "nonce, 1234567",
    "nonce, 12345678-",
    "issuedAt, '2027-01-15T08:00:00.000Z\nResources:'",
    "requestId, 'a b'",
    "expirationTime, ''"
  })
  void a_member_that_could_pass_for_another_line_is_refused(String name, String value) {
    assertThatThrownBy(() -> message(with(name, value)))
        .isInstanceOf(MalformedPaymentException.class)
        .hasMessageContaining(name);
  }

  @Test
  void what_is_missing_or_of_another_type_is_refused() {
    for (String name : List.of("domain", "uri", "version", "nonce", "issuedAt")) {
      Map<String, Object> without = new LinkedHashMap<>(INFO);
      without.remove(name);
      assertThatThrownBy(() -> message(without)).isInstanceOf(MalformedPaymentException.class);
      assertThatThrownBy(() -> message(with(name, 7L)))
          .isInstanceOf(MalformedPaymentException.class);
    }
    for (Object resources : List.of("x", List.of(1L), List.of("a b"), List.of("x\ny"))) {
      assertThatThrownBy(() -> message(with("resources", resources)))
          .isInstanceOf(MalformedPaymentException.class);
    }
    String long11 = "https://a.example/";
    assertThatThrownBy(() -> message(with("resources", java.util.Collections.nCopies(11, long11))))
        .isInstanceOf(MalformedPaymentException.class);
    assertThatThrownBy(() -> message(with("statement", "x".repeat(501))))
        .isInstanceOf(MalformedPaymentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.example.com/data, true",
    "https://API.example.com:443/other?x=1, true",
    "http://api.example.com/data, false",
    "https://api.example.com:8443/data, false",
    "https://example.com/data, false",
    "https://api.example.com.evil.example/data, false",
    "https://user@api.example.com/data, false",
    "ftp://api.example.com/data, false"
  })
  void it_is_for_the_server_whose_host_and_origin_it_names(String url, boolean isFor)
      throws Exception {
    assertThat(message(INFO).isFor(URI.create(url))).isEqualTo(isFor);
  }

  @Test
  void a_uri_of_another_origin_is_for_no_server() throws Exception {
    URI url = URI.create("https://api.example.com/data");
    for (String uri :
        List.of("https://b.example/data", "http://api.example.com/", "data", "a:b", "https://:x")) {
      assertThat(message(with("uri", uri)).isFor(url)).isFalse();
    }
  }

  @Test
  void a_resource_of_another_origin_is_for_no_server() throws Exception {
    URI url = URI.create("https://api.example.com/data");
    String own = "https://api.example.com/other?x=1";
    assertThat(message(with("resources", List.of(own, own))).isFor(url)).isTrue();
    assertThat(message(with("resources", List.of())).isFor(url)).isTrue();
    for (String other :
        List.of("https://b.example/data", "http://api.example.com/data", "urn:b:data", "data")) {
      assertThat(message(with("resources", List.of(own, other))).isFor(url)).isFalse();
    }
  }

  @Test
  void an_address_keeps_its_checksum_and_a_chain_its_number() throws Exception {
    Address address = Address.parse(WALLET.address().lowerCase());
    SignInMessage message = SignInMessage.asked(INFO, address, new Network(1));
    assertThat(message.text()).contains("\n" + WALLET.address().text() + "\n", "\nChain ID: 1\n");
  }
}
