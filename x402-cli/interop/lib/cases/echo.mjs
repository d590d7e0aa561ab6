// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import {isDeepStrictEqual} from "node:util";
import {bazaarResourceServerExtension, declareDiscoveryExtension} from "@x402/extensions/bazaar";
import {builderCodeResourceServerExtension, declareBuilderCodeExtension} from "@x402/extensions/builder-code";
import {
  appendPaymentIdentifierToExtensions, declarePaymentIdentifierExtension, paymentIdentifierResourceServerExtension,
} from "@x402/extensions/payment-identifier";
import * as ours from "../ours.mjs";
import {exchanges, tapped} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "What a descriptor announces comes back with the payment";
export const packages = ["@x402/core", "@x402/extensions", "@x402/fetch", "@x402/express"];

const decoded = (header) => JSON.parse(Buffer.from(header, "base64"));

/** Whether the one has all of the other: objects member by member, the rest equal. */
const holds = (all, part) => (part?.constructor === Object
  ? Object.entries(part).every(([name, value]) => holds(all?.[name], value)) : isDeepStrictEqual(all, part));

/** Whether the last payment returned all that the last descriptor announced. */
function returnedWhole() {
  const payment = decoded(exchanges.findLast(({requestHeaders}) => requestHeaders["payment-signature"]).requestHeaders["payment-signature"]);
  const required = decoded(exchanges.findLast(({responseHeaders}) => responseHeaders["payment-required"]).responseHeaders["payment-required"]);
  return isDeepStrictEqual(payment.resource, required.resource) && Object.keys(required.extensions).length > 0
    && Object.entries(required.extensions).every(([name, {info}]) => holds(payment.extensions?.[name]?.info, info));
}

function seller({chain, token, payTo}, facilitator) {
  const extensions = {
    ...declareDiscoveryExtension({
      input: {city: "Bern"},
      inputSchema: {type: "object", properties: {city: {type: "string"}}, required: ["city"]},
      output: {example: {degrees: 21.5}},
    }),
    "payment-identifier": declarePaymentIdentifierExtension(),
    "builder-code": declareBuilderCodeExtension("x402j_shop"),
  };
  const setUp = (server) => [bazaarResourceServerExtension, paymentIdentifierResourceServerExtension, builderCodeResourceServerExtension]
    .forEach((extension) => server.registerExtension(extension));
  return theirs.serve({accepted: [{chain, token}], payTo, facilitator, routes: ["GET /premium"], route: {extensions}, setUp});
}

/** Pays once with what `change` makes of the descriptor's extensions. */
async function payChanged(url, payer, change) {
  const {client, required} = await theirs.asked(url, payer.account, tapped(fetch, "client"));
  const payload = await client.createPaymentPayload(required);
  const headers = client.encodePaymentSignatureHeader({...payload, extensions: change(structuredClone(payload.extensions))});
  const response = await fetch(url, {headers});
  const refusal = response.headers.get("payment-required");
  return {status: response.status, body: await response.text(), error: refusal && decoded(refusal).error};
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  for (const [facilitator, url] of Object.entries(suite.facilitators)) {
    const shop = await seller(suite, url);
    const common = {what: "bazaar, payment-identifier and builder-code: returned whole", server: "theirs", facilitator, payer};
    const whole = async (pay) => ({...await pay(`${shop.url}/premium`), ok: returnedWhole()});
    await suite.run({...common, client: "ours", act: () => whole((to) => ours.pay(to, "GET", {chain, token, key: payer.key}))});
    await suite.run({...common, client: "theirs", act: () => whole((to) => theirs.payWithFetch(to, "GET", payer.account))});
  }
  for (const facilitator of ["own key", "theirs"]) {
    const shop = await suite.sell({sale: "InteropEcho", facilitator: suite.facilitators[facilitator]});
    const url = `${shop.url}/premium`;
    const common = {client: "theirs", server: "ours", facilitator, payer};
    await suite.run({...common, what: "payment-identifier: returned with a name",
      act: () => payChanged(url, payer, (extensions) => appendPaymentIdentifierToExtensions(extensions))});
    await suite.run({...common, what: "payment-identifier: returned changed", expected: 402, moved: 0n,
      act: async () => {
        const answer = await payChanged(url, payer, (extensions) => {
          extensions["payment-identifier"].info.required = "no";
          return extensions;
        });
        return {...answer, ok: answer.error === "extension_echo_mismatch"};
      }});
  }
}
