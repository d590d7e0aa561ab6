// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.JWK;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DidUrlTest {
  /** The first key of RFC 8032, and examples of the method's document. */
  private static final String ED25519 = "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw";

  private static final String P256 = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv";
  private static final String SECP256K1 = "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme";

  @ParameterizedTest
  @CsvSource({
    "did:web:api.example.com#k, https://api.example.com/.well-known/did.json",
    "did:web:api.example.com%3A8443#k, https://api.example.com:8443/.well-known/did.json",
    "did:web:api.example.com:a:b#k, https://api.example.com/a/b/did.json",
    "did:web:localhost%3A8080#k, http://localhost:8080/.well-known/did.json",
    "did:web:127.0.0.1%3a8080:shop, http://127.0.0.1:8080/shop/did.json"
  })
  void aHostPublishesItsKeys(String text, String document) {
    DidUrl did = DidUrl.parse(text);
    assertThat(did.document()).contains(URI.create(document));
    assertThat(did).hasToString(text).isEqualTo(DidUrl.parse(text));
    assertThat(did.did()).isEqualTo(text.replaceFirst("#.*", ""));
    assertThat(did.fragment().isPresent()).isEqualTo(text.contains("#"));
    assertThat(did.key()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "did:web:a.example, https://a.example/x, true",
    "did:web:a.example, https://A.example:443/x, true",
    "did:web:a.example, http://a.example/x, false",
    "did:web:a.example, https://a.example:8443/x, false",
    "did:web:a.example, https://b.example/x, false",
    "did:web:a.example, https://sub.a.example/x, false",
    "did:web:a.example:shop, https://a.example/shop, true",
    "did:web:a.example:shop, https://a.example/shop/x, true",
    "did:web:a.example:shop, https://a.example/shopper, false",
    "did:web:a.example:shop, https://a.example/, false",
    "did:web:localhost%3A80, http://localhost/x, true",
    "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw, https://a.example/x, false"
  })
  void speaksForWhatIsUnderItsUrlAndNothingElse(String did, String url, boolean speaks) {
    assertThat(DidUrl.parse(did).speaksFor(URI.create(url))).isEqualTo(speaks);
  }

  @Test
  void aKeyInItsNameIsRead() {
    assertThat(key("did:key:" + ED25519 + "#" + ED25519))
        .containsEntry("crv", "Ed25519")
        .containsEntry("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assertThat(key("did:key:" + P256))
        .containsEntry("crv", "P-256")
        .containsEntry("x", "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns")
        .containsEntry("y", "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM");
    assertThat(key("did:key:" + SECP256K1))
        .containsEntry("crv", "secp256k1")
        .containsEntry("x", "h0wVx_2iDlOcblulc8E5iEw1EYh5n1RYtLQfeSTyNc0")
        .containsEntry("y", "O2EATIGbu6DezKFptj5scAIRntgfecanVNXxat1rnwE");
  }

  private static Map<String, Object> key(String did) {
    return DidUrl.parse(did).key().orElseThrow().toJSONObject();
  }

  @Test
  void aKeyHasOneNameWhateverElseItsJwkSays() {
    for (ReceiptAlgorithm algorithm : ReceiptAlgorithm.values()) {
      SigningKey signing = SigningKey.generated(algorithm);
      JWK key = signing.publicKey();
      DidUrl did = DidUrl.ofKey(key);
      assertThat(did.toString()).startsWith("did:jwk:").endsWith("#0").doesNotContain("=");
      JWK read = DidUrl.parse(did.toString()).key().orElseThrow();
      assertThat(read.toJSONObject()).isEqualTo(DidUrl.members(key));
      assertThat(read.isPrivate()).isFalse();
      assertThat(DidUrl.ofKey(read)).isEqualTo(did);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "key-1",
        "did:web:",
        "did:web:#k",
        "did:example:a#k",
        "did:web:a.example#",
        "did:web:a.example#k#l",
        "did:web:a.example/path#k",
        "did:web:a.example?x#k",
        "did:web:user@a.example#k",
        "did:web:a.example%2Fx#k",
        "did:web:a.example%3A99999#k",
        "did:web:a.example%3A0#k",
        "did:web:a..b#k",
        "did:web:a.example:..#k",
        "did:web:a.example:.#k",
        "did:web:a.example::b#k",
        "did:web:a.example:%2e%2e#k",
        "did:web:a.example\n#k",
        "did:key:",
        "did:key:z",
        "did:key:u6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw",
        "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMs",
        "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw#other",
        "did:key:zDnaeQRy3dcKsKa1zmKtVKsTy3m2HYoQnFnfKuxD6HfSTQgYg",
        "did:jwk:e30#0",
        "did:jwk:eyJrdHkiOiJvY3QiLCJrIjoiQUFBQSJ9#0",
        "did:jwk:AAAA#0"
      })
  void whatIsNoneIsRefusedAndNotRepeated(String text) {
    assertThatThrownBy(() -> DidUrl.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("DID URL: ")
        .hasMessageNotContaining("example.com")
        .hasMessageNotContaining("MktwupdmLX");
  }

  @Test
  void aPrivateKeyIsNotForTheWorld() {
    SigningKey key = SigningKey.generated(ReceiptAlgorithm.EDDSA);
    String did = "did:jwk:" + com.nimbusds.jose.util.Base64URL.encode(key.toJwk()) + "#0";
    assertThatThrownBy(() -> DidUrl.parse(did)).hasMessageNotContaining("\"d\"");
    assertThatThrownBy(() -> DidUrl.parse("did:web:" + "a".repeat(3_000)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
