// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// What a file of cases gets: payers, sellers, facilitators, and `run`, whose judge is the chain.
import {account, keyOf, PRICE} from "./chain.mjs";
import * as ours from "./ours.mjs";
import {between} from "./tap.mjs";
import * as theirs from "./theirs.mjs";

/** Every case that has run, in order. */
export const rows = [];

/** Keeps and prints what came of a case. */
export function report(row, seconds) {
  rows.push(row);
  console.log(`${row.ok ? "ok  " : "FAIL"} ${row.what} | client ${row.client} | server ${row.server} | facilitator ${row.facilitator}`
    + ` | ${row.status}, moved ${row.balances ?? "?"}${seconds === undefined ? "" : ` | ${seconds.toFixed(1)} s`}`);
  if (!row.ok) console.log(`     expected ${row.expected}, moved ${row.moved}: ${row.detail}`);
}

export class Suite {
  /** @param {name, chain, token, payTo, shops} shops: the five sellers of sellersOn, with their facilitators */
  constructor(parts) {
    Object.assign(this, parts);
    this.facilitators = this.shops?.facilitators;
  }

  /** An account that holds 100 USD of the token: {address, key, account}. */
  async payer(name = "payer", {chain = this.chain, token = this.token} = {}) {
    const payer = account(name);
    if (await chain.balance(token, payer.address) < 10_000_000n) await chain.mint(token, payer.address, 100_000_000n);
    return {address: payer.address, key: keyOf(name), account: payer};
  }

  /** An account that has paid nothing yet and can pay gas: {address, key, account}. */
  async gas(name) {
    await this.chain.fund(account(name).address);
    return {address: account(name).address, key: keyOf(name), account: account(name)};
  }

  /** Our seller, with what the class `sale` adds, and with a facilitator's URL or an own gas key. */
  async sell({sale, facilitator} = {}) {
    const gasKey = facilitator ? undefined : (await this.gas(`gas ${this.name} ${sale}`)).key;
    return ours.sell({chain: this.chain, token: this.token, payTo: this.payTo, facilitator, gasKey, sale});
  }

  /**
   * Runs one case. `act` returns {status, ok?, body?}; the case passes if the status is the expected one, `ok` is not
   * false, and exactly `moved` went from the payer to the recipient.
   */
  async run({what, client, server, facilitator = "-", chain = this.chain, token = this.token, payer, payTo = this.payTo,
    expected = 200, moved = PRICE, act}) {
    between({client, server, facilitator});
    const sum = async () => [await chain.balance(token, payer.address ?? payer), await chain.balance(token, payTo)];
    const row = {what, client, server, facilitator, chain: `${chain.name} ${chain.chainId}`, expected, moved, ok: false};
    const start = Date.now();
    try {
      const before = await sum();
      const answer = await act();
      const after = await sum();
      row.status = answer.status;
      const paid = before[0] - after[0];
      const received = after[1] - before[1];
      row.balances = paid === received ? `${paid}` : `payer -${paid}, payee +${received}`;
      row.ok = answer.status === expected && paid === moved && received === moved && answer.ok !== false;
      if (!row.ok) row.detail = JSON.stringify(answer).slice(0, 600);
    } catch (error) {
      row.status = "error";
      row.detail = `${error.stack ?? error}`;
    }
    report(row, (Date.now() - start) / 1000);
  }
}

/** Every pair of server and facilitator: {server, facilitator, url}; `facilitators` has the URLs of ours and theirs. */
export async function sellersOn({chain, token, payTo, theirFacilitator, ourFacilitator, ownKey}) {
  const own = ownKey();
  const [their, our] = await Promise.all([theirFacilitator(), ourFacilitator()]);
  const accepted = [{chain, token}];
  const shops = await Promise.all([
    {server: "theirs", facilitator: "theirs", start: theirs.serve({accepted, payTo, facilitator: their.url})},
    {server: "theirs", facilitator: "ours", start: theirs.serve({accepted, payTo, facilitator: our.url})},
    {server: "ours", facilitator: "theirs", start: ours.serve({chain, token, payTo, facilitator: their.url})},
    {server: "ours", facilitator: "ours", start: ours.serve({chain, token, payTo, facilitator: our.url})},
    {server: "ours", facilitator: "own key", start: own},
  ].map(async ({server, facilitator, start}) => ({server, facilitator, ...await start})));
  shops.facilitators = {theirs: their.url, ours: our.url};
  return shops;
}

/** The same with accounts for gas of their own. */
export async function sellers(chain, token, payTo) {
  for (const name of ["gas theirs", "gas ours", "gas own"]) await chain.fund(account(name).address);
  return sellersOn({
    chain, token, payTo,
    theirFacilitator: () => theirs.facilitate(theirs.facilitatorOn(chain, account("gas theirs"))),
    ourFacilitator: () => ours.facilitate({chain, token, gasKey: keyOf("gas ours")}),
    ownKey: () => ours.serve({chain, token, payTo, gasKey: keyOf("gas own")}),
  });
}
