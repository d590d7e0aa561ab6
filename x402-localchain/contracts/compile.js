// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
'use strict';
const fs = require('fs');
const path = require('path');
const solc = require('solc');

const target = path.join(__dirname, '../src/main/resources/io/github/x402j/testing');
const placed = ['TestMulticall', 'TestPermit2', 'TestExactProxy', 'TestUptoProxy']; // each at an address of its own
const contracts = ['TestUsdc', 'TestToken', 'ContractWallet', ...placed];
const sources = fs.readdirSync(__dirname).filter((file) => file.endsWith('.sol'));
const check = process.argv.includes('--check');

const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: Object.fromEntries(
        sources.map((file) => [file, { content: fs.readFileSync(path.join(__dirname, file), 'utf8') }]),
      ),
      settings: {
        evmVersion: 'istanbul', // the EVM of LocalChain
        optimizer: { enabled: true, runs: 200 },
        viaIR: false,
        metadata: { bytecodeHash: 'none', appendCBOR: false },
        outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.methodIdentifiers'] } },
      },
    }),
  ),
);
for (const error of output.errors ?? []) console.error(error.formattedMessage);
if ((output.errors ?? []).some((e) => e.severity === 'error')) process.exit(1);

for (const name of contracts) {
  const contract = output.contracts[`${name}.sol`][name];
  const artifact = {
    contract: name,
    compiler: `solc ${solc.version()}`,
    evmVersion: 'istanbul',
    bytecode: `0x${contract.evm.bytecode.object}`,
    ...(placed.includes(name) && { code: `0x${contract.evm.deployedBytecode.object}` }),
    methods: contract.evm.methodIdentifiers,
    abi: contract.abi,
  };
  const file = path.join(target, `${name}.json`);
  const text = `${JSON.stringify(artifact, null, 1)}\n`;
  if (!check) {
    fs.writeFileSync(file, text);
    console.log(`${name}: ${contract.evm.bytecode.object.length / 2} bytes`);
  } else if (fs.readFileSync(file, 'utf8') !== text) {
    console.error(`${name}.json is not what ${name}.sol compiles to`);
    process.exit(1);
  }
}
