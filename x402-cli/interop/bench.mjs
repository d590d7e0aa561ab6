// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Requests per second of the filter on Jetty beside @x402/express on Node, in turns, on this machine.
import {cpus, loadavg} from "node:os";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {account, BASE_SEPOLIA_USDC, Chain, keyOf} from "./lib/chain.mjs";
import {load} from "./lib/load.mjs";
import * as ours from "./lib/ours.mjs";
import {started, startedLine, stop, stopAll} from "./lib/processes.mjs";
import {replaceSection} from "./lib/record.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const payTo = account("payee").address;
const TURNS = 3;
const LOAD = loadavg()[0].toFixed(1);
const payer = account("payer");
const ask = (headers = "") => `GET /premium HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n${headers}\r\n`;

async function theirServer(chain, env, ...stub) {
  const child = started(process.execPath,
    [join(HERE, "bench-server.mjs"), chain.url, BASE_SEPOLIA_USDC, payTo, ...stub], {env: {NODE_ENV: "production", ...env}});
  return {url: (await startedLine(child, /^READY (\S+)/m))[1], child};
}

const ourServer = (chain, env, ...stub) => ours.serverAlone(
  ["--rpc-url", chain.url, "--token", BASE_SEPOLIA_USDC, "--pay-to", payTo, ...stub], env, ["-Xmx512m"]);

/** Requests that pay, each with an authorization of its own, signed before the clock starts. */
async function payments(url, count) {
  const asked = await fetch(`${url}/premium`);
  const {accepts, resource} = JSON.parse(Buffer.from(asked.headers.get("payment-required"), "base64"));
  const [accepted] = accepts;
  const validBefore = `${Math.floor(Date.now() / 1000) + accepted.maxTimeoutSeconds}`;
  return Promise.all(Array.from({length: count}, async () => {
    const authorization = {from: payer.address, to: accepted.payTo, value: accepted.amount, validAfter: "0", validBefore,
      nonce: `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex")}`};
    const signature = await payer.signTypedData({
      domain: {name: accepted.extra.name, version: accepted.extra.version, chainId: 84532, verifyingContract: accepted.asset},
      types: {TransferWithAuthorization: [{type: "address", name: "from"}, {type: "address", name: "to"},
        {type: "uint256", name: "value"}, {type: "uint256", name: "validAfter"}, {type: "uint256", name: "validBefore"},
        {type: "bytes32", name: "nonce"}]},
      primaryType: "TransferWithAuthorization",
      message: authorization,
    });
    const payload = {x402Version: 2, resource, accepted, payload: {authorization, signature}};
    return ask(`PAYMENT-SIGNATURE: ${Buffer.from(JSON.stringify(payload)).toString("base64")}\r\n`);
  }));
}

const unpaid = (server) => load(server.url, 402, 2000, () => ask());

const paying = (count, milliseconds) => async (server) => {
  const ready = await payments(server.url, count);
  return load(server.url, 200, milliseconds, () => ready.pop());
};

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Both take turns, after two turns each to warm up; the medians count. */
async function compare(what, our, their, turn) {
  for (let i = 0; i < 2; i++) {
    await turn(our);
    await turn(their);
  }
  const rates = {our: [], their: []};
  const refused = {our: 0, their: 0};
  for (let i = 0; i < TURNS; i++) {
    for (const [side, server] of [["our", our], ["their", their]]) {
      const {rate, wrong} = await turn(server);
      rates[side].push(rate);
      refused[side] += wrong;
    }
  }
  const [mine, others] = [median(rates.our), median(rates.their)];
  console.log(`${what}: ours ${mine.toFixed(0)}/s, @x402/express ${others.toFixed(0)}/s, ratio ${(mine / others).toFixed(1)};`
    + ` refused or failed ${refused.our} and ${refused.their}`);
  return `| ${what} | ${mine.toFixed(0)} | ${others.toFixed(0)} | ${(mine / others).toFixed(1)} | ${refused.our}, ${refused.their} |`;
}

async function main() {
  await ours.compile();
  const lines = [];
  const idle = await Chain.anvil(84532);
  await idle.token({at: BASE_SEPOLIA_USDC});
  const our = await ourServer(idle, {}, "--stub");
  const their = await theirServer(idle, {}, "stub");
  lines.push(await compare("unpaid: 402", our, their, unpaid));
  lines.push(await compare("paid, signature checked, settlement stubbed", our, their, paying(300, 5000)));
  await Promise.all([stop(our.child), stop(their.child)]);

  // A chain each: transactions of one side must not slow down the other.
  const chains = await Promise.all([Chain.anvil(84532), Chain.anvil(84532)]);
  for (const chain of chains) {
    const usdc = await chain.token({at: BASE_SEPOLIA_USDC});
    await chain.mint(usdc, payer.address, 10n ** 15n);
    await chain.fund(account("gas bench").address);
  }
  const env = {INTEROP_GAS_KEY: keyOf("gas bench")};
  const [ourOnChain, theirOnChain] = [await ourServer(chains[0], env), await theirServer(chains[1], env)];
  const before = await Promise.all(chains.map((chain) => chain.balance({address: BASE_SEPOLIA_USDC}, payTo)));
  let answers = [0, 0];
  const turn = paying(60, 10_000);
  lines.push(await compare("paid, verified and settled on anvil", ourOnChain, theirOnChain, async (server) => {
    const result = await turn(server);
    answers[server === ourOnChain ? 0 : 1] += result.answers;
    return result;
  }));
  for (const [i, chain] of chains.entries()) {
    const moved = (await chain.balance({address: BASE_SEPOLIA_USDC}, payTo)) - before[i];
    if (moved !== worth(answers[i])) console.log(`chain ${i}: ${answers[i]} answers, ${moved} atomic units moved`);
  }
  if (process.argv.includes("--record")) {
    replaceSection("bench", [
      `One run, ${cpus().length} processors, turns alternating, medians of ${TURNS} turns, 16 connections, Java`
        + ` ${await javaVersion()}, Node ${process.versions.node}, load average before the run ${LOAD}. The load shares the processors`
        + " with the servers, so the ratios count, not the rates. On anvil each side verifies and settles in the server's"
        + " process with one gas key, on a chain of its own; answers that are no delivery are not in the rate.", "",
      "| requests per second | x402j on Jetty | `@x402/express` | ratio | answered otherwise |", "|---|---|---|---|---|", ...lines].join("\n"));
  }
}

const worth = (answers) => BigInt(answers) * 10_000n;

async function javaVersion() {
  const child = started(process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/java` : "java", ["-version"]);
  return (await startedLine(child, /version "([^"]+)"/))[1];
}

setTimeout(() => {
  console.error("bench: did not end within 6 minutes");
  process.exit(1);
}, 6 * 60_000).unref();
let passed = false;
try {
  await main();
  passed = true;
} catch (error) {
  console.error(error);
}
await stopAll();
process.exit(passed ? 0 : 1);
