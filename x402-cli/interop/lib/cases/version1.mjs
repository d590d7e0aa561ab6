// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import axios from "axios";
import express from "express";
import {createWalletClient, http, publicActions} from "viem";
import {settle, verify} from "x402/facilitator";
import {withPaymentInterceptor} from "x402-axios";
import {paymentMiddleware} from "x402-express";
import {createSigner} from "x402-fetch";
import * as ours from "../ours.mjs";
import {tappingMiddleware} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "The packages of version 1";
export const packages = ["x402", "x402-express", "x402-fetch", "x402-axios"];

const NETWORK = "base-sepolia";

async function payWithAxios(url, method, wallet) {
  const api = withPaymentInterceptor(axios.create(), wallet);
  const answer = await api.request({url, method, data: method === "POST" ? {a: 1} : undefined})
    .catch((error) => error.response ?? Promise.reject(error));
  return {status: answer.status, body: `${answer.data}`};
}

function serve({payTo}, facilitator) {
  const route = {price: "$0.01", network: NETWORK, config: {description: "Premium"}};
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("server"));
  app.use(paymentMiddleware(payTo, {"GET /premium": route, "POST /premium": route}, {url: facilitator}));
  app.all("/premium", (request, response) => response.type("text/plain").send("premium content"));
  return theirs.listening(app);
}

/** A facilitator that speaks version 1 alone. */
function facilitate({chain}, gas) {
  const wallet = createWalletClient({account: gas.account, chain: chain.definition, transport: http(chain.url), pollingInterval: 20})
    .extend(publicActions);
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("facilitator"));
  app.get("/supported", (request, response) => response.json({kinds: [{x402Version: 1, scheme: "exact", network: NETWORK}]}));
  app.post("/verify", async ({body}, response) => response.json(await verify(wallet, body.paymentPayload, body.paymentRequirements)));
  app.post("/settle", async ({body}, response) => response.json(await settle(wallet, body.paymentPayload, body.paymentRequirements)));
  return theirs.listening(app);
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  const wallet = await createSigner(NETWORK, payer.key);
  const clients = {
    "x402-fetch": (url, method) => theirs.payWithFetchV1(url, method, wallet),
    "x402-axios": (url, method) => payWithAxios(url, method, wallet),
    ours: (url, method) => ours.pay(url, method, {chain, token, key: payer.key}),
  };
  const old = await facilitate(suite, await suite.gas("gas version 1"));
  const facilitators = {...suite.facilitators, x402: old.url};
  for (const [facilitator, url] of Object.entries(facilitators)) {
    const shop = await serve(suite, url);
    for (const [client, pay] of Object.entries(clients)) {
      for (const method of ["GET", "POST"]) {
        await suite.run({what: `${method} paid, version 1`, client, server: "x402-express", facilitator, payer,
          act: () => pay(`${shop.url}/premium`, method)});
      }
    }
  }
  const onOld = {server: "ours", facilitator: "x402", ...await suite.sell({facilitator: old.url})};
  for (const {server, facilitator, url} of [...suite.shops.filter((shop) => shop.server === "ours"), onOld]) {
    for (const [client, pay] of Object.entries(clients)) {
      if (client === "ours" && facilitator !== "x402") continue; // pays in version 2, as exact.mjs has it
      await suite.run({what: "GET paid, version 1", client, server, facilitator, payer, act: () => pay(`${url}/premium`, "GET")});
    }
  }
}
