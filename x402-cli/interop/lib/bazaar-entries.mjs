// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Holds our entries of the extension bazaar against the validators of @x402/extensions.
//   node lib/bazaar-entries.mjs [--record]
// The entries are in x402-core/src/test/resources/vectors/bazaar-entries.json, and DiscoverableTest makes the same ones;
// --record writes what the package says of them. lib/cases/bazaar.mjs checks them in each run.
import {readFileSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {extractDiscoveryInfo, validateDiscoveryExtension, validateDiscoveryExtensionSpec} from "@x402/extensions/bazaar";

const SELF = fileURLToPath(import.meta.url);
const FILE = join(dirname(SELF), "../../../x402-core/src/test/resources/vectors/bazaar-entries.json");

/** Whether both validators accept an entry. */
export const isValid = (entry) => validateDiscoveryExtension(entry).valid && validateDiscoveryExtensionSpec(entry).valid;

/** What the package says of each entry: {line, isSame, published}; isSame if it accepts it, and says what was recorded. */
export function checked() {
  return JSON.parse(readFileSync(FILE, "utf8")).entries.map((each) => {
    const payload = {x402Version: 2, resource: {url: each.url}, extensions: {bazaar: each.entry}};
    const found = extractDiscoveryInfo(payload, {});
    const published = {valid: isValid(each.entry), method: found?.method, resourceUrl: found?.resourceUrl};
    const isSame = published.valid && JSON.stringify(published) === JSON.stringify(each.published);
    return {line: `${each.entry.info.input.method} ${published.resourceUrl}`, isSame, published};
  });
}

if (process.argv[1] === SELF) {
  const all = checked();
  all.forEach(({line, isSame}) => console.log(`${isSame ? "ok  " : "DIFF"} ${line}`));
  if (process.argv.includes("--record")) {
    const file = JSON.parse(readFileSync(FILE, "utf8"));
    file.entries.forEach((each, i) => (each.published = all[i].published));
    writeFileSync(FILE, `${JSON.stringify(file, null, 1)}\n`);
  } else {
    process.exit(all.every(({isSame}) => isSame) ? 0 : 1);
  }
}
