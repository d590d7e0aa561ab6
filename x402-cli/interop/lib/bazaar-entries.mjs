// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Holds our entries of the extension bazaar against the validators of @x402/extensions.
//   node lib/bazaar-entries.mjs [--record]
// The entries are in x402-core/src/test/resources/vectors/bazaar-entries.json, and DiscoverableTest makes the same ones;
// --record writes what the package says of them.
import {readFileSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {extractDiscoveryInfo, validateDiscoveryExtension, validateDiscoveryExtensionSpec} from "@x402/extensions/bazaar";

const HERE = dirname(fileURLToPath(import.meta.url));
const FILE = join(HERE, "../../../x402-core/src/test/resources/vectors/bazaar-entries.json");
const file = JSON.parse(readFileSync(FILE, "utf8"));

let different = 0;
for (const each of file.entries) {
  const payload = {x402Version: 2, resource: {url: each.url}, extensions: {bazaar: each.entry}};
  const found = extractDiscoveryInfo(payload, {});
  const said = {
    valid: validateDiscoveryExtension(each.entry).valid && validateDiscoveryExtensionSpec(each.entry).valid,
    method: found?.method,
    resourceUrl: found?.resourceUrl,
  };
  const isSame = said.valid && JSON.stringify(said) === JSON.stringify(each.published);
  console.log(`${isSame ? "ok  " : "DIFF"} ${each.entry.info.input.method} ${said.resourceUrl}`);
  if (!isSame) different++;
  each.published = said;
}
if (process.argv.includes("--record")) writeFileSync(FILE, `${JSON.stringify(file, null, 1)}\n`);
else process.exit(different === 0 ? 0 : 1);
