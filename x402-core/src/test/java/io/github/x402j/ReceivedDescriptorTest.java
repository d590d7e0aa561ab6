// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.gate.Sale;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What other sellers write: the good offer is found among whatever stands beside it. */
class ReceivedDescriptorTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ASKED = "https://shop.example/asked?q=1";

  private static final String GOOD =
      """
      {"scheme":"exact","network":"eip155:84532","amount":"10000",
       "asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e",
       "payTo":"0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
       "maxTimeoutSeconds":60,"extra":{"name":"USDC","version":"2"}}""";

  private static final String GOOD_V1 =
      GOOD.replace("eip155:84532", "base-sepolia")
          .replace("\"amount\"", "\"maxAmountRequired\"")
          .replace("{\"scheme\"", "{\"resource\":\"https://shop.example/a\",\"scheme\"");

  /** Values of every kind, for a member that should be of one. */
  private static final List<String> ANY =
      List.of(
          "null",
          "1",
          "1.5",
          "-1",
          "true",
          "\"\"",
          "\"text\"",
          "{}",
          "[]",
          "[null]",
          "[[{}]]",
          "{\"a\":null}",
          "{\"a\":[null,{\"b\":null}]}");

  private static ObjectNode message(int version, String... options) throws Exception {
    ObjectNode message = JSON.createObjectNode().put("x402Version", version);
    message.putObject("resource").put("url", "https://shop.example/a");
    ArrayNode accepts = message.putArray("accepts");
    for (String option : options) {
      accepts.add(JSON.readTree(option));
    }
    return message;
  }

  /** Reads a message as what it is: from the header and the body in version 2. */
  private static ReceivedDescriptor read(JsonNode message) throws Exception {
    ReceivedDescriptor read = ReceivedDescriptor.ofBody(message.toString(), ASKED);
    if (message.get("x402Version").intValue() == 2) {
      assertThat(ReceivedDescriptor.ofHeader(Sale.base64(message.toString()), ASKED))
          .isEqualTo(read);
    }
    return read;
  }

  private static PaymentRequirements good(int version) throws Exception {
    return read(message(version, good1(version))).required().accepts().get(0);
  }

  private static String good1(int version) {
    return version == 1 ? GOOD_V1 : GOOD;
  }

  /** Entries that cannot be paid; EVIL is free text of the seller's. */
  private static final List<String> BAD =
      List.of(
          "null",
          "1",
          "\"EVIL EVIL\"",
          "[]",
          "{}",
          "{\"scheme\":1,\"network\":2}",
          "{\"scheme\":\"upto\",\"network\":\"eip155:84532\"}",
          "{\"scheme\":\"exact\"}",
          "{\"scheme\":\"exact\",\"network\":null}",
          "{\"scheme\":\"exact\",\"network\":\"eip155:84532\"}",
          "{\"scheme\":\"exact\",\"network\":\"base-sepolia\"}",
          "{\"scheme\":\"exact\",\"network\":\"solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp\",\"x\":[1]}",
          "{\"scheme\":\"exact\",\"network\":\"solana\"}",
          "{\"scheme\":\"exact\",\"network\":\"eip155:0\"}",
          "{\"scheme\":\"ex act\\u001b[2J\\u202e\",\"network\":\"EVIL <script>\"}");

  /** What makes the good entry a bad one: a member and its value; null removes it. */
  private static Stream<String> spoilt(int version) {
    String amount = version == 1 ? "maxAmountRequired" : "amount";
    List<String[]> edits = new ArrayList<>();
    for (String value : ANY) {
      edits.add(new String[] {"scheme", value});
      edits.add(new String[] {"network", value});
      edits.add(new String[] {amount, value.equals("1") ? "10000" : value});
      edits.add(new String[] {"asset", value});
      edits.add(new String[] {"payTo", value});
      if (!value.equals("1")) {
        edits.add(new String[] {"maxTimeoutSeconds", value});
      }
      if (!value.equals("null") && !value.startsWith("{")) {
        edits.add(new String[] {"extra", value});
      }
    }
    for (String text : List.of("1.0", "1e3", "0x10", " 1", "01", "-1", "9".repeat(79))) {
      edits.add(new String[] {amount, "\"" + text + "\""});
    }
    // an upper-case digit that the checksum has in lower case
    String wrong = "\"0x209693bc6afc0C5328bA36FaF03C514EF312287C\"";
    for (String member : List.of("asset", "payTo")) {
      edits.add(new String[] {member, wrong});
      edits.add(new String[] {member, "\"0x12\""});
    }
    for (String seconds : List.of("0", "60.0", "\"60\"", "9223372036854775808", "4294967296")) {
      edits.add(new String[] {"maxTimeoutSeconds", seconds});
    }
    return edits.stream().map(edit -> edited(good1(version), edit[0], edit[1]));
  }

  private static String edited(String option, String member, String value) {
    try {
      ObjectNode changed = (ObjectNode) JSON.readTree(option);
      changed.set(member, JSON.readTree(value));
      return changed.toString();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  static Stream<Integer> versions() {
    return Stream.of(1, 2);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void takesTheGoodOfferBesideAnyOther(int version) throws Exception {
    PaymentRequirements good = good(version);
    List<String> bad = new ArrayList<>(BAD);
    spoilt(version).forEach(bad::add);
    if (version == 1) {
      bad.remove("{\"scheme\":\"exact\",\"network\":\"eip155:84532\"}");
    }
    assertThat(bad).hasSizeGreaterThan(90);
    for (String other : bad) {
      for (JsonNode message :
          List.of(
              message(version, other, good1(version)),
              message(version, good1(version), other),
              message(version, other, good1(version), other))) {
        ReceivedDescriptor read = read(message);
        assertThat(read.required().accepts()).as(other).containsExactly(good);
        assertThat(read.leftOut()).hasSize(message.get("accepts").size() - 1);
        assertThat(read.required().resource().url()).isEqualTo("https://shop.example/a");
      }
      ReceivedDescriptor alone = read(message(version, other));
      assertThat(alone.required().accepts()).as(other).isEmpty();
      assertThat(alone.othersText()).isNotEmpty().hasSizeLessThan(250);
      assertThat(alone.leftOut().get(0).reason()).doesNotContain("EVIL");
    }
  }

  @Test
  void namesWhatWasOfferedAsHarmlessText() throws Exception {
    assertThat(read(message(2, "{\"scheme\":\"upto\",\"network\":\"eip155:8453\"}")).othersText())
        .isEqualTo("upto on eip155:8453 (scheme: not known here)");
    assertThat(
            read(message(2, "{\"scheme\":\"exact\",\"network\":\"solana:5eykt4Us\"}")).othersText())
        .isEqualTo("exact on solana:5eykt4Us (network: not known here)");
    assertThat(read(message(1, "{\"scheme\":\"exact\",\"network\":\"atlantis\"}")).othersText())
        .isEqualTo("exact on atlantis (network: not known here)");
    assertThat(read(message(2, edited(GOOD, "amount", "10000"))).othersText())
        .isEqualTo("exact on eip155:84532 (amount: expected a string, found a number)");
    assertThat(read(message(2, "null", "{}")).othersText())
        .isEqualTo("? on ? (expected an object), ? on ? (scheme: missing)");
    String strange = "\"ex act\\u001b[2J\\u202e<b>" + "x".repeat(5_000) + "\"";
    assertThat(read(message(2, edited(GOOD, "scheme", strange))).othersText())
        .matches("ex\\?act\\?\\?2J\\?\\?b\\?x{33,36}\\.\\.\\. on eip155:84532 \\(scheme: .*\\)");
  }

  /** Every optional member, of every type; what is read of it is only shown or returned. */
  @Test
  void takesTheOfferWhateverTypeAnOptionalMemberHas() throws Exception {
    PaymentRequirements good = good(2);
    for (String value : ANY) {
      for (String member :
          List.of(
              "error",
              "extensions",
              "unknown",
              "resource/description",
              "resource/mimeType",
              "resource/serviceName",
              "resource/tags",
              "resource/iconUrl",
              "resource/unknown",
              "accepts/0/outputSchema",
              "accepts/0/unknown")) {
        ObjectNode message = message(2, GOOD);
        set(message, member, value);
        ReceivedDescriptor read = read(message);
        assertThat(read.required().accepts()).as(member + " " + value).containsExactly(good);
        assertThat(read.leftOut()).isEmpty();
        assertThat(read.required().resource().url()).isEqualTo("https://shop.example/a");
      }
      for (String member :
          List.of("error", "accepts/0/description", "accepts/0/mimeType", "accepts/0/unknown")) {
        ObjectNode message = message(1, GOOD_V1);
        set(message, member, value);
        assertThat(read(message).required().accepts()).as(member).containsExactly(good(1));
      }
    }
    ObjectNode shown = message(2, GOOD);
    set(shown, "error", "\"pay\"");
    set(shown, "resource/description", "7");
    assertThat(read(shown).required().error()).isEqualTo("pay");
    assertThat(read(shown).required().resource().description()).isNull();
  }

  private static void set(ObjectNode message, String path, String value) throws Exception {
    int slash = path.lastIndexOf('/');
    ObjectNode parent =
        slash < 0 ? message : (ObjectNode) message.at("/" + path.substring(0, slash));
    parent.set(path.substring(slash + 1), JSON.readTree(value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "1",
        "\"\"",
        "\"https://other.example/\"",
        "[]",
        "{}",
        "{\"url\":null}",
        "{\"url\":7}",
        "{\"url\":\" \"}",
        "{\"url\":[]}"
      })
  void aDescriptorWithoutAResourceIsForTheUrlThatWasAsked(String resource) throws Exception {
    ObjectNode message = message(2, GOOD);
    message.set("resource", JSON.readTree(resource));
    assertThat(read(message).required().resource()).isEqualTo(ResourceInfo.of(ASKED));
    message.remove("resource");
    assertThat(read(message).required().resource()).isEqualTo(ResourceInfo.of(ASKED));
    assertThat(read(message).required().accepts()).containsExactly(good(2));
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> PaymentCodec.decodeRequired(Sale.base64(message.toString())))
        .withMessageStartingWith("resource");
  }

  /** Some sellers write it so; the payment has the name of version 1. */
  @Test
  void anOfferOfVersion1MayNameItsNetworkAsVersion2Does() throws Exception {
    ReceivedDescriptor read =
        read(
            message(
                1,
                GOOD_V1.replace("base-sepolia", "eip155:84532"),
                GOOD_V1.replace("base-sepolia", "eip155:42161"),
                GOOD_V1.replace("base-sepolia", "eip155:"),
                GOOD_V1.replace("base-sepolia", "EIP155:84532")));
    assertThat(read.required().accepts()).containsExactly(good(1));
    assertThat(read.othersText()).contains("eip155:42161");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "1", "\"\"", "[]", "{}"})
  void anOfferOfVersion1WithoutAResourceIsForTheUrlThatWasAsked(String resource) throws Exception {
    ReceivedDescriptor read = read(message(1, edited(GOOD_V1, "resource", resource)));
    assertThat(read.required().accepts()).containsExactly(good(1));
    assertThat(read.required().resource().url()).isEqualTo(ASKED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"x402Version\":2}",
        "{\"x402Version\":2,\"accepts\":{}}",
        "{\"x402Version\":2,\"accepts\":null}",
        "{\"x402Version\":\"2\",\"accepts\":[]}",
        "{\"x402Version\":3,\"accepts\":[]}",
        "{\"x402Version\":2,\"accepts\":[],\"accepts\":[]}",
        "{\"x402Version\":2,\"accepts\":[{\"amount\":\"1\",\"amount\":\"2\"}]}",
        "{\"x402Version\":2,\"accepts\":[]}x"
      })
  void whatIsNoDescriptorIsRefused(String json) {
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> ReceivedDescriptor.ofBody(json, ASKED));
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> ReceivedDescriptor.ofHeader(Sale.base64(json), ASKED));
  }

  @Test
  void readsABoundedNumberOfOffers() throws Exception {
    String[] many = IntStream.range(0, 10_000).mapToObj(i -> "{}").toArray(String[]::new);
    ReceivedDescriptor read = read(message(2, many));
    assertThat(read.leftOut()).hasSize(20);
    assertThat(read.uncounted()).isEqualTo(9_980);
    assertThat(read.othersText()).hasSizeLessThan(300).endsWith(", 9995 more");

    many[199] = GOOD;
    many[200] = GOOD;
    assertThat(read(message(2, many)).required().accepts()).hasSize(1);
  }

  /** A schema of an extension is deeper than what a payment may be. */
  @Test
  void readsSchemasOfFiftyLevels() throws Exception {
    ObjectNode message = message(2, GOOD);
    set(message, "extensions", "{\"a\":" + "{\"b\":".repeat(50) + "1" + "}".repeat(51));
    assertThat(read(message).required().accepts()).containsExactly(good(2));
    assertThat(read(message).required().extensions()).containsKey("a");
    String endless = "{\"x402Version\":2,\"a\":" + "[".repeat(20_000);
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> ReceivedDescriptor.ofBody(endless, ASKED));
  }

  /** Whatever is put in place of any part: what is taken can be paid as it stands. */
  @ParameterizedTest
  @MethodSource("versions")
  void whatIsTakenIsReadStrictlyWhateverElseChanges(int version) throws Exception {
    Random random = new Random(7);
    int taken = 0;
    for (int i = 0; i < 2_000; i++) {
      ObjectNode message = message(version, good1(version), good1(version));
      for (int edits = random.nextInt(4); edits >= 0; edits--) {
        spoil(message, random);
      }
      ReceivedDescriptor read;
      try {
        read = read(message);
      } catch (MalformedPaymentException e) {
        continue;
      }
      for (PaymentRequirements option : read.required().accepts()) {
        taken++;
        if (version == 2) {
          String payment = PaymentCodec.payloadJson(PaymentPayload.v2(option, Map.of("a", 1)));
          assertThat(PaymentCodec.decodePayload(Sale.base64(payment), 2).accepted())
              .isEqualTo(option);
        } else {
          assertThat(option.withDecimals(6).scheme()).isEqualTo("exact");
        }
      }
    }
    assertThat(taken).isGreaterThan(500);
  }

  private static void spoil(JsonNode node, Random random) throws Exception {
    JsonNode value = JSON.readTree(ANY.get(random.nextInt(ANY.size())));
    while (true) {
      List<String> names = new ArrayList<>();
      node.fieldNames().forEachRemaining(names::add);
      boolean isArray = node.isArray();
      int size = isArray ? node.size() : names.size();
      if (size == 0) {
        return;
      }
      int at = random.nextInt(size);
      JsonNode child = isArray ? node.get(at) : node.get(names.get(at));
      if (child.isContainerNode() && random.nextInt(3) > 0) {
        node = child;
      } else if (isArray) {
        ((ArrayNode) node).set(at, value);
        return;
      } else if (!names.get(at).equals("x402Version")) {
        ((ObjectNode) node).set(names.get(at), value);
        return;
      }
    }
  }
}
