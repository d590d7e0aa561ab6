// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// The published packages as client, server and facilitator, set up as their documentation does.
import axios from "axios";
import express from "express";
import {wrapAxiosWithPayment, x402Client as AxiosX402Client} from "@x402/axios";
import {x402Facilitator} from "@x402/core/facilitator";
import {HTTPFacilitatorClient, x402ResourceServer} from "@x402/core/server";
import {toFacilitatorEvmSigner} from "@x402/evm";
import {ExactEvmScheme as PayingScheme} from "@x402/evm/exact/client";
import {registerExactEvmScheme as registerFacilitator} from "@x402/evm/exact/facilitator";
import {ExactEvmScheme as SellingScheme} from "@x402/evm/exact/server";
import {paymentMiddleware} from "@x402/express";
import {wrapFetchWithPayment, x402Client, x402HTTPClient} from "@x402/fetch";
import {wrapFetchWithPayment as wrapFetchV1} from "x402-fetch";
import {keep, tapped, tappingMiddleware} from "./tap.mjs";

export const listening = (app) =>
  new Promise((done, fail) => {
    const server = app.listen(0, "127.0.0.1", () =>
      done({url: `http://127.0.0.1:${server.address().port}`, close: () => server.close()}));
    server.on("error", fail);
  });

export const outcome = async (response) => ({
  status: response.status,
  body: await response.text(),
  headers: Object.fromEntries(response.headers),
});

export const init = (method) =>
  method === "POST" ? {method, headers: {"Content-Type": "application/json"}, body: '{"a":1}'} : {method};

/** @x402/fetch with its default settings; a token that it does not know is to be allowed by name. */
export async function payWithFetch(url, method, signer, {token, chain, select} = {}) {
  const known = !token || token.default;
  const client = x402Client.fromConfig({
    schemes: [{network: "eip155:*", client: new PayingScheme(signer)}],
    ...(select && {paymentRequirementsSelector: select}),
    ...(!known && {spendControls: {allowedAssets: [{network: chain.network, asset: token.address, maxAmountPerPayment: "50000"}]}}),
  });
  return outcome(await wrapFetchWithPayment(tapped(fetch, "client"), client)(url, init(method)));
}

/** @x402/axios with its default settings. */
export async function payWithAxios(url, method, signer) {
  const client = new AxiosX402Client().register("eip155:*", new PayingScheme(signer));
  const api = wrapAxiosWithPayment(axios.create(), client);
  const answer = await api
    .request({url, method, data: method === "POST" ? {a: 1} : undefined})
    .catch((error) => error.response ?? Promise.reject(error));
  const sent = Object.fromEntries(Object.entries(answer.config.headers));
  keep("client", method, url, sent, "", answer.status, answer.headers, JSON.stringify(answer.data));
  return {status: answer.status, body: `${answer.data}`, headers: {...answer.headers}};
}

/** x402-fetch, the client of version 1, with its default settings. */
export async function payWithFetchV1(url, method, wallet) {
  return outcome(await wrapFetchV1(tapped(fetch, "client"), wallet)(url, init(method)));
}

/**
 * @x402/express that sells for each of the accepted {chain, token}. `terms` are more members of the offers; `route` more of
 * the route, as `extensions`; `setUp` gets the resource server.
 */
export function serve({accepted, payTo, facilitator, terms = {}, route = {}, routes = ["GET /premium", "POST /premium", "GET /fails"],
  setUp = () => {}, beforeAnswer = async () => {}}) {
  const accepts = accepted.map(({chain, token, ...own}) => ({
    scheme: "exact",
    network: chain.network,
    payTo,
    price: token.default ? "$0.01" : {
      asset: token.address,
      amount: "10000",
      extra: {name: token.name, version: token.version},
    },
    ...terms,
    ...own,
  }));
  const sold = {accepts, description: "Premium", mimeType: "text/plain", ...route};
  const resourceServer = new x402ResourceServer(
    typeof facilitator === "string" ? new HTTPFacilitatorClient({url: facilitator}) : facilitator);
  for (const {chain} of accepted) resourceServer.register(chain.network, new SellingScheme());
  setUp(resourceServer);
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("server"));
  app.use(paymentMiddleware(Object.fromEntries(routes.map((each) => [each, sold])), resourceServer));
  const premium = async (request, response) => {
    await beforeAnswer();
    response.type("text/plain").send("premium content");
  };
  app.get("/premium", premium);
  app.post("/premium", premium);
  app.get("/fails", (request, response) => response.status(500).send("half an answer"));
  return listening(app);
}

/** The facilitator of @x402/core with @x402/evm, in this process. */
export function facilitatorOn(chain, gasAccount, rpcUrl = chain.url) {
  const wallet = chain.wallet(gasAccount, rpcUrl);
  const signer = toFacilitatorEvmSigner({
    address: gasAccount.address,
    readContract: (args) => chain.client.readContract(args),
    verifyTypedData: (args) => chain.client.verifyTypedData(args),
    writeContract: (args) => wallet.writeContract(args),
    sendTransaction: (args) => wallet.sendTransaction(args),
    waitForTransactionReceipt: (args) => chain.client.waitForTransactionReceipt(args),
    getCode: (args) => chain.client.getCode(args),
  });
  return registerFacilitator(new x402Facilitator(), {signer, networks: chain.network});
}

/** The same behind the three endpoints. */
export function facilitate(facilitator) {
  const app = express();
  app.use(express.json());
  app.use(tappingMiddleware("facilitator"));
  const answering = (act) => async (request, response) => {
    try {
      response.json(await act(request.body));
    } catch (error) {
      response.status(500).json({error: `${error.message}`});
    }
  };
  app.get("/supported", answering(() => facilitator.getSupported()));
  app.post("/verify", answering((body) => facilitator.verify(body.paymentPayload, body.paymentRequirements)));
  app.post("/settle", answering((body) => facilitator.settle(body.paymentPayload, body.paymentRequirements)));
  return listening(app);
}

/** Their client, and the descriptor that it was answered with. */
export async function asked(url, signer, get = fetch) {
  const client = new x402HTTPClient(new x402Client().register("eip155:*", new PayingScheme(signer)));
  const response = await get(url);
  return {client, required: client.getPaymentRequiredResponse((name) => response.headers.get(name), undefined)};
}

/** The header that pays, not sent. */
export async function header(url, signer) {
  const {client, required} = await asked(url, signer);
  const headers = client.encodePaymentSignatureHeader(await client.createPaymentPayload(required));
  return headers["PAYMENT-SIGNATURE"];
}
