// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import {serve} from "@hono/node-server";
import {HTTPFacilitatorClient, x402ResourceServer} from "@x402/core/server";
import {ExactEvmScheme} from "@x402/evm/exact/server";
import {paymentMiddleware} from "@x402/hono";
import {Hono} from "hono";
import * as ours from "../ours.mjs";
import {relayed} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "The seller for Hono";
export const packages = ["@x402/hono", "hono"];

/** A Hono application that sells /premium. */
async function shop({chain, payTo}, facilitator) {
  const accepts = {scheme: "exact", price: "$0.01", network: chain.network, payTo};
  const resourceServer = new x402ResourceServer(new HTTPFacilitatorClient({url: facilitator}))
    .register(chain.network, new ExactEvmScheme());
  const app = new Hono();
  app.use(paymentMiddleware({"GET /premium": {accepts, description: "Premium"}, "POST /premium": {accepts, description: "Premium"}},
    resourceServer));
  app.all("/premium", (context) => context.text("premium content"));
  const address = await new Promise((done) => serve({fetch: app.fetch, hostname: "127.0.0.1", port: 0}, done));
  return relayed(`http://127.0.0.1:${address.port}`, "server");
}

export default async function cases(suite) {
  const payer = await suite.payer();
  for (const [facilitator, url] of Object.entries(suite.facilitators)) {
    const seller = await shop(suite, url);
    for (const method of ["GET", "POST"]) {
      const common = {what: `${method} paid`, server: "@x402/hono", facilitator, payer};
      await suite.run({...common, client: "ours", act: () => ours.pay(`${seller.url}/premium`, method, {...suite, key: payer.key})});
      await suite.run({...common, client: "theirs", act: () => theirs.payWithFetch(`${seller.url}/premium`, method, payer.account)});
    }
  }
}
