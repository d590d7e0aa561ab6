// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import express from "express";
import * as ours from "../ours.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Payment flows: `authorization`, `upfront`, and one that no client knows";
export const packages = ["@x402/core", "@x402/evm", "@x402/fetch", "@x402/express"];

const flow = (paymentFlow) => ({extra: {paymentFlow}});

/** A facilitator that notes at which endpoints it was asked. */
async function noting(suite) {
  const calls = [];
  const inner = theirs.facilitatorOn(suite.chain, (await suite.gas("gas flows")).account);
  const facilitator = {
    getSupported: () => inner.getSupported(),
    verify: (...args) => calls.push("verify") && inner.verify(...args),
    settle: (...args) => calls.push("settle") && inner.settle(...args),
  };
  return {url: (await theirs.facilitate(facilitator)).url, calls};
}

/** Pays, and holds against the calls that the facilitator is to get. */
const calling = (facilitator, expected, pay) => async () => {
  facilitator.calls.length = 0;
  const answer = await pay();
  return {...answer, ok: /premium/.test(answer.body) && `${facilitator.calls}` === expected, calls: facilitator.calls};
};

/** A seller whose 402 is another's with other offers; it sells to whoever sends a payment, and counts them. */
async function offering(url, change) {
  const app = express();
  const seller = {payments: 0};
  app.get("/premium", async (request, response) => {
    if (request.get("payment-signature")) {
      seller.payments++;
      return response.send("premium content");
    }
    const asked = await fetch(`${url}/premium`);
    const {resource, accepts, ...required} = JSON.parse(Buffer.from(asked.headers.get("payment-required"), "base64"));
    const changed = {...required, resource: {...resource, url: `http://${request.headers.host}/premium`}, accepts: change(accepts)};
    return response.status(402).set("PAYMENT-REQUIRED", Buffer.from(JSON.stringify(changed)).toString("base64")).end();
  });
  return Object.assign(seller, await theirs.listening(app));
}

const withFlow = (offer, paymentFlow) => ({...offer, extra: {...offer.extra, paymentFlow}});

/** What a client that refuses to pay ends with. */
const declined = async (pay) => {
  try {
    const answer = await pay();
    return answer.code === 3 ? {status: "declined"} : answer;
  } catch (error) {
    return {status: "declined", body: error.message};
  }
};

export default async function cases(suite) {
  const {chain, token, payTo, facilitators} = suite;
  const payer = await suite.payer();
  const clients = {
    ours: (url) => ours.pay(url, "GET", {chain, token, key: payer.key}),
    theirs: (url) => theirs.payWithFetch(url, "GET", payer.account),
  };
  const noted = await noting(suite);
  const upfront = await theirs.serve({accepted: [{chain, token}], payTo, facilitator: noted.url, terms: flow("upfront")});
  const upfrontOfOurs = await suite.sell({sale: "InteropFlows", facilitator: noted.url});
  const ownKey = await suite.sell({sale: "InteropFlows"});
  const onOurs = await theirs.serve({accepted: [{chain, token}], payTo, facilitator: facilitators.ours, terms: flow("upfront")});
  const both = await theirs.serve({accepted: [{chain, token, ...flow("upfront")}, {chain, token}], payTo, facilitator: noted.url});
  for (const [client, pay] of Object.entries(clients)) {
    await suite.run({what: "upfront: settled, never verified", client, server: "theirs", facilitator: "theirs", payer,
      act: calling(noted, "settle", () => pay(`${upfront.url}/premium`))});
    await suite.run({what: "upfront: settled, never verified", client, server: "ours", facilitator: "theirs", payer,
      act: calling(noted, "settle", () => pay(`${upfrontOfOurs.url}/first`))});
    await suite.run({what: "upfront", client, server: "ours", facilitator: "own key", payer, act: () => pay(`${ownKey.url}/first`)});
    await suite.run({what: "upfront", client, server: "theirs", facilitator: "ours", payer, act: () => pay(`${onOurs.url}/premium`)});
    await suite.run({what: "upfront and authorization: the second is taken", client, server: "theirs", facilitator: "theirs", payer,
      act: calling(noted, "verify,settle", () => pay(`${both.url}/premium`))});
  }

  const unknown = await offering(upfront.url, (accepts) => accepts.map((offer) => withFlow(offer, "later")));
  for (const [client, pay] of Object.entries(clients)) {
    await suite.run({what: "a flow that is not known: nothing signed", client, server: "theirs", payer, expected: "declined", moved: 0n,
      act: async () => {
        unknown.payments = 0;
        return {...await declined(() => pay(`${unknown.url}/premium`)), ok: unknown.payments === 0};
      }});
  }
}
