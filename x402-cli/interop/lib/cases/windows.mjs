// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import * as ours from "../ours.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Payments that are valid for a day";
export const packages = ["@x402/core", "@x402/evm", "@x402/fetch", "@x402/express"];

const DAY = 86_400;

export default async function cases(suite) {
  const {chain, token, payTo, facilitators} = suite;
  const payer = await suite.payer();
  for (const [facilitator, url] of Object.entries(facilitators)) {
    const shop = await theirs.serve({accepted: [{chain, token}], payTo, facilitator: url, terms: {maxTimeoutSeconds: DAY}});
    const common = {what: "an offer of 86,400 s", server: "theirs", facilitator, payer};
    await suite.run({...common, client: "ours", act: () => ours.pay(`${shop.url}/premium`, "GET", {chain, token, key: payer.key})});
    await suite.run({...common, client: "theirs", act: () => theirs.payWithFetch(`${shop.url}/premium`, "GET", payer.account)});
  }
}
