// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import {account, artifactCode} from "../chain.mjs";
import * as theirs from "../theirs.mjs";

export const title = "`exact` by Permit2";
export const packages = ["@x402/core", "@x402/evm", "@x402/fetch"];

const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
const CONTRACTS = {
  [PERMIT2]: "TestPermit2",
  "0x402085c248EeA27D92E8b30b2C58ed07f9E20001": "TestExactProxy",
  "0xcA11bde05977b3631167028862bE2a173976CA11": "TestMulticall",
};

const byPermit2 = (version, accepts) => accepts.find(({extra}) => extra.assetTransferMethod === "permit2");

export default async function cases(suite) {
  const {chain, token, facilitators} = suite;
  for (const [address, contract] of Object.entries(CONTRACTS)) {
    await chain.rpc("anvil_setCode", [address, artifactCode(contract)]);
  }
  const pay = (url, payer) => theirs.payWithFetch(`${url}/premium`, "GET", payer.account, {token, chain, select: byPermit2});
  const shops = {
    "own key": await suite.sell({sale: "InteropPermit2"}),
    theirs: await suite.sell({sale: "InteropPermit2", facilitator: facilitators.theirs}),
  };
  const newcomer = await suite.payer("permit2 newcomer");
  for (const [facilitator, {url}] of Object.entries(shops)) {
    await suite.run({what: "without an allowance", client: "theirs", server: "ours", facilitator, payer: newcomer, expected: 402, moved: 0n,
      act: () => pay(url, newcomer)});
  }
  const payer = await suite.payer("permit2 payer");
  await chain.fund(payer.address);
  await chain.approve(token, account("permit2 payer"), PERMIT2, 1_000_000n);
  for (const [facilitator, {url}] of Object.entries(shops)) {
    await suite.run({what: "with an allowance", client: "theirs", server: "ours", facilitator, payer, act: () => pay(url, payer)});
  }
}
