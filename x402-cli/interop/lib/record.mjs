// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// What came of a run: our messages held against the packages' schemas, theirs kept as vectors, the table of results.
import {existsSync, readFileSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {
  PaymentPayloadV1Schema, PaymentPayloadV2Schema, PaymentRequiredV1Schema, PaymentRequiredV2Schema,
  PaymentRequirementsV2Schema,
} from "@x402/core/schemas";
import {
  PaymentPayloadSchema, PaymentRequirementsSchema, SettleResponseSchema, VerifyResponseSchema, x402ResponseSchema,
} from "x402/types";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../../..");
const PAGE = join(ROOT, "docs/interop.md");
const VECTORS = join(ROOT, "x402-core/src/test/resources/vectors/interop-messages.json");

const version = (name) =>
  `${name} ${JSON.parse(readFileSync(join(HERE, "../node_modules", name, "package.json"), "utf8")).version}`;
const decoded = (header) => Buffer.from(header, "base64").toString("utf8");

/** Who wrote a message: the suite's names of the parts, and what stands behind them. */
function author(part, client) {
  if (part.startsWith("ours") || part === "own key") return "x402j";
  if (client?.includes("axios")) return version("@x402/axios");
  if (client?.includes("x402-fetch")) return version("x402-fetch");
  return client ? version("@x402/fetch") : null;
}

/** Takes the exchanges apart into messages: {kind, version, from, text}; headers as they were, base64. */
function messages(exchanges) {
  const found = [];
  for (const exchange of exchanges) {
    const add = (kind, x402Version, from, text) => text && found.push({kind, x402Version, from, text});
    const {requestHeaders: asked, responseHeaders: answered, status} = exchange;
    if (exchange.tag === "client" || exchange.tag === "server") {
      const client = author(exchange.client, exchange.client);
      const server = exchange.server === "ours" ? "x402j" : version("@x402/express");
      add("payment", 2, client, asked["payment-signature"]);
      add("payment", 1, client, asked["x-payment"]);
      add("required", 2, server, answered["payment-required"]);
      add("settlement", 2, server, answered["payment-response"]);
      add("settlement", 1, server, answered["x-payment-response"]);
      if (status === 402) add("requiredBody", /"x402Version":2/.test(exchange.responseBody) ? 2 : 1, server, exchange.responseBody);
    } else {
      const path = exchange.path.split("/").pop();
      const facilitator = exchange.tag === "our facilitator" ? "x402j" : version("@x402/core");
      const server = asked["user-agent"]?.startsWith("Java") ? "x402j" : version("@x402/core");
      const said = exchange.method === "POST" ? JSON.parse(exchange.requestBody) : {};
      if (exchange.method === "POST") add(`${path}Request`, said.x402Version, server, exchange.requestBody);
      if (status === 200) add(`${path}Response`, said.x402Version ?? 2, facilitator, exchange.responseBody);
    }
  }
  return found;
}

const json = (text) => JSON.parse(text);
const both = (...checks) => (value) => checks.forEach((check) => check(value));
const parse = (schema) => (value) => schema.parse(value);

/** The packages' own sellers write free text where this schema lists codes; nothing of theirs reads the member. */
const x402Response = x402ResponseSchema.omit({error: true});

/** How the packages read what we send; settlement and facilitator messages have no schema of version 2 that is public. */
const READERS = {
  "required 2": (text) => parse(PaymentRequiredV2Schema)(json(decoded(text))),
  "requiredBody 2": (text) => parse(PaymentRequiredV2Schema)(json(text)),
  "requiredBody 1": (text) => both(parse(PaymentRequiredV1Schema), parse(x402Response))(json(text)),
  "payment 2": (text) => parse(PaymentPayloadV2Schema)(json(decoded(text))),
  "payment 1": (text) => both(parse(PaymentPayloadV1Schema), parse(PaymentPayloadSchema))(json(decoded(text))),
  "settlement 1": (text) => parse(SettleResponseSchema)(json(decoded(text))),
  "verifyRequest 2": (text) => facilitatorRequest(text, PaymentPayloadV2Schema, PaymentRequirementsV2Schema),
  "settleRequest 2": (text) => facilitatorRequest(text, PaymentPayloadV2Schema, PaymentRequirementsV2Schema),
  "verifyRequest 1": (text) => facilitatorRequest(text, PaymentPayloadSchema, PaymentRequirementsSchema),
  "settleRequest 1": (text) => facilitatorRequest(text, PaymentPayloadSchema, PaymentRequirementsSchema),
  "verifyResponse 1": (text) => parse(VerifyResponseSchema)(json(text)),
  "settleResponse 1": (text) => parse(SettleResponseSchema)(json(text)),
};

function facilitatorRequest(text, payload, requirements) {
  const request = json(text);
  payload.parse(request.paymentPayload);
  requirements.parse(request.paymentRequirements);
}

/** A body that holds the code of a refusal and no requirements is no descriptor, and does not claim to be. */
const isDescriptor = (message) => message.kind !== "requiredBody" || message.text.includes("x402Version");

/** Holds every message of ours against the packages' schemas. */
export function validate(exchanges) {
  const result = {accepted: 0, refused: [], kinds: {}};
  for (const message of messages(exchanges).filter(({from}) => from === "x402j").filter(isDescriptor)) {
    const kind = `${message.kind} ${message.x402Version}`;
    const read = READERS[kind];
    if (!read) continue;
    try {
      read(message.text);
      result.accepted++;
      result.kinds[kind] = (result.kinds[kind] ?? 0) + 1;
    } catch (error) {
      result.refused.push(`${kind}: ${message.text}: ${error.message}`);
    }
  }
  return result;
}

/** Of messages that say the same but for nonces, signatures, hashes, times and ports, the first. */
function shape(message) {
  const text = ["payment", "required", "settlement"].includes(message.kind) ? decoded(message.text) : message.text;
  return [message.kind, message.x402Version, message.from,
    text.replace(/0x[0-9a-fA-F]+/g, (hex) => `0x${hex.length}`).replace(/\d{4,}/g, "#").replace(/"[^"]{80,}"/g, '"..."')
      .replace(/"invalidMessage":.*/, "")].join("|");
}

function vectors(exchanges) {
  const kept = new Map();
  for (const message of messages(exchanges)) {
    if (!kept.has(shape(message))) kept.set(shape(message), message);
  }
  return [...kept.values()].sort((a, b) => `${a.kind}${a.x402Version}${a.from}`.localeCompare(`${b.kind}${b.x402Version}${b.from}`));
}

const cell = (text) => `${text}`.replaceAll("|", "\\|");

/** One line for each case and pair of server and facilitator; methods and clients side by side. */
function table(rows) {
  const lines = new Map();
  for (const row of rows) {
    const key = [row.what, row.chain, row.server, row.facilitator].join("|");
    const line = lines.get(key) ?? {...row, clients: []};
    line.clients.push(`${row.client}: ${row.ok ? "passed" : "FAILED"}`);
    lines.set(key, line);
  }
  const out = ["| case | chain | server | facilitator | status | moved | client |", "|---|---|---|---|---|---|---|"];
  for (const line of lines.values()) {
    out.push(`| ${[line.what, line.chain, line.server, line.facilitator, line.expected, line.moved,
      line.clients.join("; ")].map(cell).join(" | ")} |`);
  }
  return out.join("\n");
}

/** Replaces what stands between <!-- begin NAME --> and <!-- end NAME --> of docs/interop.md. */
export function replaceSection(name, text) {
  const page = readFileSync(PAGE, "utf8");
  const form = new RegExp(`(<!-- begin ${name} -->\n)[^]*?(<!-- end ${name} -->)`);
  if (!form.test(page)) throw new Error(`docs/interop.md has no section ${name}`);
  writeFileSync(PAGE, page.replace(form, (all, begin, end) => `${begin}${text}\n${end}`));
}

export function write(rows, exchanges, checks) {
  const packages = ["@x402/core", "@x402/evm", "@x402/fetch", "@x402/express", "@x402/axios", "x402-fetch", "viem",
    "@foundry-rs/anvil-linux-amd64"].map(version).join(", ");
  const kept = vectors(exchanges);
  replaceSection("results", `${rows.length} cases, ${rows.filter((row) => row.ok).length} passed. ${packages}.\n\n${table(rows)}`);
  replaceSection("messages", ["| message of ours, version | held against their schemas |", "|---|---|",
    ...Object.entries(checks.kinds).sort().map(([kind, count]) => `| ${kind} | ${count} accepted, 0 refused |`)].join("\n"));
  writeFileSync(VECTORS, `${JSON.stringify({
    source: `x402-cli/interop: what these packages and x402j sent each other in a run. ${packages}. Keys are hashes of`
      + " names in lib/chain.mjs and hold nothing. Headers are base64 as sent.",
    recordedAt: Math.floor(Date.now() / 1000),
    messages: kept,
  }, null, 1)}\n`);
  console.log(`recorded ${kept.length} messages, docs/interop.md`);
}
