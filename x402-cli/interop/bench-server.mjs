// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// @x402/express in a process of its own, for bench.mjs: node bench-server.mjs RPC_URL TOKEN PAY_TO [stub]
import express from "express";
import {x402ResourceServer} from "@x402/core/server";
import {ExactEvmScheme} from "@x402/evm/exact/server";
import {paymentMiddleware} from "@x402/express";
import {nonceManager} from "viem";
import {privateKeyToAccount} from "viem/accounts";
import {recoverTypedDataAddress} from "viem";
import {Chain} from "./lib/chain.mjs";
import {facilitatorOn} from "./lib/theirs.mjs";

const [rpcUrl, asset, payTo, stub] = process.argv.slice(2);
const chain = new Chain(rpcUrl, 84532, "anvil");
const network = chain.network;

/** Checks the signature, as the stub on our side does, and settles nothing. */
const stubbed = {
  getSupported: async () => ({kinds: [{x402Version: 2, scheme: "exact", network}], extensions: [], signers: {}}),
  verify: async ({payload}, {extra}) => {
    const {authorization, signature} = payload;
    const signer = await recoverTypedDataAddress({
      domain: {...extra, chainId: chain.chainId, verifyingContract: asset},
      types: {TransferWithAuthorization: ["address from", "address to", "uint256 value", "uint256 validAfter",
        "uint256 validBefore", "bytes32 nonce"].map((field) => {
        const [type, name] = field.split(" ");
        return {type, name};
      })},
      primaryType: "TransferWithAuthorization",
      message: authorization,
      signature,
    });
    return {isValid: signer.toLowerCase() === authorization.from.toLowerCase(), payer: authorization.from};
  },
  settle: async ({payload}) => ({success: true, transaction: `0x${"5a".repeat(32)}`, network, payer: payload.authorization.from}),
};
const facilitator = stub ? stubbed
  : facilitatorOn(chain, privateKeyToAccount(process.env.INTEROP_GAS_KEY, {nonceManager}));

const app = express();
app.use(paymentMiddleware(
  {"GET /premium": {accepts: [{scheme: "exact", network, payTo, price: "$0.01"}], description: "Premium", mimeType: "text/plain"}},
  new x402ResourceServer(facilitator).register(network, new ExactEvmScheme())));
app.get("/premium", (request, response) => response.type("text/plain").send("premium content"));
const server = app.listen(0, "127.0.0.1", () => console.log(`READY http://127.0.0.1:${server.address().port}`));
