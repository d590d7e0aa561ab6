// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Nodes that misbehave in front of a chain, and their facilitators behind them.
import express from "express";
import {createServer} from "node:http";
import {createPublicClient, http, keccak256} from "viem";
import {x402Facilitator} from "@x402/core/facilitator";
import {toFacilitatorEvmSigner} from "@x402/evm";
import {registerExactEvmScheme} from "@x402/evm/exact/facilitator";
import {x402Facilitator as x402Facilitator222} from "x402-core-2.22/facilitator";
import {toFacilitatorEvmSigner as toFacilitatorEvmSigner222} from "x402-evm-2.22";
import {registerExactEvmScheme as registerExactEvmScheme222} from "x402-evm-2.22/exact/facilitator";
import {account} from "./chain.mjs";

export const VERSIONS = {
  "2.22.0": {Facilitator: x402Facilitator222, signer: toFacilitatorEvmSigner222, register: registerExactEvmScheme222},
  "2.27.0": {Facilitator: x402Facilitator, signer: toFacilitatorEvmSigner, register: registerExactEvmScheme},
};

/** So long the facilitator waits for a receipt. */
const RECEIPT_TIMEOUT = 1_500;

const SENDING = "eth_sendRawTransaction";
const RECEIPT = "eth_getTransactionReceipt";
const after = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds).unref());

/** What a node does with a call: `pass` gives the chain's answer, `age` is the time since the first sending. */
export const FAULTS = {
  "no fault": async ({pass, answer}) => answer(await pass()),
  "answer to the sending lost": async ({method, pass, answer, hangUp}) => {
    const said = await pass();
    return method === SENDING ? hangUp() : answer(said);
  },
  "answer lost, passed on later": async ({method, pass, answer, hangUp}) => {
    if (method !== SENDING) return answer(await pass());
    after(3_000).then(pass).catch(() => {});
    return hangUp();
  },
  "429 for the sending": async ({method, pass, answer, html}) => {
    const said = await pass();
    return method === SENDING ? html(429) : answer(said);
  },
  "already known": async ({method, pass, answer, error}) => {
    const said = await pass();
    return method === SENDING ? error("already known") : answer(said);
  },
  "nonce too low": async ({method, pass, answer, error}) => {
    const said = await pass();
    return method === SENDING ? error("nonce too low") : answer(said);
  },
  "receipt never": async ({method, pass, answer, result}) => (method === RECEIPT ? result(null) : answer(await pass())),
  "receipt late": async ({method, pass, answer, result, age}) =>
    (method === RECEIPT && age() < 2 * RECEIPT_TIMEOUT ? result(null) : answer(await pass())),
  "passed on after the receipt's timeout": async ({method, pass, answer, result, params}) => {
    if (method !== SENDING) return answer(await pass());
    after(2_500).then(pass).catch(() => {});
    return result(keccak256(params[0]));
  },
  "receipts refused in words of a token": async ({method, pass, answer, text}) =>
    (method === RECEIPT ? text(402, "insufficient balance of credits") : answer(await pass())),
};

/** A node that treats every call as the fault says. */
async function node(chain, fault) {
  let sent = 0;
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString();
    const {id, method, params} = JSON.parse(body);
    if (method === SENDING) sent ||= Date.now();
    const end = (status, type, text) => {
      response.writeHead(status, {"Content-Type": type});
      response.end(text);
    };
    const json = (value) => end(200, "application/json", JSON.stringify({jsonrpc: "2.0", id, ...value}));
    try {
      await FAULTS[fault]({
        method,
        params,
        age: () => Date.now() - sent,
        pass: async () => (await fetch(chain.url, {method: "POST", headers: {"Content-Type": "application/json"}, body})).text(),
        answer: (text) => end(200, "application/json", text),
        result: (value) => json({result: value}),
        error: (message) => json({error: {code: -32000, message}}),
        html: (status) => end(status, "text/html", "<html><body>Slow down</body></html>"),
        text: (status, text) => end(status, "text/plain", text),
        hangUp: () => response.destroy(),
      });
    } catch {
      response.destroy();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

/** A published facilitator, as its documentation sets it up, on such a node. */
async function facilitatorOn(chain, version, fault, gas) {
  const rpcUrl = await node(chain, fault);
  const {Facilitator, signer, register} = VERSIONS[version];
  const wallet = chain.wallet(gas, rpcUrl);
  const client = createPublicClient({chain: chain.definition, transport: http(rpcUrl), pollingInterval: 100, cacheTime: 0});
  return register(new Facilitator(), {
    signer: signer({
      address: gas.address,
      readContract: (args) => client.readContract(args),
      verifyTypedData: (args) => client.verifyTypedData(args),
      writeContract: (args) => wallet.writeContract(args),
      sendTransaction: (args) => wallet.sendTransaction(args),
      waitForTransactionReceipt: (args) => client.waitForTransactionReceipt({...args, timeout: RECEIPT_TIMEOUT}),
      getCode: (args) => client.getCode(args),
    }),
    networks: chain.network,
  });
}

/**
 * One facilitator for all: each payer's payments go to one of its own, with its own node and gas account, so that all
 * faults run at the same time. `said` keeps what was answered to the first settle request of each payer.
 */
export async function facilitateByPayer(chain, cases) {
  const byPayer = new Map();
  const said = new Map();
  for (const {payer, version, fault} of cases) {
    const gas = account(`gas of ${payer}`);
    await chain.fund(gas.address);
    byPayer.set(payer.toLowerCase(), await facilitatorOn(chain, version, fault, gas));
  }
  const app = express();
  app.use(express.json());
  const answering = (act) => async (request, response) => {
    try {
      response.json(await act(request.body));
    } catch (error) {
      response.status(500).json({error: `${error.message}`});
    }
  };
  const payerOf = (body) => body.paymentPayload.payload.authorization.from.toLowerCase();
  app.get("/supported", answering(async () => {
    const all = await Promise.all([...byPayer.values()].map((facilitator) => facilitator.getSupported()));
    return {...all[0], signers: {"eip155:*": all.flatMap((each) => Object.values(each.signers).flat())}};
  }));
  app.post("/verify", answering((body) => byPayer.get(payerOf(body)).verify(body.paymentPayload, body.paymentRequirements)));
  app.post("/settle", answering(async (body) => {
    const answer = await byPayer.get(payerOf(body)).settle(body.paymentPayload, body.paymentRequirements);
    if (!said.has(payerOf(body))) said.set(payerOf(body), answer);
    return answer;
  }));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((done) => server.on("listening", done));
  return {url: `http://127.0.0.1:${server.address().port}`, said: (payer) => said.get(payer.toLowerCase()), close: () => server.close()};
}
