// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A policy in a YAML file (YAML 1.2). Every scalar is read as its text, so that no value depends on
 * a YAML type. What is wrong is told with file, line and key. Not safe for use by several threads.
 */
final class PolicyFile {
  /** No policy needs more; a file of aliases that grow is refused before it does. */
  private static final int MAX_BYTES = 64 * 1024;

  private static final String DEFAULT_WITHIN = "PT24H";

  private final String name;

  private PolicyFile(String name) {
    this.name = name;
  }

  /**
   * Returns the policy in the file.
   *
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no policy; the message names file, line and key
   */
  static SpendingPolicy read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException(file + ": expected at most " + MAX_BYTES + " bytes");
    }
    return new PolicyFile(String.valueOf(file.getFileName())).parse(Files.readString(file));
  }

  private SpendingPolicy parse(String yaml) {
    LoadSettings settings =
        LoadSettings.builder().setLabel(name).setMaxAliasesForCollections(0).build();
    Optional<Node> root;
    try {
      root = new Compose(settings).composeString(yaml);
    } catch (MarkedYamlEngineException e) {
      throw new IllegalArgumentException(
          place(e.getProblemMark(), "") + "not YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      throw new IllegalArgumentException(name + ": not YAML: " + e.getMessage());
    }
    Node policy =
        root.orElseThrow(
            () -> new IllegalArgumentException(name + ": expected a policy, found nothing"));
    SpendingPolicy rules = SpendingPolicy.empty();
    for (Map.Entry<String, Node> rule : members(policy, "").entrySet()) {
      rules = add(rules, rule.getKey(), rule.getValue());
    }
    return rules;
  }

  private SpendingPolicy add(SpendingPolicy policy, String key, Node value) {
    if (PolicyText.OF_ONE_VALUE.contains(key)) {
      return add(policy, key, value, List.of(scalar(value, key)));
    }
    if (PolicyText.OF_A_LIST.contains(key)) {
      return add(policy, key, value, items(value).stream().map(item -> scalar(item, key)).toList());
    }
    return switch (key) {
      case "rate" -> {
        SpendingPolicy more = policy;
        for (Node item : items(value)) {
          more = add(more, key, item, members(item, key, "payments", "within", null));
        }
        yield more;
      }
      case "approval" -> add(policy, key, value, members(value, key, "above", "within", "$0"));
      case "tokens" ->
          add(
              policy,
              key,
              value,
              items(value).stream()
                  .map(item -> String.join("/", members(item, key, "network", "contract", null)))
                  .toList());
      default ->
          throw wrong(value, key, "expected the name of a rule, such as maxPerPayment or hosts");
    };
  }

  private SpendingPolicy add(SpendingPolicy policy, String key, Node at, List<String> values) {
    try {
      return PolicyText.add(policy, key, values);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw wrong(
          at, key, message.startsWith(key + ": ") ? message.substring(key.length() + 2) : message);
    }
  }

  /** Returns two members of a mapping, in this order. */
  private List<String> members(
      Node node, String key, String first, String second, @Nullable String firstDefault) {
    Map<String, Node> all = members(node, key);
    Set<String> unknown = new HashSet<>(all.keySet());
    unknown.removeAll(Set.of(first, second));
    if (!unknown.isEmpty()) {
      throw wrong(
          node, key + "." + unknown.iterator().next(), "expected " + first + " and " + second);
    }
    List<String> values = new ArrayList<>();
    for (String name : List.of(first, second)) {
      Node value = all.get(name);
      String otherwise =
          firstDefault == null ? null : name.equals(first) ? firstDefault : DEFAULT_WITHIN;
      if (value == null && otherwise == null) {
        throw wrong(node, key, "expected " + first + " and " + second);
      }
      values.add(value == null ? String.valueOf(otherwise) : scalar(value, key + "." + name));
    }
    return values;
  }

  private Map<String, Node> members(Node node, String key) {
    if (!(node instanceof MappingNode mapping)) {
      throw wrong(node, key, "expected names and values");
    }
    Map<String, Node> members = new LinkedHashMap<>();
    for (NodeTuple each : mapping.getValue()) {
      String member = scalar(each.getKeyNode(), key);
      if (members.put(member, each.getValueNode()) != null) {
        throw wrong(each.getKeyNode(), member, "expected it once, found it twice");
      }
    }
    return members;
  }

  /** Returns the items of a list; a single value is a list of one. */
  private static List<Node> items(Node node) {
    return node instanceof SequenceNode list ? list.getValue() : List.of(node);
  }

  private String scalar(Node node, String key) {
    if (node instanceof ScalarNode scalar
        && !scalar.getValue().isEmpty()
        && scalar.getValue().indexOf(' ') < 0
        && scalar.getValue().indexOf('\n') < 0) {
      return scalar.getValue();
    }
    throw wrong(node, key, "expected one value without spaces");
  }

  private IllegalArgumentException wrong(Node node, String key, String what) {
    return new IllegalArgumentException(place(node.getStartMark(), key) + what);
  }

  private String place(Optional<Mark> mark, String key) {
    return name
        + mark.map(at -> ", line " + (at.getLine() + 1)).orElse("")
        + (key.isEmpty() ? ": " : ", " + key + ": ");
  }
}
