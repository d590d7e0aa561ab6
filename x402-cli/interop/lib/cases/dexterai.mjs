// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import express from "express";
import {wrapFetch} from "@dexterai/x402/client";
import {x402Middleware} from "@dexterai/x402/server";
import * as ours from "../ours.mjs";
import {tapped, tappingMiddleware} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Dexter";
export const packages = ["@dexterai/x402"];

const NAME = "@dexterai/x402";

async function pay({chain}, url, method, payer) {
  const paying = wrapFetch(tapped(fetch, "client"), {evmPrivateKey: payer.key, rpcUrls: {[chain.network]: chain.url}});
  return theirs.outcome(await paying(url, theirs.init(method)));
}

function serve({chain, token, payTo}, facilitatorUrl) {
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("server"));
  app.use("/premium", x402Middleware({payTo, amount: "0.01", network: chain.network, facilitatorUrl, description: "Premium",
    asset: {address: token.address, decimals: 6}}));
  app.all("/premium", (request, response) => response.type("text/plain").send("premium content"));
  return theirs.listening(app);
}

/** A facilitator that names its token at /supported, as Dexter's does: this server takes the EIP-712 domain from there. */
async function facilitate({chain, token}, gas) {
  const inner = theirs.facilitatorOn(chain, gas.account);
  const extra = {name: token.name, version: token.version, decimals: 6};
  return theirs.facilitate({
    getSupported: () => ({...inner.getSupported(), kinds: inner.getSupported().kinds.map((kind) => ({...kind, extra}))}),
    verify: (...args) => inner.verify(...args),
    settle: (...args) => inner.settle(...args),
  });
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  for (const {server, facilitator, url} of suite.shops) {
    for (const method of ["GET", "POST"]) {
      await suite.run({what: `${method} paid`, client: NAME, server, facilitator, payer, act: () => pay(suite, `${url}/premium`, method, payer)});
    }
  }
  const facilitators = {theirs: (await facilitate(suite, await suite.gas("gas dexterai"))).url, ours: suite.facilitators.ours};
  for (const [facilitator, url] of Object.entries(facilitators)) {
    const shop = await serve(suite, url);
    const common = {what: "GET paid", server: NAME, facilitator, payer};
    await suite.run({...common, client: "ours", act: () => ours.pay(`${shop.url}/premium`, "GET", {chain, token, key: payer.key})});
    await suite.run({...common, client: NAME, act: () => pay(suite, `${shop.url}/premium`, "GET", payer)});
  }
}
