// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import express from "express";
import {wrap} from "@faremeter/fetch";
import {createRemoteX402Handlers} from "@faremeter/middleware/common";
import {createMiddleware} from "@faremeter/middleware/express";
import {createFacilitatorHandler, createPaymentHandler} from "@faremeter/payment-evm/exact";
import * as ours from "../ours.mjs";
import {tapped, tappingMiddleware} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Faremeter, both versions";
export const packages = ["@faremeter/fetch", "@faremeter/middleware", "@faremeter/payment-evm"];

const CLIENT = "@faremeter/fetch";
const SERVER = "@faremeter/middleware";
const FACILITATOR = "@faremeter/payment-evm";

/** Pays with their client, which takes version 2 where it is offered. */
async function pay(suite, url, method, payer) {
  const wallet = {chain: {id: suite.chain.chainId}, address: payer.address, account: payer.account};
  const paying = wrap(tapped(fetch, "client"), {handlers: [createPaymentHandler(wallet)], returnPaymentFailure: true, retryCount: 0});
  return theirs.outcome(await paying(url, theirs.init(method)));
}

/** Their server in both versions; it settles itself, or asks a facilitator. */
async function serve(suite, x402Handlers) {
  const pricing = [{amount: "10000", asset: suite.token.address, recipient: suite.payTo, network: suite.chain.network, description: "Premium"}];
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("server"));
  app.use("/premium", await createMiddleware({x402Handlers, pricing, supportedVersions: {x402v1: true, x402v2: true}}));
  app.all("/premium", (request, response) => response.type("text/plain").send("premium content"));
  return theirs.listening(app);
}

/** Their handler of a remote facilitator; what it would ask at /accepts, which is not of x402, is known here. */
function remote({chain, token, payTo}, url) {
  const accepts = [{scheme: "exact", network: chain.network, asset: token.address, payTo, maxAmountRequired: "10000"}];
  const [handler] = createRemoteX402Handlers({facilitatorURL: url, accepts});
  return {...handler, getRequirements: async (args) => args.accepts.map((each) =>
    ({...each, maxTimeoutSeconds: 60, extra: {name: token.name, version: token.version}}))};
}

/** Their facilitator behind the endpoints of x402. */
function facilitate(handler, network) {
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("facilitator"));
  app.get("/supported", (request, response) => response.json({kinds: [{x402Version: 2, scheme: "exact", network}]}));
  app.post("/verify", async ({body}, response) => response.json(await handler.handleVerify(body.paymentRequirements, body.paymentPayload)));
  app.post("/settle", async ({body}, response) => response.json(await handler.handleSettle(body.paymentRequirements, body.paymentPayload)));
  return theirs.listening(app);
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  const gas = await suite.gas("gas faremeter");
  for (const {server, facilitator, url} of suite.shops) {
    for (const method of ["GET", "POST"]) {
      await suite.run({what: `${method} paid`, client: CLIENT, server, facilitator, payer,
        act: () => pay(suite, `${url}/premium`, method, payer)});
    }
  }
  const handler = {
    ...await createFacilitatorHandler(chain.definition, gas.key, "USDC"),
    capabilities: {networks: [chain.network], assets: [token.address]},
    schemes: ["exact"],
  };
  const shops = [
    {facilitator: FACILITATOR, shop: await serve(suite, [handler])},
    {facilitator: "ours", shop: await serve(suite, [remote(suite, suite.facilitators.ours)])},
  ];
  for (const {facilitator, shop} of shops) {
    const url = `${shop.url}/premium`;
    const common = {server: SERVER, facilitator, payer};
    for (const method of ["GET", "POST"]) {
      await suite.run({...common, what: `${method} paid`, client: "ours", act: () => ours.pay(url, method, {chain, token, key: payer.key})});
      await suite.run({...common, what: `${method} paid`, client: CLIENT, act: () => pay(suite, url, method, payer)});
    }
    await suite.run({...common, what: "GET paid", client: "theirs", act: () => theirs.payWithFetch(url, "GET", payer.account)});
  }
  const ourShop = await suite.sell({facilitator: (await facilitate(handler, chain.network)).url});
  await suite.run({what: "GET paid", client: "ours", server: "ours", facilitator: FACILITATOR, payer,
    act: () => ours.pay(`${ourShop.url}/premium`, "GET", {chain, token, key: payer.key})});
  await suite.run({what: "GET paid", client: CLIENT, server: "ours", facilitator: FACILITATOR, payer,
    act: () => pay(suite, `${ourShop.url}/premium`, "GET", payer)});
}
