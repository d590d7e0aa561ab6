// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// A payer comes back by the signature of its wallet: the second request costs nothing.
import {createSIWxClientExtension, createSIWxResourceServerExtension, declareSIWxExtension, InMemorySIWxStorage} from "@x402/extensions/sign-in-with-x";
import {HTTPFacilitatorClient, x402ResourceServer} from "@x402/core/server";
import {ExactEvmScheme as PayingScheme} from "@x402/evm/exact/client";
import {ExactEvmScheme as SellingScheme} from "@x402/evm/exact/server";
import {paymentMiddleware} from "@x402/express";
import {wrapFetchWithPayment, x402Client} from "@x402/fetch";
import express from "express";
import * as ours from "../ours.mjs";
import {tapped, tappingMiddleware} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Sign-in by a wallet (sign-in-with-x)";
export const packages = ["@x402/core", "@x402/evm", "@x402/extensions", "@x402/fetch", "@x402/express"];

const HEADER = "SIGN-IN-WITH-X";

/** The published client with its extension; `kept` gets the sign-ins that it sends. */
function clientOf(signer, kept = []) {
  const client = new x402Client().register("eip155:*", new PayingScheme(signer));
  client.registerExtension(createSIWxClientExtension({signers: [signer]}));
  const watched = async (input, init) => {
    const request = new Request(input, init);
    if (request.headers.has(HEADER)) kept.push(request.headers.get(HEADER));
    return fetch(request);
  };
  const paying = wrapFetchWithPayment(tapped(watched, "client"), client);
  return async (url) => {
    const response = await paying(url);
    return {status: response.status, body: await response.text()};
  };
}

/** The published server with its extension. */
async function theirServer({chain, payTo, facilitator}) {
  const app = express();
  const server = await new Promise((done) => {
    const listening = app.listen(0, "127.0.0.1", () => done(listening));
  });
  server.unref();
  const url = `http://127.0.0.1:${server.address().port}`;
  const accepts = [{scheme: "exact", network: chain.network, payTo, price: "$0.01"}];
  const resourceServer = new x402ResourceServer(new HTTPFacilitatorClient({url: facilitator}))
    .register(chain.network, new SellingScheme())
    .registerExtension(createSIWxResourceServerExtension({origin: url, storage: new InMemorySIWxStorage()}));
  app.use(tappingMiddleware("server"));
  app.use(paymentMiddleware({"GET /member": {accepts, extensions: declareSIWxExtension()}}, resourceServer));
  app.get("/member", (request, response) => response.type("text/plain").send("content of /member"));
  return {url};
}

const sold = (answer, path = "/member") => ({...answer, ok: answer.body === `content of ${path}`});

export default async function cases(suite) {
  const own = await suite.sell({sale: "InteropSignInSale"});
  const remote = await suite.sell({sale: "InteropSignInSale", facilitator: suite.facilitators.theirs});
  for (const [facilitator, shop] of [["own key", own], ["theirs", remote]]) {
    const {account: signer} = await suite.payer(`signs in ${facilitator}`);
    const kept = [];
    const get = clientOf(signer, kept);
    const common = {client: "@x402/extensions", server: "ours", facilitator, payer: signer};
    await suite.run({...common, what: "first request: paid", act: async () => sold(await get(`${shop.url}/member`))});
    await suite.run({...common, what: "second request: signed in", moved: 0n, act: async () => sold(await get(`${shop.url}/member`))});
    await suite.run({...common, what: "the same sign-in again: refused", moved: 0n, expected: 402, act: async () => {
      const again = await fetch(`${shop.url}/member`, {headers: {[HEADER]: kept.at(-1)}});
      return {status: again.status, body: await again.text(), ok: kept.length === 2};
    }});
    await suite.run({...common, what: "another resource: paid", act: async () => sold(await get(`${shop.url}/other`), "/other")});
  }
  await lie(suite, own);
  await contract(suite, own);
  await client(suite);
}

/** Pays for one resource, and says that it was another. */
async function lie(suite, {url}) {
  const {account: signer} = await suite.payer("lies about its resource");
  await suite.run({
    what: "a payment that names another resource: opens its own only", client: "@x402/extensions, tampered with", server: "ours",
    facilitator: "own key", payer: signer, expected: 402,
    act: async () => {
      const payment = JSON.parse(Buffer.from(await theirs.header(`${url}/member`, signer), "base64"));
      payment.resource = {...payment.resource, url: `${url}/other`};
      delete payment.extensions;
      const header = Buffer.from(JSON.stringify(payment)).toString("base64");
      const paid = await fetch(`${url}/member`, {headers: {"PAYMENT-SIGNATURE": header}});
      const kept = [];
      const asking = new x402Client().registerExtension(createSIWxClientExtension({signers: [signer]}));
      const signIn = wrapFetchWithPayment(async (input, init) => {
        const response = await fetch(input, init);
        kept.push(response.status);
        return response;
      }, asking);
      await signIn(`${url}/other`).catch(() => {}); // has no scheme to pay with
      return {status: kept.at(-1), ok: paid.status === 200 && kept.length === 2, kept};
    },
  });
}

/** A contract wallet (EIP-1271); its owner signs, and 32 bytes follow, as wallets append what they need. */
async function contract(suite, {url}) {
  const {account: owner} = await suite.payer("owner of a wallet that signs in");
  const address = await suite.chain.contractWallet(owner.address);
  await suite.chain.mint(suite.token, address, 100_000_000n);
  const more = (signature) => `${signature}${"00".repeat(32)}`;
  const get = clientOf({
    address,
    signTypedData: async (message) => more(await owner.signTypedData(message)),
    signMessage: async (message) => more(await owner.signMessage(message)),
  });
  const common = {client: "@x402/extensions", server: "ours", facilitator: "own key", payer: address};
  await suite.run({...common, what: "EIP-1271, first request: paid", act: async () => sold(await get(`${url}/member`))});
  await suite.run({...common, what: "EIP-1271, second request: signed in", moved: 0n, act: async () => sold(await get(`${url}/member`))});
}

/** Our client, which pays once for two requests. */
async function client(suite) {
  const {chain, payTo} = suite;
  const shops = [
    {server: "ours", facilitator: "theirs", ...await suite.sell({sale: "InteropSignInSale", facilitator: suite.facilitators.theirs})},
    {server: "@x402/extensions", facilitator: "theirs", ...await theirServer({chain, payTo, facilitator: suite.facilitators.theirs})},
    {server: "@x402/extensions", facilitator: "ours", ...await theirServer({chain, payTo, facilitator: suite.facilitators.ours})},
  ];
  for (const {server, facilitator, url} of shops) {
    const payer = await suite.payer(`comes back to ${server} ${facilitator}`);
    await suite.run({
      what: "two requests: paid, then signed in", client: "ours", server, facilitator, payer,
      act: async () => {
        const {out, err} = await ours.run("InteropSignInClient", [`${url}/member`], {INTEROP_KEY: payer.key});
        const said = JSON.parse(out.trim().split("\n").pop() || JSON.stringify({err}));
        return {...sold(said), ok: said.first === 200 && said.firstPaid && !said.secondPaid && sold(said).ok};
      },
    });
  }
}
