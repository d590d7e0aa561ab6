// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Chains to pay on: anvil with the test token, and what the token says about balances.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {createServer} from "node:http";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {createPublicClient, createWalletClient, defineChain, http, keccak256, toHex} from "viem";
import {privateKeyToAccount} from "viem/accounts";
import {started, startedLine} from "./processes.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ARTIFACTS = join(HERE, "../../../x402-localchain/src/main/resources/io/github/x402j/testing");

export const BASE_SEPOLIA_USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
export const PRICE = 10_000n; // $0.01

/** A key that holds nothing anywhere but on the chains of this suite. */
export const account = (name) => privateKeyToAccount(keccak256(toHex(`x402j interop ${name}`)));
export const keyOf = (name) => keccak256(toHex(`x402j interop ${name}`));

const artifact = (name) => JSON.parse(readFileSync(join(ARTIFACTS, `${name}.json`), "utf8"));
/** The code of a test contract as it is on a chain. */
export const artifactCode = (name) => hex(artifact(name).code);
const hex = (text) => (text.startsWith("0x") ? text : `0x${text}`);

async function startAnvil(chainId) {
  const anvil = createRequire(import.meta.url).resolve("@foundry-rs/anvil-linux-amd64/bin/anvil");
  // Blocks come by themselves too: viem, which waits for the next one, may have missed that of its transaction.
  const child = started(anvil, ["--host", "127.0.0.1", "--port", "0", "--chain-id", `${chainId}`, "--block-time", "1", "--mixed-mining"]);
  const [, port] = await startedLine(child, /^Listening on 127\.0\.0\.1:(\d+)/m);
  return `http://127.0.0.1:${port}`;
}

export class Chain {
  static async anvil(chainId) {
    const chain = new Chain(await startAnvil(chainId), chainId, "anvil");
    await chain.rpc("anvil_setBalance", [account("deployer").address, toHex(10n ** 24n)]);
    return chain;
  }

  constructor(url, chainId, name) {
    this.url = url;
    this.chainId = chainId;
    this.name = name;
    this.network = `eip155:${chainId}`;
    this.definition = defineChain({
      id: chainId,
      name,
      nativeCurrency: {name: "Ether", symbol: "ETH", decimals: 18},
      rpcUrls: {default: {http: [url]}},
    });
    this.client = createPublicClient({chain: this.definition, transport: http(url), pollingInterval: 20, cacheTime: 0});
  }

  rpc(method, params = []) {
    return this.client.request({method, params});
  }

  fund(address) {
    return this.rpc("anvil_setBalance", [address, toHex(10n ** 21n)]);
  }

  wallet(from, url = this.url) {
    return createWalletClient({
      account: from,
      chain: this.definition,
      transport: http(url),
      pollingInterval: 20,
      cacheTime: 0,
    });
  }

  async #mined(hash) {
    const receipt = await this.client.waitForTransactionReceipt({hash});
    if (receipt.status !== "success") throw new Error(`${hash} was reverted`);
    return receipt;
  }

  /** Fees are given, as anvil's eth_gasPrice feeds on itself. */
  #fees = {maxFeePerGas: 20n * 10n ** 9n, maxPriorityFeePerGas: 1n};

  async deploy(name, args) {
    const {abi, bytecode} = artifact(name);
    const hash = await this.wallet(account("deployer"))
      .deployContract({abi, bytecode: hex(bytecode), args, ...this.#fees});
    return (await this.#mined(hash)).contractAddress;
  }

  async write(address, functionName, args) {
    const {abi} = artifact("TestUsdc");
    const hash = await this.wallet(account("deployer"))
      .writeContract({address, abi, functionName, args, ...this.#fees});
    return this.#mined(hash);
  }

  /** Deploys the test token; with `at`, puts its code there, so that known addresses can be used. */
  async token({at, name = "USDC", version = "2"} = {}) {
    const deployed = await this.deploy("TestUsdc", [name, version, 6]);
    if (!at) return {address: deployed, name, version};
    await this.rpc("anvil_setCode", [at, await this.client.getCode({address: deployed})]);
    return {address: at, name, version};
  }

  contractWallet(owner) {
    return this.deploy("ContractWallet", [owner, 0]);
  }

  mint(token, to, value) {
    return this.write(token.address, "mint", [to, value]);
  }

  /** Lets `spender` move the owner's tokens; the owner needs gas. */
  async approve(token, owner, spender, value) {
    const {abi} = artifact("TestUsdc");
    const hash = await this.wallet(owner)
      .writeContract({address: token.address, abi, functionName: "approve", args: [spender, value], ...this.#fees});
    return this.#mined(hash);
  }

  balance(token, of) {
    const {abi} = artifact("TestUsdc");
    return this.client.readContract({address: token.address, abi, functionName: "balanceOf", args: [of]});
  }
}

/**
 * A way to the chain that can be told to do something just before the next transaction is passed on: that is how a
 * settlement fails that looked good a moment before.
 */
export async function detour(chain) {
  const way = {before: null};
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (way.before && body.includes("eth_sendRawTransaction")) {
      const before = way.before;
      way.before = null;
      await before();
    }
    const answer = await fetch(chain.url, {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body,
    });
    response.writeHead(answer.status, {"Content-Type": "application/json"});
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  way.url = `http://127.0.0.1:${server.address().port}`;
  way.close = () => server.close();
  return way;
}
