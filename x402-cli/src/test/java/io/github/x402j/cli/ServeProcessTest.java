// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code x402 serve} as a process of its own. */
class ServeProcessTest {
  private static final Path CLONE =
      Files.isDirectory(Path.of("docs")) ? Path.of("") : Path.of("..");

  @Test
  void saysThatItIsReadySellsAndStopsOnSigterm() throws Exception {
    try (Running402 server = Running402.start(Map.of(), List.of("serve", "--port", "0"))) {
      String url = server.awaitReady();
      assertThat(server.output()).contains("curl -i " + url + "/premium", "export DEMO_KEY=0x");
      String launcher = server.find("HEADER=\\$\\((\\S+) pay " + url + "/premium ");
      assertThat(CLONE.resolve(launcher)).isExecutable(); // mvn adds escapes to what is captured
      String rpcUrl = server.find("chain +eip155:84532 at (\\S+)");
      String token = server.find("token +(\\S+)");
      Invocation paid =
          Invocation.of(
              Map.of("DEMO_KEY", server.find("DEMO_KEY=(\\S+)")),
              "pay",
              url + "/premium",
              "--rpc-url",
              rpcUrl,
              "--token",
              token,
              "--key-env",
              "DEMO_KEY",
              "--max",
              "$0.05");
      assertThat(paid.out()).startsWith("status     200").contains("settled in 0x");
      assertThat(server.terminate()).isEqualTo(143); // 128 + SIGTERM, after the hooks have run
      assertThat(server.output()).doesNotContain("\tat ", "Exception");
    }
  }

  @Test
  void tellsProgramsInJsonWhatThereIs() throws Exception {
    try (Running402 server =
        Running402.start(Map.of(), List.of("serve", "--port", "0", "--json"))) {
      String url = server.awaitReady();
      JsonNode local = new JsonMapper().readTree(server.find("(?m)^(\\{\"network\".*})$"));
      assertThat(local.path("network").textValue()).isEqualTo("eip155:84532");
      assertThat(local.path("demoKey").textValue()).matches("0x[0-9a-f]{64}");
      Invocation paid =
          Invocation.of(
              Map.of("DEMO_KEY", local.path("demoKey").textValue()),
              "pay",
              url + "/premium",
              "--rpc-url",
              local.path("rpcUrl").textValue(),
              "--token",
              local.path("token").textValue(),
              "--key-env",
              "DEMO_KEY",
              "--max",
              "$0.05");
      assertThat(paid.status()).isZero();
      assertThat(server.output()).doesNotContain("curl", "READY");
    }
  }
}
