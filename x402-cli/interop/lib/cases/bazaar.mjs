// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import {extractDiscoveryInfo, validateDiscoveryExtension, validateDiscoveryExtensionSpec} from "@x402/extensions/bazaar";
import * as ours from "../ours.mjs";
import * as theirs from "../theirs.mjs";

export const title = "What a seller says of its endpoint reaches the list of a facilitator";
export const packages = ["@x402/core", "@x402/extensions", "@x402/fetch"];

/** Their facilitator, which keeps what the package's reader finds in the payments that it settles. */
async function listing(suite) {
  const inner = theirs.facilitatorOn(suite.chain, (await suite.gas("gas bazaar")).account);
  const listed = [];
  const facilitator = {
    getSupported: () => ({...inner.getSupported(), extensions: ["bazaar"]}),
    verify: (...args) => inner.verify(...args),
    settle: async (payload, requirements) => {
      const entry = payload.extensions?.bazaar;
      if (entry && validateDiscoveryExtension(entry).valid && validateDiscoveryExtensionSpec(entry).valid) {
        listed.push(extractDiscoveryInfo(payload, requirements));
      }
      return inner.settle(payload, requirements);
    },
  };
  return {url: (await theirs.facilitate(facilitator)).url, listed};
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  const facilitator = await listing(suite);
  const shop = await suite.sell({sale: "InteropBazaar", facilitator: facilitator.url});
  const clients = {
    ours: (url) => ours.pay(url, "GET", {chain, token, key: payer.key}),
    theirs: (url) => theirs.payWithFetch(url, "GET", payer.account),
  };
  for (const [client, pay] of Object.entries(clients)) {
    await suite.run({what: "a discoverable route: listed by its template", client, server: "ours", facilitator: "theirs", payer,
      act: async () => {
        facilitator.listed.length = 0;
        const answer = await pay(`${shop.url}/weather/bern?days=3`);
        const [found] = facilitator.listed;
        return {...answer, listed: facilitator.listed, ok: facilitator.listed.length === 1 && found.method === "GET"
          && found.resourceUrl === `${shop.url}/weather/:city` && found.discoveryInfo.output.example.temperature === 21};
      }});
  }
}
