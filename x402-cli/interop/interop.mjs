// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Runs x402j and the published packages against each other. The balances on the chain judge.
//   node interop.mjs [--record]      --record rewrites docs/interop.md's table and the vectors
import {account, BASE_SEPOLIA_USDC, Chain, detour, keyOf, PRICE} from "./lib/chain.mjs";
import {facilitateByPayer, FAULTS, VERSIONS} from "./lib/faults.mjs";
import * as ours from "./lib/ours.mjs";
import {stopAll} from "./lib/processes.mjs";
import * as record from "./lib/record.mjs";
import {between, exchanges, tapped} from "./lib/tap.mjs";
import * as theirs from "./lib/theirs.mjs";
import {writeFileSync} from "node:fs";
import {createSigner} from "x402-fetch";

// Their server asks our facilitator through the global fetch.
const untapped = globalThis.fetch;
const tappedFetch = tapped(untapped, "our facilitator");
globalThis.fetch = (input, init) => {
  const {origin} = new URL(input instanceof Request ? input.url : input);
  return ours.facilitators.has(origin) ? tappedFetch(input, init) : untapped(input, init);
};

const payTo = account("payee").address;
const rows = [];
const began = Date.now();

/** Runs one case: what it does, what must come back and how much must move. */
async function run({what, client, server, facilitator = "-", chain, token, payer, expected, moved, act}) {
  between({client, server, facilitator});
  const sum = async () => [await chain.balance(token, payer), await chain.balance(token, payTo)];
  const row = {what, client, server, facilitator, chain: `${chain.name} ${chain.chainId}`, expected, moved, ok: false};
  const start = Date.now();
  try {
    const before = await sum();
    const answer = await act();
    const after = await sum();
    row.status = answer.status;
    const paid = before[0] - after[0];
    const received = after[1] - before[1];
    row.balances = paid === received ? `${paid}` : `payer -${paid}, payee +${received}`;
    row.ok = answer.status === expected && paid === moved && received === moved && answer.ok !== false;
    if (!row.ok) row.detail = JSON.stringify(answer).slice(0, 600);
  } catch (error) {
    row.status = "error";
    row.detail = `${error.stack ?? error}`;
  }
  rows.push(row);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${row.ok ? "ok  " : "FAIL"} ${what} | client ${client} | server ${server} | facilitator ${facilitator}`
    + ` | ${row.status}, moved ${row.balances ?? "?"} | ${seconds} s`);
  if (!row.ok) console.log(`     expected ${expected}, moved ${moved}: ${row.detail}`);
}

async function funded(chain, token, name) {
  const payer = account(name);
  await chain.mint(token, payer.address, 100_000_000n);
  return payer;
}

async function shopsOn({chain, token, theirFacilitator, ourFacilitator, ownKey}) {
  const own = ownKey();
  const [their, our] = await Promise.all([theirFacilitator(), ourFacilitator()]);
  const accepted = [{chain, token}];
  const shops = await Promise.all([
    {server: "theirs", facilitator: "theirs", start: theirs.serve({accepted, payTo, facilitator: their.url})},
    {server: "theirs", facilitator: "ours", start: theirs.serve({accepted, payTo, facilitator: our.url})},
    {server: "ours", facilitator: "theirs", start: ours.serve({chain, token, payTo, facilitator: their.url})},
    {server: "ours", facilitator: "ours", start: ours.serve({chain, token, payTo, facilitator: our.url})},
    {server: "ours", facilitator: "own key", start: own},
  ].map(async ({server, facilitator, start}) => ({server, facilitator, ...await start})));
  shops.facilitators = {theirs: their.url, ours: our.url};
  return shops;
}

/** Starts every seller that is paired with every client. */
async function sellers(chain, token) {
  for (const name of ["gas theirs", "gas ours", "gas own"]) await chain.fund(account(name).address);
  return shopsOn({
    chain, token,
    theirFacilitator: () => theirs.facilitate(theirs.facilitatorOn(chain, account("gas theirs"))),
    ourFacilitator: () => ours.facilitate({chain, token, gasKey: keyOf("gas ours")}),
    ownKey: () => ours.serve({chain, token, payTo, gasKey: keyOf("gas own")}),
  });
}

async function matrix(chain, token, shops, methods, note = "") {
  const payer = await funded(chain, token, "payer");
  const clients = {
    ours: (url, method) => ours.pay(url, method, {chain, token, key: keyOf("payer")}),
    theirs: (url, method) => theirs.payWithFetch(url, method, payer, {token, chain}),
  };
  for (const shop of shops) {
    for (const [client, pay] of Object.entries(clients)) {
      for (const method of methods) {
        await run({
          what: `${method} paid${note}`, client, server: shop.server, facilitator: shop.facilitator, chain, token,
          payer: payer.address, expected: 200, moved: PRICE,
          act: async () => {
            const answer = await pay(`${shop.url}/premium`, method);
            return {...answer, ok: /premium/.test(answer.body)};
          },
        });
      }
    }
  }
}

async function otherClients(chain, token, shops) {
  const payer = account("payer");
  const common = {chain, token, payer: payer.address, expected: 200, moved: PRICE};
  const v1 = await createSigner("base-sepolia", keyOf("payer"));
  for (const shop of shops) {
    const {server, facilitator} = shop;
    for (const method of ["GET", "POST"]) {
      await run({...common, what: `${method} paid`, client: "theirs (axios 2.11.0)", server, facilitator,
        act: () => theirs.payWithAxios(`${shop.url}/premium`, method, payer)});
      if (server !== "ours") continue;
      await run({...common, what: `${method} paid, version 1`, client: "theirs (x402-fetch 1.2.0)", server, facilitator,
        act: () => theirs.payWithFetchV1(`${shop.url}/premium`, method, v1)});
    }
  }
}

/** No money: refused before the handler runs. */
async function refused(chain, token, shops) {
  const poor = account("poor");
  for (const shop of shops) {
    const {server, facilitator} = shop;
    const common = {what: "refused: payer has no funds", server, facilitator, chain, token, payer: poor.address,
      expected: 402, moved: 0n};
    await run({...common, client: "theirs", act: () => theirs.payWithFetch(`${shop.url}/premium`, "GET", poor)});
    await run({...common, client: "ours", act: () => ours.pay(`${shop.url}/premium`, "GET", {chain, token, key: keyOf("poor")})});
  }
}

async function handlerFails(chain, token, shops) {
  const payer = account("payer");
  for (const shop of shops) {
    const {server, facilitator} = shop;
    const common = {what: "handler fails: not charged", server, facilitator, chain, token, payer: payer.address,
      expected: 500, moved: 0n};
    await run({...common, client: "theirs", act: () => theirs.payWithFetch(`${shop.url}/fails`, "GET", payer)});
    await run({...common, client: "ours", act: () => ours.pay(`${shop.url}/fails`, "GET", {chain, token, key: keyOf("payer")})});
  }
}

/** The header that has bought one answer is sent again. */
async function replays(chain, token, shops) {
  const payer = account("payer");
  for (const shop of shops) {
    for (const client of ["theirs", "ours"]) {
      await run({what: "replay: charged and delivered once", client, server: shop.server, facilitator: shop.facilitator,
        chain, token, payer: payer.address, expected: 402, moved: PRICE,
        act: async () => {
          const header = client === "ours" ? await ours.header(`${shop.url}/premium`, {chain, token, key: keyOf("payer")})
            : await theirs.header(`${shop.url}/premium`, payer);
          const send = () => fetch(`${shop.url}/premium`, {headers: {"PAYMENT-SIGNATURE": header}});
          const first = await send();
          const second = await send();
          return {status: second.status, ok: first.status === 200, first: first.status, body: await second.text()};
        }});
    }
  }
}

/** The payer spends its money elsewhere between verification and settlement. */
async function failedSettlement(chain, token) {
  const way = await detour(chain);
  await chain.fund(account("gas detour theirs").address);
  await chain.fund(account("gas detour ours").address);
  await chain.fund(account("gas detour own").address);
  const shops = await shopsOn({
    chain, token,
    theirFacilitator: () => theirs.facilitate(theirs.facilitatorOn(chain, account("gas detour theirs"), way.url)),
    ourFacilitator: () => ours.facilitate({chain, rpcUrl: way.url, token, gasKey: keyOf("gas detour ours")}),
    ownKey: () => ours.serve({chain, rpcUrl: way.url, token, payTo, gasKey: keyOf("gas detour own")}),
  });
  for (const shop of shops) {
    for (const client of ["theirs", "ours"]) {
      const name = `drained ${shop.server} ${shop.facilitator} ${client}`;
      const payer = account(name);
      await run({what: "settlement fails: nothing delivered", client, server: shop.server, facilitator: shop.facilitator,
        chain, token, payer: payer.address, expected: 402, moved: 0n,
        act: async () => {
          await chain.mint(token, payer.address, PRICE);
          way.before = () => chain.write(token.address, "burn", [payer.address, PRICE]);
          const answer = client === "theirs" ? await theirs.payWithFetch(`${shop.url}/premium`, "GET", payer)
            : await ours.pay(`${shop.url}/premium`, "GET", {chain, token, key: keyOf(name)});
          return {...answer, ok: way.before === null && !/premium (content|answer)/.test(answer.body)};
        }});
    }
  }
  way.close();
}

/** A contract pays; its owner signs, and 32 bytes follow, as wallets append what they need. */
async function contractWallet(chain, token, shops) {
  const owner = account("owner");
  const address = await chain.contractWallet(owner.address);
  await chain.mint(token, address, 100_000_000n);
  const signer = {
    address,
    signTypedData: async (message) => `${await owner.signTypedData(message)}${"00".repeat(32)}`,
  };
  for (const shop of shops) {
    await run({what: "EIP-1271 payer", client: "theirs", server: shop.server, facilitator: shop.facilitator, chain, token,
      payer: address, expected: 200, moved: PRICE, act: () => theirs.payWithFetch(`${shop.url}/premium`, "GET", signer)});
  }
}

async function twoTokens(chain, token, theirFacilitatorUrl) {
  const other = await chain.token({name: "Other USD", version: "1"});
  const payer = await funded(chain, other, "payer");
  await chain.fund(account("gas both").address);
  const both = ["--rpc-url", chain.url, "--token", token.address, "--token", other.address];
  const env = {INTEROP_GAS_KEY: keyOf("gas both")};
  const ourFacilitator = await ours.interopFacilitator(both, env);
  const sell = [...both, "--pay-to", payTo];
  const accepted = [{chain, token}, {chain, token: other}];
  const shops = await Promise.all([
    {server: "theirs", facilitator: "theirs", start: theirs.serve({accepted, payTo, facilitator: theirFacilitatorUrl})},
    {server: "theirs", facilitator: "ours", start: theirs.serve({accepted, payTo, facilitator: ourFacilitator.url})},
    {server: "ours", facilitator: "theirs", start: ours.interopServer([...sell, "--facilitator", theirFacilitatorUrl])},
    {server: "ours", facilitator: "ours", start: ours.interopServer([...sell, "--facilitator", ourFacilitator.url])},
    {server: "ours", facilitator: "own key", start: ours.interopServer(sell, {INTEROP_GAS_KEY: keyOf("gas own")})},
  ].map(async ({server, facilitator, start}) => ({server, facilitator, ...await start})));
  const second = (version, accepts) => accepts.find((option) => option.asset.toLowerCase() === other.address.toLowerCase());
  for (const shop of shops) {
    const common = {server: shop.server, facilitator: shop.facilitator, chain, payer: payer.address, expected: 200, moved: PRICE};
    const url = `${shop.url}/premium`;
    await run({...common, what: "two tokens: the first", token, client: "theirs", act: () => theirs.payWithFetch(url, "GET", payer)});
    await run({...common, what: "two tokens: the second", token: other, client: "theirs",
      act: () => theirs.payWithFetch(url, "GET", payer, {token: other, chain, select: second})});
    await run({...common, what: "two tokens: the first", token, client: "ours",
      act: () => ours.pay(url, "GET", {chain, token, key: keyOf("payer")})});
    await run({...common, what: "two tokens: the second", token: other, client: "ours",
      act: () => ours.pay(url, "GET", {chain, token: other, key: keyOf("payer")})});
  }
  await contractWallet(chain, token, shops);
}

/** The chain in the JVM: `x402 serve` starts it, and the published packages pay, sell and settle on it too. */
async function localChain() {
  const server = await ours.serveOnLocalChain(1337, payTo);
  const chain = new Chain(server.rpcUrl, 1337, "LocalChain");
  const key = server.payerKey;
  const {privateKeyToAccount} = await import("viem/accounts");
  const payer = privateKeyToAccount(key);
  const token = server.token;
  const common = {what: "GET paid", chain, token, payer: payer.address, expected: 200, moved: PRICE};
  await run({...common, client: "theirs", server: "ours", facilitator: "own key",
    act: () => theirs.payWithFetch(`${server.url}/premium`, "GET", payer, {token, chain})});
  await run({...common, client: "ours", server: "ours", facilitator: "own key",
    act: () => ours.pay(`${server.url}/premium`, "GET", {chain, token, key})});
}

/** Sends the same payment until it is neither pending nor unanswered; every status on the way is kept. */
async function repeated(url, header, seconds) {
  const statuses = [];
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await fetch(url, {headers: {"PAYMENT-SIGNATURE": header}});
    const body = await answer.text();
    statuses.push(answer.status);
    if (answer.status !== 503 || Date.now() > end) return {status: answer.status, body, statuses};
    await new Promise((done) => setTimeout(done, 1000));
  }
}

/**
 * Their facilitators behind nodes that misbehave. A payment that moved buys its delivery, if need be when it is sent
 * again; without a chain to read it may stay pending. No answer asks for another payment.
 */
async function misbehavingNodes(chain, token, {readsChain}) {
  const seconds = readsChain ? 20 : 6;
  const cases = Object.keys(VERSIONS).flatMap((version) => Object.keys(FAULTS).map((fault) => {
    const name = `${fault} ${version} ${readsChain}`;
    return {version, fault, name, payer: account(name).address};
  }));
  for (const {payer} of cases) await chain.mint(token, payer, 2n * PRICE);
  const facilitator = await facilitateByPayer(chain, cases);
  const shop = await ours.interopServer(["--rpc-url", chain.url, "--token", token.address, "--pay-to", payTo,
    "--facilitator", facilitator.url, ...(readsChain ? [] : ["--without-chain"])]);
  const received = await chain.balance(token, payTo);
  const start = Date.now();
  const results = await Promise.all(cases.map(async (each) => {
    try {
      const url = `${shop.url}/premium`;
      return {...each, ...await repeated(url, await theirs.header(url, account(each.name)), seconds)};
    } catch (error) {
      return {...each, status: "error", body: `${error.stack ?? error}`, statuses: []};
    }
  }));
  await new Promise((done) => setTimeout(done, 4000)); // what was passed on late is mined
  let sum = 0n;
  for (const {fault, version, payer, status, body, statuses} of results) {
    const paid = 2n * PRICE - await chain.balance(token, payer);
    sum += paid;
    const delivered = status === 200 && /premium/.test(body);
    const ok = paid === PRICE && (delivered || (!readsChain && status === 503)) && !statuses.includes(402);
    const said = facilitator.said(payer) ?? {};
    const row = {what: `node: ${fault}`, client: `theirs, paid through @x402/evm ${version}`,
      server: readsChain ? "ours" : "ours, without RPC URL", facilitator: "theirs", chain: `${chain.name} ${chain.chainId}`,
      expected: readsChain ? 200 : "200 or 503", moved: PRICE, status, ok};
    rows.push(row);
    console.log(`${ok ? "ok  " : "FAIL"} ${row.what} | server ${row.server} | @x402/evm ${version} | ${statuses.join(" ")}`
      + `, moved ${paid} | said ${said.success ? "success" : `${said.errorReason}`.slice(0, 60)} "${said.transaction ?? ""}"`);
    if (!ok) console.log(`     ${body.slice(0, 300)}`);
  }
  const gained = await chain.balance(token, payTo) - received;
  if (gained !== sum) throw new Error(`payers lost ${sum}, the payee got ${gained}`);
  console.log(`misbehaving nodes: ${results.length} cases in ${Math.round((Date.now() - start) / 1000)} s`);
  facilitator.close();
}

async function main() {
  await ours.compile();
  const base = await Chain.anvil(84532);
  const usdc = {...await base.token({at: BASE_SEPOLIA_USDC}), default: true};
  const priv = await Chain.anvil(31337);
  const own = await priv.token({name: "Private USD", version: "1"});
  const shops = await sellers(base, usdc);
  await matrix(base, usdc, shops, ["GET", "POST"]);
  await otherClients(base, usdc, shops);
  await refused(base, usdc, shops);
  await handlerFails(base, usdc, shops);
  await replays(base, usdc, shops);
  await failedSettlement(base, usdc);
  const {theirs: theirFacilitatorUrl} = shops.facilitators;
  await twoTokens(base, usdc, theirFacilitatorUrl);

  for (const readsChain of [true, false]) await misbehavingNodes(base, usdc, {readsChain});
  await matrix(priv, own, await sellers(priv, own), ["GET"], ", private chain");
  await localChain();

  const checks = record.validate(exchanges);
  if (process.env.INTEROP_DUMP) writeFileSync(process.env.INTEROP_DUMP, JSON.stringify({rows: rows.map((row) => ({...row, moved: `${row.moved}`})), exchanges}));
  const failed = rows.filter((row) => !row.ok);
  const seconds = Math.round((Date.now() - began) / 1000);
  if (process.argv.includes("--record") && failed.length === 0) record.write(rows, exchanges, checks);
  console.log(`\ninterop: ${rows.length} cases, ${failed.length} failed; ${checks.accepted} messages of ours accepted by their schemas,`
    + ` ${checks.refused.length} refused; ${seconds} s`);
  checks.refused.forEach((line) => console.log(`     ${line.slice(0, 2000)}`));
  return failed.length + checks.refused.length === 0;
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
