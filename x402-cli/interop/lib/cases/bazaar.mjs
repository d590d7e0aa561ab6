// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Discovery: what a seller declares is in the list of the facilitator that settles for it.
import {isDeepStrictEqual} from "node:util";
import {HTTPFacilitatorClient} from "@x402/core/server";
import {
  BAZAAR, bazaarResourceServerExtension, declareDiscoveryExtension, extractDiscoveryInfo, withBazaar,
} from "@x402/extensions/bazaar";
import {checked, isValid} from "../bazaar-entries.mjs";
import * as ours from "../ours.mjs";
import * as theirs from "../theirs.mjs";

export const title = "What a seller says of its endpoint reaches the list of a facilitator";
export const packages = ["@x402/core", "@x402/extensions", "@x402/fetch", "@x402/express"];

/** Their facilitator with the extension; `listed` gets what the package's reader finds in each payment that it settled. */
async function listing(suite) {
  const listed = [];
  const facilitator = theirs.facilitatorOn(suite.chain, (await suite.gas("gas bazaar")).account)
    .registerExtension(BAZAAR)
    .onAfterSettle(async ({paymentPayload, requirements, result}) => {
      const entry = paymentPayload.extensions?.bazaar;
      if (result.success && entry && isValid(entry)) listed.push(extractDiscoveryInfo(paymentPayload, requirements));
    });
  return {url: (await theirs.facilitate(facilitator)).url, listed};
}

/** Their seller of /premium, which declares how it is called. */
const theirShop = ({chain, token, payTo}, facilitator) => theirs.serve({
  accepted: [{chain, token}], payTo, facilitator, routes: ["GET /premium"],
  setUp: (server) => server.registerExtension(bazaarResourceServerExtension),
  route: {extensions: declareDiscoveryExtension({
    input: {city: "Bern"},
    inputSchema: {type: "object", properties: {city: {type: "string"}}, required: ["city"]},
    output: {example: {temperature: 21}},
  })},
});

/** What their functions read of a URL in the lists of our facilitator: once, the same in both, valid, at the price. */
async function read({chain, payTo}, url, resource, query) {
  const {bazaar} = withBazaar(new HTTPFacilitatorClient({url})).extensions;
  const {items, pagination} = await bazaar.listResources({type: "http", payTo, network: chain.network, extensions: "bazaar", limit: 100});
  const {resources} = await bazaar.search({query, limit: 100});
  const [item, ...more] = items.filter((each) => each.resource === resource);
  const {amount, network} = item?.accepts[0] ?? {};
  return item && more.length === 0 && pagination.total === items.length && isValid(item.extensions.bazaar)
    && amount === "10000" && network === chain.network && resources.some((each) => isDeepStrictEqual(each, item)) ? item : undefined;
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  const their = await listing(suite);
  const clients = {
    ours: (url) => ours.pay(url, "GET", {chain, token, key: payer.key}),
    theirs: (url) => theirs.payWithFetch(url, "GET", payer.account),
  };
  await suite.run({what: "the recorded entries: accepted", client: "theirs", server: "ours", facilitator: "theirs", payer,
    expected: "accepted", moved: 0n,
    act: async () => {
      const refused = checked().filter(({isSame}) => !isSame);
      return {status: refused.length === 0 ? "accepted" : "refused", refused};
    }});
  const shops = [
    {server: "ours", start: (facilitator) => suite.sell({sale: "InteropBazaar", facilitator}),
      path: "/weather/bern?days=3", template: "/weather/:city", query: "weather forecast"},
    {server: "theirs", start: (facilitator) => theirShop(suite, facilitator),
      path: "/premium?city=Bern", template: "/premium", query: "premium"},
  ];
  for (const {server, start, path, template, query} of shops) {
    for (const facilitator of ["theirs", "ours"]) {
      const url = facilitator === "theirs" ? their.url : suite.facilitators.ours;
      for (const [client, pay] of Object.entries(clients)) {
        const shop = await start(url);
        const resource = shop.url + template;
        await suite.run({what: "a route that is declared: bought and listed", client, server, facilitator, payer, act: async () => {
          their.listed.length = 0;
          const before = facilitator === "ours" && await read(suite, url, resource, query);
          const answer = await pay(shop.url + path);
          if (facilitator === "theirs") {
            const [found] = their.listed;
            return {...answer, listed: their.listed, ok: their.listed.length === 1 && found.method === "GET"
              && found.resourceUrl === resource && found.discoveryInfo.output.example.temperature === 21};
          }
          const item = await read(suite, url, resource, query);
          return {...answer, before, item, ok: !before && item !== undefined
            && item.extensions.bazaar.info.output.example.temperature === 21};
        }});
      }
    }
  }
  await found(suite, payer);
}

/** `x402 find` reads the list of our facilitator. */
async function found(suite, payer) {
  await suite.run({what: "x402 find: what was bought", client: "ours", server: "ours", facilitator: "ours", payer, expected: "found", moved: 0n,
    act: async () => {
      const {code, out, err} = await ours.run("x402", ["find", "weather", "--bazaar", suite.facilitators.ours, "--max", "$0.01", "--json"]);
      const offers = JSON.parse(out || "{}").offers ?? [];
      return {status: offers.length > 0 ? "found" : "nothing", code, err, ok: code === 0
        && offers.every(({resource, dollars}) => resource.endsWith("/weather/:city") && dollars === "0.01")};
    }});
}
