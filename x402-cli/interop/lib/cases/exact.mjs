// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// The exact scheme in all pairs of client, server and facilitator, with @x402/* and the client of version 1.
import {createSigner} from "x402-fetch";
import {account, detour, keyOf, PRICE} from "../chain.mjs";
import * as ours from "../ours.mjs";
import {sellersOn} from "../suite.mjs";
import * as theirs from "../theirs.mjs";

export const title = "The `exact` scheme in all pairs, with the client of version 1 too";
export const packages = ["@x402/core", "@x402/evm", "@x402/fetch", "@x402/express", "@x402/axios", "x402-fetch"];

export default async function cases(suite) {
  await matrix(suite, ["GET", "POST"]);
  await otherClients(suite);
  await refused(suite);
  await handlerFails(suite);
  await replays(suite);
  await failedSettlement(suite);
  await twoTokens(suite);
}

/** Every pair with both clients. */
export async function matrix(suite, methods, note = "") {
  const {chain, token} = suite;
  const payer = await suite.payer();
  const clients = {
    ours: (url, method) => ours.pay(url, method, {chain, token, key: payer.key}),
    theirs: (url, method) => theirs.payWithFetch(url, method, payer.account, {token, chain}),
  };
  for (const {server, facilitator, url} of suite.shops) {
    for (const [client, pay] of Object.entries(clients)) {
      for (const method of methods) {
        await suite.run({what: `${method} paid${note}`, client, server, facilitator, payer,
          act: async () => {
            const answer = await pay(`${url}/premium`, method);
            return {...answer, ok: /premium/.test(answer.body)};
          }});
      }
    }
  }
}

async function otherClients(suite) {
  const payer = await suite.payer();
  const v1 = await createSigner("base-sepolia", payer.key);
  for (const {server, facilitator, url} of suite.shops) {
    for (const method of ["GET", "POST"]) {
      await suite.run({what: `${method} paid`, client: "@x402/axios", server, facilitator, payer,
        act: () => theirs.payWithAxios(`${url}/premium`, method, payer.account)});
      if (server !== "ours") continue;
      await suite.run({what: `${method} paid, version 1`, client: "x402-fetch", server, facilitator, payer,
        act: () => theirs.payWithFetchV1(`${url}/premium`, method, v1)});
    }
  }
}

/** Both clients of @x402/fetch and ours, on one path of every pair. */
async function onEach(suite, path, payer, expectations) {
  const {chain, token} = suite;
  for (const {server, facilitator, url} of suite.shops) {
    const common = {server, facilitator, payer, ...expectations};
    await suite.run({...common, client: "theirs", act: () => theirs.payWithFetch(`${url}${path}`, "GET", payer.account)});
    await suite.run({...common, client: "ours", act: () => ours.pay(`${url}${path}`, "GET", {chain, token, key: payer.key})});
  }
}

/** No money: refused before the handler runs. */
async function refused(suite) {
  const poor = {address: account("poor").address, account: account("poor"), key: keyOf("poor")};
  await onEach(suite, "/premium", poor, {what: "refused: payer has no funds", expected: 402, moved: 0n});
}

async function handlerFails(suite) {
  await onEach(suite, "/fails", await suite.payer(), {what: "handler fails: not charged", expected: 500, moved: 0n});
}

/** The header that has bought one answer is sent again. */
async function replays(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  for (const {server, facilitator, url} of suite.shops) {
    for (const client of ["theirs", "ours"]) {
      await suite.run({what: "replay: charged and delivered once", client, server, facilitator, payer, expected: 402,
        act: async () => {
          const header = client === "ours" ? await ours.header(`${url}/premium`, {chain, token, key: payer.key})
            : await theirs.header(`${url}/premium`, payer.account);
          const send = () => fetch(`${url}/premium`, {headers: {"PAYMENT-SIGNATURE": header}});
          const first = await send();
          const second = await send();
          return {status: second.status, ok: first.status === 200, first: first.status, body: await second.text()};
        }});
    }
  }
}

