// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// x402j as client, server and facilitator: the command x402.
import {readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {finished, started, startedLine} from "./processes.mjs";

const MODULE = join(dirname(fileURLToPath(import.meta.url)), "../..");
const FIXTURES = `${MODULE}/target/interop`;
const BIN = process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/` : "";
const JAVA = `${BIN}java`;

let classPath;

/** The classes of the suite among the tests of the module. */
const SOURCES = ["InteropServer", "InteropPayer", "UnsettledFacilitator"];

/** Compiles if something has changed, reads the class path that bin/x402 notes, and compiles the suite's classes. */
export async function compile() {
  const version = await finished(`${MODULE}/bin/x402`, ["--version"], {seconds: 300});
  if (version.code !== 0) throw new Error(`bin/x402 --version: ${version.out}${version.err}`);
  classPath = `${MODULE}/target/classes:${readFileSync(`${MODULE}/target/x402.classpath`, "utf8").trim()}`;
  const sources = SOURCES.map((name) => `${MODULE}/src/test/java/${PACKAGE.replaceAll(".", "/")}/${name}.java`);
  const javac = await finished(`${BIN}javac`, ["-proc:none", "-nowarn", "-d", FIXTURES, "-cp", classPath, ...sources]);
  if (javac.code !== 0) throw new Error(`javac: ${javac.out}${javac.err}`);
  classPath = `${FIXTURES}:${classPath}`;
}

const PACKAGE = "io.github.x402j.cli";
const QUICK = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];

const java = (mainClass, args, jvm = QUICK) => [...jvm, "-cp", classPath, `${PACKAGE}.${mainClass}`, ...args];

async function running(mainClass, args, env, jvm) {
  const child = started(JAVA, java(mainClass, args, jvm), {env});
  const [, url] = await startedLine(child, /^READY (\S+)/m);
  return {url, child, text: child.text};
}

/** `x402 serve`, with an own gas key or with a facilitator. */
export function serve({chain, rpcUrl = chain.url, token, payTo, facilitator, gasKey}) {
  const how = facilitator ? ["--facilitator", facilitator] : ["--gas-key-env", "INTEROP_GAS_KEY"];
  return running("X402Command", ["serve", "--port", "0", "--rpc-url", rpcUrl, "--token", token.address, "--pay-to", payTo,
    "--accept-contract-wallets", ...how], {INTEROP_GAS_KEY: gasKey});
}

/** `x402 serve` on its own chain in the JVM; returns what it prints about it. */
export async function serveOnLocalChain(chainId, payTo) {
  const server = await running("X402Command", ["serve", "--port", "0", "--chain-id", `${chainId}`, "--pay-to", payTo], {});
  return {
    ...server,
    rpcUrl: server.text.match(/ at (http:\S+)/)[1],
    token: {address: server.text.match(/^token +(\S+)/m)[1], name: "USDC", version: "2"},
    payerKey: server.text.match(/DEMO_KEY=(\S+)/)[1],
  };
}

/** `x402 facilitator`, which settles the chain's USDC. */
export const facilitate = ({chain, rpcUrl = chain.url, token, gasKey}) =>
  interopFacilitator(["--rpc-url", rpcUrl, ...(token.default ? [] : ["--token", token.address])], {INTEROP_GAS_KEY: gasKey});

/** The origins of our facilitators. */
export const facilitators = new Set();

function known(facilitator) {
  facilitators.add(new URL(facilitator.url).origin);
  return facilitator;
}

/** What `x402 serve` does not offer: several tokens, and a facilitator that settles nothing. */
export const interopServer = (args, env = {}, jvm = QUICK) => running("InteropServer", args, env, jvm);

let payer;
let turn = Promise.resolve();

/** Runs `x402` with these arguments, in a JVM that is kept: its start is not what is tested here. */
function x402(args, key) {
  const result = turn.then(async () => {
    payer ??= (await running("InteropPayer", [], {})).child;
    const from = payer.text.length;
    payer.stdin.write(`${JSON.stringify({args, key})}\n`);
    payer.text = payer.text.slice(from);
    const [line] = await startedLine(payer, /^\{"code".*\}$/m);
    payer.text = "";
    return JSON.parse(line);
  });
  turn = result.catch(() => {});
  return result;
}

const ofToken = ({chain, token}) => (token.default ? [] : ["--rpc-url", chain.url, "--token", token.address]);

/** `x402 facilitator` for the tokens that are named. */
export const interopFacilitator = async (args, env) => known(await running("X402Command",
  ["facilitator", "--port", "0", "--gas-key-env", "INTEROP_GAS_KEY", "--accept-contract-wallets", ...args], env));

/** `x402 pay --json`. */
export async function pay(url, method, {chain, token, key, max = "$0.05"}) {
  const body = method === "POST" ? ["--data", '{"a":1}', "-H", "Content-Type: application/json"] : [];
  const {code, out, err} = await x402(
    ["pay", url, ...ofToken({chain, token}), "--key-env", "INTEROP_KEY", "--max", max, "--json", ...body], key);
  try {
    return {code, ...JSON.parse(out.trim().split("\n").pop())};
  } catch {
    throw new Error(`x402 pay ended with ${code}: ${out}${err}`);
  }
}

/** `x402 pay --header`: the header that pays, not sent. */
export async function header(url, {chain, token, key, max = "$0.05"}) {
  const {code, out, err} = await x402(
    ["pay", url, ...ofToken({chain, token}), "--key-env", "INTEROP_KEY", "--max", max, "--header"], key);
  const match = out.match(/^PAYMENT-SIGNATURE: (\S+)/m);
  if (!match) throw new Error(`x402 pay --header ended with ${code}: ${out}${err}`);
  return match[1];
}
