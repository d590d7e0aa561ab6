// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Their facilitators behind nodes that misbehave.
import {account, PRICE} from "../chain.mjs";
import {facilitateByPayer, FAULTS, VERSIONS} from "../faults.mjs";
import * as ours from "../ours.mjs";
import {report} from "../suite.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Facilitators behind nodes that misbehave";
export const packages = ["@x402/core", "@x402/evm", "x402-core-2.22", "x402-evm-2.22"];

export default async function cases(suite) {
  for (const readsChain of [true, false]) await misbehavingNodes(suite, {readsChain});
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Sends the same payment until it is neither pending nor unanswered; every status on the way is kept. */
async function repeated(url, header, seconds) {
  const statuses = [];
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await fetch(url, {headers: {"PAYMENT-SIGNATURE": header}});
    const body = await answer.text();
    statuses.push(answer.status);
    if (answer.status !== 503 || Date.now() > end) return {status: answer.status, body, statuses};
    await sleep(1000);
  }
}

/**
 * A payment that moved buys its delivery, if need be when it is sent again; without a chain to read it may stay pending.
 * No answer asks for another payment. All run at the same time, each with a payer and a gas account of its own.
 */
async function misbehavingNodes({chain, token, payTo}, {readsChain}) {
  const seconds = readsChain ? 20 : 6;
  const cases = Object.keys(VERSIONS).flatMap((version) => Object.keys(FAULTS).map((fault) => {
    const name = `${fault} ${version} ${readsChain}`;
    return {version, fault, name, payer: account(name).address};
  }));
  for (const {payer} of cases) await chain.mint(token, payer, 2n * PRICE);
  const facilitator = await facilitateByPayer(chain, cases);
  const shop = await ours.interopServer(["--rpc-url", chain.url, "--token", token.address, "--pay-to", payTo,
    "--facilitator", facilitator.url, ...(readsChain ? [] : ["--without-chain"])]);
  const received = await chain.balance(token, payTo);
  const results = await Promise.all(cases.map(async (each) => {
    try {
      const url = `${shop.url}/premium`;
      return {...each, ...await repeated(url, await theirs.header(url, account(each.name)), seconds)};
    } catch (error) {
      return {...each, status: "error", body: `${error.stack ?? error}`, statuses: []};
    }
  }));
  await sleep(4000); // what was passed on late is mined
  let sum = 0n;
  for (const {fault, version, payer, status, body, statuses} of results) {
    const paid = 2n * PRICE - await chain.balance(token, payer);
    sum += paid;
    const delivered = status === 200 && /premium/.test(body);
    const said = facilitator.said(payer) ?? {};
    report({
      what: `node: ${fault}`, client: `theirs, paid through @x402/evm ${version}`,
      server: readsChain ? "ours" : "ours, without RPC URL", facilitator: "theirs", chain: `${chain.name} ${chain.chainId}`,
      expected: readsChain ? 200 : "200 or 503", moved: PRICE, status: statuses.join(" "), balances: `${paid}`,
      ok: paid === PRICE && (delivered || (!readsChain && status === 503)) && !statuses.includes(402),
      detail: `the facilitator said ${said.success ? "success" : said.errorReason} "${said.transaction ?? ""}": ${body.slice(0, 300)}`,
    });
  }
  const gained = await chain.balance(token, payTo) - received;
  if (gained !== sum) throw new Error(`payers lost ${sum}, the payee got ${gained}`);
  facilitator.close();
}
