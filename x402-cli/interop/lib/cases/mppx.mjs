// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import express from "express";
import {Fetch, evm as paying} from "mppx/client";
import {evm, Mppx} from "mppx/express";
import * as ours from "../ours.mjs";
import {tapped, tappingMiddleware} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "A seller of `mppx`, which offers x402 beside the `Payment` scheme";
export const packages = ["mppx", "@x402/fetch"];

/** Their seller; a facilitator of x402 settles for it. */
function serve({chain, token, payTo}, facilitator) {
  const charge = evm.charge({recipient: payTo, currency: token.address, chainId: chain.chainId, decimals: 6,
    authorization: {name: token.name, version: token.version}, x402: {facilitator}});
  const mppx = Mppx.create({methods: [charge], secretKey: "a secret of this suite, for nothing else", realm: "127.0.0.1"});
  const app = express();
  app.use(tappingMiddleware("server"));
  app.all("/premium", mppx.charge({amount: "0.01"}), (request, response) => response.type("text/plain").send("premium content"));
  return theirs.listening(app);
}

async function pay(url, method, {account}, {name, version}) {
  const methods = [paying.charge({account, authorization: {name, version}})];
  return theirs.outcome(await Fetch.from({methods, fetch: tapped(fetch, "client")})(url, theirs.init(method)));
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  for (const [facilitator, origin] of Object.entries(suite.facilitators)) {
    const shop = await serve(suite, origin);
    const url = `${shop.url}/premium`;
    for (const method of ["GET", "POST"]) {
      const common = {what: `${method} paid`, server: "mppx", facilitator, payer};
      await suite.run({...common, client: "ours", act: () => ours.pay(url, method, {chain, token, key: payer.key})});
      await suite.run({...common, client: "theirs", act: () => theirs.payWithFetch(url, method, payer.account)});
      await suite.run({...common, client: "mppx", act: () => pay(url, method, payer, token)});
    }
  }
}
