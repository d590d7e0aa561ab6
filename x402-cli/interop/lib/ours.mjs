// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// x402j as client, server and facilitator: the command x402 and the suite's classes, in one JVM.
import {readdirSync, readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {finished, started, startedLine} from "./processes.mjs";

const MODULE = join(dirname(fileURLToPath(import.meta.url)), "../..");
const FIXTURES = `${MODULE}/target/interop`;
const PACKAGE = "io.github.x402j.cli";
const TESTS = `${MODULE}/src/test/java`;
const BIN = process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/` : "";
const JAVA = `${BIN}java`;
const QUICK = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];

let classPath;

/** Compiles if something has changed, reads the class path that bin/x402 notes, and compiles the suite's classes. */
export async function compile() {
  const version = await finished(`${MODULE}/bin/x402`, ["--version"], {seconds: 300});
  if (version.code !== 0) throw new Error(`bin/x402 --version: ${version.out}${version.err}`);
  classPath = `${MODULE}/target/classes:${readFileSync(`${MODULE}/target/x402.classpath`, "utf8").trim()}`;
  const directory = `${TESTS}/${PACKAGE.replaceAll(".", "/")}`;
  const sources = readdirSync(directory).filter((name) => /^Interop.*(?<!Test)\.java$/.test(name));
  const javac = await finished(`${BIN}javac`, ["-proc:none", "-nowarn", "-implicit:class", "-d", FIXTURES, "-cp", classPath,
    "-sourcepath", TESTS, ...sources.map((name) => `${directory}/${name}`)]);
  if (javac.code !== 0) throw new Error(`javac: ${javac.out}${javac.err}`);
  classPath = `${FIXTURES}:${classPath}`;
}

const java = (mainClass, args, jvm = QUICK) => [...jvm, "-cp", classPath, `${PACKAGE}.${mainClass}`, ...args];

/** The seller of the suite in a JVM of its own. */
export async function serverAlone(args, env, jvm) {
  const child = started(JAVA, java("InteropServer", args, jvm), {env});
  const [, url] = await startedLine(child, /^READY (\S+)/m);
  return {url, child};
}

let host;
let lastId = 0;
const programs = new Map();

/** The JVM that runs all programs: its start is not what is tested here. */
async function startHost() {
  const child = started(JAVA, java("InteropHost", []));
  let rest = "";
  child.stdout.on("data", (part) => {
    const lines = (rest + part).split("\n");
    rest = lines.pop();
    for (const line of lines.filter((each) => each.startsWith("{"))) {
      const {id, ...said} = JSON.parse(line);
      programs.get(id)(said);
    }
  });
  await startedLine(child, /^READY/m);
  return child;
}

/** Starts a program: "x402", or a class that implements InteropProgram. */
async function start(program, args, env, heard) {
  const {stdin} = await (host ??= startHost());
  const id = ++lastId;
  const text = {out: "", err: ""};
  programs.set(id, ({code, out = "", err = ""}) => {
    text.out += out;
    text.err += err;
    heard(text, code);
  });
  stdin.write(`${JSON.stringify({id, program, args, env})}\n`);
}

/** Runs a program to its end: {code, out, err}. */
export const run = (program, args, env = {}) => new Promise((done, fail) => {
  start(program, args, env, (text, code) => code !== undefined && done({code, ...text})).catch(fail);
});

/** Starts a program that prints READY and goes on: {url, out}. */
export const running = (program, args, env = {}) => new Promise((done, fail) => {
  const heard = ({out, err}, code) => {
    const ready = out.match(/^READY (\S+)/m);
    if (ready) done({url: ready[1], out});
    else if (code !== undefined) fail(new Error(`${program} ${args.join(" ")} ended with ${code}: ${out}${err}`));
  };
  start(program, args, env, heard).catch(fail);
});

/** `x402 serve`, with an own gas key or with a facilitator. */
export function serve({chain, rpcUrl = chain.url, token, payTo, facilitator, gasKey}) {
  const how = facilitator ? ["--facilitator", facilitator] : ["--gas-key-env", "INTEROP_GAS_KEY"];
  return running("x402", ["serve", "--port", "0", "--rpc-url", rpcUrl, "--token", token.address, "--pay-to", payTo,
    "--accept-contract-wallets", ...how], gasKey ? {INTEROP_GAS_KEY: gasKey} : {});
}

/** `x402 serve` on its own chain in the JVM; returns what it prints about it. */
export async function serveOnLocalChain(chainId, payTo) {
  const server = await running("x402", ["serve", "--port", "0", "--chain-id", `${chainId}`, "--pay-to", payTo]);
  return {
    ...server,
    rpcUrl: server.out.match(/ at (http:\S+)/)[1],
    token: {address: server.out.match(/^token +(\S+)/m)[1], name: "USDC", version: "2"},
    payerKey: server.out.match(/DEMO_KEY=(\S+)/)[1],
  };
}

/** What `x402 serve` does not offer: several tokens, and what a class that implements InteropSale adds. */
export const interopServer = (args, env = {}) => running("InteropServer", args, env);

/** The same for one token; `sale` is the name of the class. */
export const sell = ({chain, token, payTo, facilitator, gasKey, sale}) => interopServer(
  ["--rpc-url", chain.url, "--token", token.address, "--pay-to", payTo,
    ...(facilitator ? ["--facilitator", facilitator] : []), ...(sale ? ["--sale", sale] : [])],
  gasKey ? {INTEROP_GAS_KEY: gasKey} : {});

/** `x402 facilitator`, which settles the chain's USDC. */
export const facilitate = ({chain, rpcUrl = chain.url, token, gasKey}) =>
  interopFacilitator(["--rpc-url", rpcUrl, ...(token.default ? [] : ["--token", token.address])], {INTEROP_GAS_KEY: gasKey});

/** The origins of our facilitators. */
export const facilitators = new Set();

/** `x402 facilitator` for the tokens that are named. */
export async function interopFacilitator(args, env) {
  const facilitator = await running("x402",
    ["facilitator", "--port", "0", "--gas-key-env", "INTEROP_GAS_KEY", "--accept-contract-wallets", ...args], env);
  facilitators.add(new URL(facilitator.url).origin);
  return facilitator;
}

const ofToken = ({chain, token}) => (token.default ? [] : ["--rpc-url", chain.url, "--token", token.address]);

/** `x402 pay --json`; `more` are further options. */
export async function pay(url, method, {chain, token, key, max = "$0.05", more = []}) {
  const body = method === "POST" ? ["--data", '{"a":1}', "-H", "Content-Type: application/json"] : [];
  const {code, out, err} = await run("x402",
    ["pay", url, ...ofToken({chain, token}), "--key-env", "INTEROP_KEY", "--max", max, "--json", ...body, ...more], {INTEROP_KEY: key});
  try {
    return {code, ...JSON.parse(out.trim().split("\n").pop())};
  } catch {
    throw new Error(`x402 pay ended with ${code}: ${out}${err}`);
  }
}

/** `x402 pay --header`: the header that pays, not sent. */
export async function header(url, {chain, token, key, max = "$0.05"}) {
  const {code, out, err} = await run("x402",
    ["pay", url, ...ofToken({chain, token}), "--key-env", "INTEROP_KEY", "--max", max, "--header"], {INTEROP_KEY: key});
  const match = out.match(/^PAYMENT-SIGNATURE: (\S+)/m);
  if (!match) throw new Error(`x402 pay --header ended with ${code}: ${out}${err}`);
  return match[1];
}
