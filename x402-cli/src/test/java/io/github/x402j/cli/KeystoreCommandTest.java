// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each agent's key, in an encrypted keystore of its own. */
class KeystoreCommandTest {
  private static final String PASSWORD = "correct horse";
  private static SampleShop shop;

  @TempDir Path files;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  @Test
  void anAgentGetsAKeyOfItsOwnThatPaysAndWhoseBalanceIsShown() throws Exception {
    Map<String, String> owner = Map.of("X402_KEYSTORE_PASSWORD", PASSWORD);
    JsonNode made = make(owner, "scout", "--json").json();
    String address = made.path("address").textValue();
    assertThat(address).isNotEqualTo(shop.payer.address());
    assertThat(files.resolve("keys/scout.json")).content().doesNotContain(PASSWORD);

    shop.usdc.mint(address, 25_000);
    assertThat(pay(owner, "scout").out()).startsWith("status     200").contains("settled in 0x");
    List<String> balances = new ArrayList<>(List.of("wallet", "show", "scout", "--journal"));
    balances.addAll(List.of(journal(), "--rpc-url", shop.chain.rpcUrl().toString()));
    balances.addAll(List.of("--token", shop.usdc.address()));
    assertThat(Invocation.of(Map.of(), balances.toArray(String[]::new)).out())
        .contains(address, "$0.015");
    balances.add("--json");
    JsonNode shown = Invocation.of(Map.of(), balances.toArray(String[]::new)).json().get(0);
    assertThat(shown.path("balances").get(0).path("amount").textValue()).isEqualTo("15000");

    Invocation wrong = pay(Map.of("X402_KEYSTORE_PASSWORD", "wr0ng horse"), "scout");
    assertThat(wrong.status()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err()).contains("password is wrong").doesNotContain("wr0ng");
    Invocation none = pay(Map.of(), "scout");
    assertThat(none.status()).isEqualTo(ExitCode.USAGE);
    assertThat(none.err()).contains("X402_KEYSTORE_PASSWORD", "--password-file", "terminal");
  }

  @Test
  void takesAKeyThatIsThere() throws Exception {
    Path password = Files.writeString(files.resolve("password"), PASSWORD + "\nmore");
    Map<String, String> owner = Map.of("OLD_KEY", shop.payer.privateKey());
    String[] imported = {"--import-env", "OLD_KEY", "--password-file", password.toString()};
    assertThat(make(owner, "old", imported).out()).contains(shop.payer.address());
    assertThat(pay(Map.of(), "old", "--password-file", password.toString()).status()).isZero();
    Invocation again = make(owner, "old", imported);
    assertThat(again.status()).isEqualTo(ExitCode.FAILED);
    assertThat(again.err()).contains("old.json").doesNotContain(shop.payer.privateKey());
    assertThat(make(owner, "../old", imported).status()).isEqualTo(ExitCode.USAGE);
    assertThat(make(owner, "both", "--key-env", "OLD_KEY", "--import-env", "OLD_KEY").err())
        .contains("found both");
    assertThat(make(owner, "plain", "--key-env", "OLD_KEY").out()).contains(shop.payer.address());
    Invocation lost = make(owner, "plain");
    assertThat(lost.status()).isEqualTo(ExitCode.USAGE);
    assertThat(lost.err()).contains("--key-env: needed", shop.payer.address());
  }

  @Test
  void asksAPersonTwiceForANewPassword() {
    Queue<String> typed = new ArrayDeque<>(List.of("first password", "another one"));
    assertThat(makeTyping("typed", typed).err()).contains("not the same");
    typed.addAll(List.of("short", "short"));
    assertThat(makeTyping("typed", typed).err()).contains("at least 8 characters");
    assertThat(files.resolve("keys/typed.json")).doesNotExist();
    typed.addAll(List.of("long enough", "long enough"));
    assertThat(makeTyping("typed", typed).status()).isZero();
    assertThat(typed).isEmpty();
  }

  private Invocation makeTyping(String agent, Queue<String> typed) {
    return Invocation.typing(prompt -> typed.remove().toCharArray(), newWallet(agent));
  }

  private Invocation make(Map<String, String> environment, String agent, String... more) {
    return Invocation.of(environment, newWallet(agent, more));
  }

  private String[] newWallet(String agent, String... more) {
    List<String> args = new ArrayList<>(List.of("wallet", "new", agent, "--limit", "$1"));
    args.addAll(List.of("--domains", "127.0.0.1", "--journal", journal()));
    args.addAll(List.of("--keys", files.resolve("keys").toString()));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  private Invocation pay(Map<String, String> environment, String agent, String... more) {
    List<String> args = new ArrayList<>(List.of("pay", shop.url("/premium"), "--agent", agent));
    args.addAll(List.of("--journal", journal(), "--keys", files.resolve("keys").toString()));
    args.addAll(List.of("--rpc-url", shop.chain.rpcUrl().toString()));
    args.addAll(List.of("--token", shop.usdc.address()));
    args.addAll(List.of(more));
    return Invocation.of(environment, args.toArray(String[]::new));
  }

  private String journal() {
    return files.resolve("journal").toString();
  }
}
