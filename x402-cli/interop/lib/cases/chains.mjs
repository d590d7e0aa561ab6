// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// A private chain with a token of its own, and the chain in the JVM.
import {privateKeyToAccount} from "viem/accounts";
import {Chain} from "../chain.mjs";
import * as ours from "../ours.mjs";
import {sellers, Suite} from "../suite.mjs";
import * as theirs from "../theirs.mjs";
import {matrix} from "./exact.mjs";

export const title = "A private chain with a token of its own, and the chain in the JVM";
export const packages = ["@x402/core", "@x402/evm", "@x402/fetch", "@x402/express"];

export default async function cases(suite) {
  const chain = await Chain.anvil(31337);
  const token = await chain.token({name: "Private USD", version: "1"});
  const shops = await sellers(chain, token, suite.payTo);
  await matrix(new Suite({...suite, chain, token, shops}), ["GET"], ", private chain");
  await localChain(suite);
}

/** `x402 serve` starts the chain, and the published packages pay on it too. */
async function localChain(suite) {
  const {url, rpcUrl, payerKey: key, token} = await ours.serveOnLocalChain(1337, suite.payTo);
  const chain = new Chain(rpcUrl, 1337, "LocalChain");
  const payer = privateKeyToAccount(key);
  const common = {what: "GET paid", server: "ours", facilitator: "own key", chain, token, payer};
  await suite.run({...common, client: "theirs", act: () => theirs.payWithFetch(`${url}/premium`, "GET", payer, {token, chain})});
  await suite.run({...common, client: "ours", act: () => ours.pay(`${url}/premium`, "GET", {chain, token, key})});
}
