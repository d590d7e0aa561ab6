// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// The `Payment` HTTP scheme (MPP) beside x402: one URL of our seller, bought by mppx and by an x402 client.
import {evm, Fetch} from "mppx/client";
import {tapped} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "The `Payment` HTTP scheme (MPP) beside x402, at the same URL";
export const packages = ["mppx", "@x402/fetch"];

const POST = {method: "POST", headers: {"Content-Type": "application/json"}, body: '{"a":1}'};

/** mppx with its default settings; the EIP-712 names of a token that it need not know are said. */
async function buy(url, init, {account, token}) {
  const methods = [evm.charge({account, authorization: {name: token.name ?? "USDC", version: token.version ?? "2"}})];
  let sent;
  const listening = async (input, options) => {
    const request = new Request(input, options);
    sent = request.headers.get("Authorization") ?? sent;
    return fetch(request);
  };
  const response = await Fetch.from({methods, fetch: tapped(listening, "client")})(url, init);
  return {status: response.status, body: await response.text(), receipt: response.headers.get("Payment-Receipt"),
    settlement: response.headers.get("PAYMENT-RESPONSE"), credential: sent};
}

const good = (answer) => ({...answer, ok: answer.receipt !== null && answer.settlement === null
  && JSON.parse(Buffer.from(answer.receipt, "base64url")).status === "success"});

export default async function cases(suite) {
  const payer = await suite.payer();
  const {token} = suite;
  const parts = {account: payer.account, token};
  for (const [name, facilitator] of [["own key", undefined], ["ours", suite.facilitators.ours], ["theirs", suite.facilitators.theirs]]) {
    const {url} = await suite.sell({sale: "InteropPaymentScheme", facilitator});
    const common = {server: "ours", facilitator: name, payer};
    for (const [what, init] of [["GET", {}], ["POST", POST]]) {
      await suite.run({...common, what: `${what} paid by the scheme`, client: "mppx",
        act: async () => good(await buy(`${url}/premium`, init, parts))});
    }
    await suite.run({...common, what: "GET paid by x402 where both are offered", client: "@x402/fetch",
      act: () => theirs.payWithFetch(`${url}/premium`, "GET", payer.account, {token, chain: suite.chain})});
    if (facilitator) continue;
    await suite.run({...common, what: "one credential, sent twice", client: "mppx", expected: 402, act: async () => {
      const {credential} = await buy(`${url}/premium`, {}, parts);
      const again = await fetch(`${url}/premium`, {headers: {Authorization: credential}});
      const problem = await again.json();
      return {status: again.status, ok: problem.type.endsWith("/invalid-challenge"), problem};
    }});
    await suite.run({...common, what: "a handler that fails", client: "mppx", expected: 500, moved: 0n,
      act: async () => {
        const {status, receipt} = await buy(`${url}/fails`, {}, parts);
        return {status, ok: receipt === null};
      }});
  }
}
