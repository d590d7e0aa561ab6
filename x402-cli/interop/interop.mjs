// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Runs x402j and the published packages against each other. The balances on the chain judge.
//   node interop.mjs [--record] [NAME...]
// NAME is a file of cases; without any, all run. What came of them is compared with docs/interop.md. --record rewrites
// their tables on that page, and their messages in x402-core/src/test/resources/vectors/interop, in place of that.
//
// A file of cases is lib/cases/NAME.mjs. It needs no edit elsewhere:
//   export const title = "Sign-in with ...";          the line under its heading on the page, without a full stop
//   export const packages = ["@x402/extensions"];     the packages it uses; the page names them with their versions
//   export default async function cases(suite) {...}  awaits suite.run({...}) for each case, one after the other
// The suite (lib/suite.mjs) has
//   chain, token            anvil 84532 with the test token where Base Sepolia has its USDC
//   payTo                   who is paid
//   facilitators            the URLs of {theirs, ours}; shops: sellers of /premium and /fails in all pairs
//   await payer("name")     {address, key, account}, holds 100 USD; await gas("name") the same, holds ether
//   await sell({sale, facilitator})   {url} of our seller; `sale` is a class in src/test/java that implements
//                           InteropSale: it adds routes and settings to the filter, and servlets
//   await run({what, client, server, facilitator, payer, expected = 200, moved = PRICE, act})
//                           act returns {status, ok?, body?}. Client, server and facilitator are "ours", "own key",
//                           "theirs" (@x402/fetch, @x402/express, @x402/core) or the name of a package; a comma and more
//                           may follow.
// Our client is ours.pay(url, method, {chain, token, key, more: [options of x402 pay]}); what the command does not offer is
// a class that implements InteropProgram: ours.run("InteropThing", [args], {env}). Messages are recorded where a client is
// given tapped(fetch, "client") (lib/tap.mjs), and a server or facilitator is behind relayed(url, "server").
import {readdirSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {account, BASE_SEPOLIA_USDC, Chain} from "./lib/chain.mjs";
import * as ours from "./lib/ours.mjs";
import {stopAll} from "./lib/processes.mjs";
import * as record from "./lib/record.mjs";
import {report, rows, sellers, Suite} from "./lib/suite.mjs";
import {exchanges, tapped} from "./lib/tap.mjs";

const CASES = join(dirname(fileURLToPath(import.meta.url)), "lib/cases");

// Their server asks our facilitator through the global fetch.
const untapped = globalThis.fetch;
const tappedFetch = tapped(untapped, "our facilitator");
globalThis.fetch = (input, init) => {
  const {origin} = new URL(input instanceof Request ? input.url : input);
  return ours.facilitators.has(origin) ? tappedFetch(input, init) : untapped(input, init);
};

const all = readdirSync(CASES).filter((file) => file.endsWith(".mjs")).map((file) => file.slice(0, -4)).sort();
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const chosen = named.length > 0 ? named : all;
const began = Date.now();
const seconds = (since) => Math.round((Date.now() - since) / 1000);

/** Runs a file of cases; what it throws is a failed case. Returns what came of it. */
async function runFile(name, parts) {
  const start = Date.now();
  const first = {row: rows.length, exchange: exchanges.length};
  let file = {};
  try {
    file = await import(join(CASES, `${name}.mjs`));
    await file.default(new Suite({...parts, name}));
  } catch (error) {
    report({what: `lib/cases/${name}.mjs`, client: "-", server: "-", facilitator: "-", chain: "-", expected: "cases", moved: "-",
      status: "error", ok: false, detail: `${error.stack ?? error}`});
  }
  console.log(`---- ${name}: ${seconds(start)} s`);
  const {title = name, packages = []} = file;
  return {name, title, packages: [...packages, "viem", "@foundry-rs/anvil-linux-amd64"],
    rows: rows.slice(first.row), exchanges: exchanges.slice(first.exchange)};
}

async function main() {
  await ours.compile();
  const chain = await Chain.anvil(84532);
  const token = {...await chain.token({at: BASE_SEPOLIA_USDC}), default: true};
  const payTo = account("payee").address;
  const parts = {chain, token, payTo, shops: await sellers(chain, token, payTo)};
  const files = [];
  for (const name of chosen) files.push(await runFile(name, parts));

  const checks = record.validate(exchanges);
  if (process.env.INTEROP_DUMP) {
    writeFileSync(process.env.INTEROP_DUMP, JSON.stringify({rows: rows.map((row) => ({...row, moved: `${row.moved}`})), exchanges}));
  }
  const failed = rows.filter((row) => !row.ok);
  let differences = [];
  if (failed.length === 0) {
    if (process.argv.includes("--record")) record.write(files, all);
    else differences = record.compare(files);
  }
  console.log(`\ninterop: ${rows.length} cases, ${failed.length} failed; ${checks.accepted} messages of ours accepted by their schemas,`
    + ` ${checks.refused.length} refused; ${seconds(began)} s`);
  [...checks.refused, ...differences].forEach((line) => console.log(`     ${line.slice(0, 2000)}`));
  if (differences.length > 0) console.log("     docs/interop.md is not what the run says: run with --record");
  return failed.length + checks.refused.length + differences.length === 0;
}

const deadline = setTimeout(() => {
  console.error("interop: did not end within 8 minutes");
  process.exit(1);
}, 8 * 60_000);
deadline.unref();
let passed = false;
try {
  passed = await main();
} catch (error) {
  console.error(error);
}
await stopAll();
process.exit(passed ? 0 : 1);