/** The payer spends its money elsewhere between verification and settlement. */
async function failedSettlement(suite) {
  const {chain, token, payTo} = suite;
  const way = await detour(chain);
  for (const name of ["gas detour theirs", "gas detour ours", "gas detour own"]) await suite.gas(name);
  const shops = await sellersOn({
    chain, token, payTo,
    theirFacilitator: () => theirs.facilitate(theirs.facilitatorOn(chain, account("gas detour theirs"), way.url)),
    ourFacilitator: () => ours.facilitate({chain, rpcUrl: way.url, token, gasKey: keyOf("gas detour ours")}),
    ownKey: () => ours.serve({chain, rpcUrl: way.url, token, payTo, gasKey: keyOf("gas detour own")}),
  });
  for (const {server, facilitator, url} of shops) {
    for (const client of ["theirs", "ours"]) {
      const name = `drained ${server} ${facilitator} ${client}`;
      const payer = account(name);
      await suite.run({what: "settlement fails: nothing delivered", client, server, facilitator, payer, expected: 402, moved: 0n,
        act: async () => {
          await chain.mint(token, payer.address, PRICE);
          way.before = () => chain.write(token.address, "burn", [payer.address, PRICE]);
          const answer = client === "theirs" ? await theirs.payWithFetch(`${url}/premium`, "GET", payer)
            : await ours.pay(`${url}/premium`, "GET", {chain, token, key: keyOf(name)});
          return {...answer, ok: way.before === null && !/premium (content|answer)/.test(answer.body)};
        }});
    }
  }
  way.close();
}

/** A contract pays; its owner signs, and 32 bytes follow, as wallets append what they need. */
async function contractWallet(suite, shops) {
  const {chain, token} = suite;
  const owner = account("owner");
  const address = await chain.contractWallet(owner.address);
  await chain.mint(token, address, 100_000_000n);
  const signer = {
    address,
    signTypedData: async (message) => `${await owner.signTypedData(message)}${"00".repeat(32)}`,
  };
  for (const {server, facilitator, url} of shops) {
    await suite.run({what: "EIP-1271 payer", client: "theirs", server, facilitator, payer: address,
      act: () => theirs.payWithFetch(`${url}/premium`, "GET", signer)});
  }
}

async function twoTokens(suite) {
  const {chain, token, payTo} = suite;
  const other = await chain.token({name: "Other USD", version: "1"});
  const payer = await suite.payer("payer", {token: other});
  await suite.gas("gas both");
  const both = ["--rpc-url", chain.url, "--token", token.address, "--token", other.address];
  const our = await ours.interopFacilitator(both, {INTEROP_GAS_KEY: keyOf("gas both")});
  const sell = [...both, "--pay-to", payTo];
  const accepted = [{chain, token}, {chain, token: other}];
  const theirFacilitator = suite.facilitators.theirs;
  const shops = await Promise.all([
    {server: "theirs", facilitator: "theirs", start: theirs.serve({accepted, payTo, facilitator: theirFacilitator})},
    {server: "theirs", facilitator: "ours", start: theirs.serve({accepted, payTo, facilitator: our.url})},
    {server: "ours", facilitator: "theirs", start: ours.interopServer([...sell, "--facilitator", theirFacilitator])},
    {server: "ours", facilitator: "ours", start: ours.interopServer([...sell, "--facilitator", our.url])},
    {server: "ours", facilitator: "own key", start: ours.interopServer(sell, {INTEROP_GAS_KEY: keyOf("gas own")})},
  ].map(async ({server, facilitator, start}) => ({server, facilitator, ...await start})));
  const second = (version, accepts) => accepts.find((option) => option.asset.toLowerCase() === other.address.toLowerCase());
  for (const {server, facilitator, url: origin} of shops) {
    const common = {server, facilitator, payer};
    const url = `${origin}/premium`;
    await suite.run({...common, what: "two tokens: the first", client: "theirs",
      act: () => theirs.payWithFetch(url, "GET", payer.account)});
    await suite.run({...common, what: "two tokens: the second", token: other, client: "theirs",
      act: () => theirs.payWithFetch(url, "GET", payer.account, {token: other, chain, select: second})});
    await suite.run({...common, what: "two tokens: the first", client: "ours",
      act: () => ours.pay(url, "GET", {chain, token, key: payer.key})});
    await suite.run({...common, what: "two tokens: the second", token: other, client: "ours",
      act: () => ours.pay(url, "GET", {chain, token: other, key: payer.key})});
  }
  await contractWallet(suite, shops);
}
