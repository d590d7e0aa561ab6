// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// What came of a run: our messages held against the packages' schemas, theirs kept as vectors, the table of results.
import {readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
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
const VECTORS = join(ROOT, "x402-core/src/test/resources/vectors/interop");

/** The name and version of an installed package, which may have another name here. */
function version(installed) {
  const {name, version} = JSON.parse(readFileSync(join(HERE, "../node_modules", installed, "package.json"), "utf8"));
  return `${name} ${version}`;
}

const decoded = (header) => Buffer.from(header, "base64").toString("utf8");

const THEIRS = {client: "@x402/fetch", server: "@x402/express", facilitator: "@x402/core"};

/** Who wrote a message; `label` is what a case calls the part. Before the first case it is theirs. */
function author(part, label = "theirs") {
  const [name] = label.split(",");
  if (name === "ours" || name === "own key") return "x402j";
  return version(THEIRS[part] && name === "theirs" ? THEIRS[part] : name);
}

/** Headers that are messages: kind, version of x402 (0: beside it), and who writes it. */
const HEADERS = {
  "payment-signature": ["payment", 2, "client"],
  "x-payment": ["payment", 1, "client"],
  "sign-in-with-x": ["signIn", 2, "client"],
  authorization: ["credential", 0, "client"],
  "payment-required": ["required", 2, "server"],
  "payment-response": ["settlement", 2, "server"],
  "x-payment-response": ["settlement", 1, "server"],
  "www-authenticate": ["challenge", 0, "server"],
  "payment-receipt": ["paymentReceipt", 0, "server"],
  "extension-responses": ["extensionResponses", 2, "facilitator"],
};

/** Takes the exchanges apart into messages: {kind, version, from, text}; headers as they were, base64. */
function messages(exchanges) {
  const found = [];
  for (const exchange of exchanges) {
    const add = (kind, x402Version, from, text) => text && found.push({kind, x402Version, from, text});
    const {requestHeaders: asked, responseHeaders: answered, status} = exchange;
    const byJava = asked["user-agent"]?.startsWith("Java");
    if (exchange.tag === "client" || exchange.tag === "server") {
      const names = {client: author("client", exchange.client), server: author("server", exchange.server)};
      for (const [header, [kind, x402Version, part]] of Object.entries(HEADERS)) {
        const value = (part === "client" ? asked : answered)[header];
        if (names[part] && (x402Version > 0 || header === "payment-receipt" || /^payment /i.test(value))) {
          add(kind, x402Version, names[part], value);
        }
      }
      if (status === 402 && (names.server === "x402j" || !answered["payment-required"])) { // or clients read that
        add("requiredBody", /"x402Version": ?2/.test(exchange.responseBody) ? 2 : 1, names.server, exchange.responseBody);
      }
    } else {
      const path = exchange.path.split("/").pop();
      const facilitator = exchange.tag === "our facilitator" ? "x402j" : author("facilitator", exchange.facilitator);
      const server = byJava ? "x402j" : (exchange.server ?? "theirs") === "theirs" ? version("@x402/core") : author("server", exchange.server);
      const said = exchange.method === "POST" ? JSON.parse(exchange.requestBody) : {};
      const x402Version = said.x402Version ?? said.paymentPayload?.x402Version;
      if (exchange.method === "POST") add(`${path}Request`, x402Version, server, exchange.requestBody);
      if (status === 200) add(`${path}Response`, x402Version ?? 2, facilitator, exchange.responseBody);
      if (status === 200) add("extensionResponses", 2, facilitator, answered["extension-responses"]);
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

/** The text of a message without what differs each time, as far as it is known. */
const ALIKE = {
  challenge: (text) => text.replace(/="(?:[^"\\]|\\.)*"/g, ""),
  credential: (text) => Object.keys(json(Buffer.from(text.split(" ")[1], "base64url"))).join(),
  paymentReceipt: (text) => Object.keys(json(Buffer.from(text, "base64url"))).join(),
};

/** Of messages that say the same but for nonces, signatures, hashes, times and ports, the first. */
function shape({kind, x402Version, from, text}) {
  const said = ["payment", "required", "settlement"].includes(kind) ? decoded(text) : text;
  const alike = ALIKE[kind] ?? ((each) => each.replace(/0x[0-9a-fA-F]+/g, (hex) => `0x${hex.length}`).replace(/\d{4,}/g, "#")
    .replace(/"[^"]{80,}"/g, '"..."').replace(/"invalidMessage":.*/, ""));
  return [kind, x402Version, from, alike(said)].join("|");
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

const sectionForm = (name) => new RegExp(`(<!-- begin ${name} -->\n)([^]*?)(<!-- end ${name} -->)`);

/** Replaces what stands between <!-- begin NAME --> and <!-- end NAME --> of docs/interop.md. */
export function replaceSection(name, text) {
  const page = readFileSync(PAGE, "utf8");
  if (!sectionForm(name).test(page)) throw new Error(`docs/interop.md has no section ${name}`);
  writeFileSync(PAGE, page.replace(sectionForm(name), (all, begin, old, end) => `${begin}${text}\n${end}`));
}

/** What the page says of each file of cases: its name to the text below its heading. */
function written() {
  const results = readFileSync(PAGE, "utf8").match(sectionForm("results"))[2];
  return new Map(results.split(/^### /m).slice(1).map((text) => {
    const [name] = text.split("\n", 1);
    return [name, text.slice(name.length).trim()];
  }));
}

/** What the page is to say of a file of cases. */
function section({title, rows, packages, exchanges}) {
  const kinds = Object.keys(validate(exchanges).kinds).sort();
  return `${title}. ${rows.length} cases, all passed. ${packages.map(version).join(", ")}.\n\n${table(rows)}`
    + (kinds.length > 0 ? `\n\nMessages of ours, with their version, that the packages' schemas accept: ${kinds.join(", ")}.` : "");
}

/** The lines of the page that are not what these files of cases would write. */
export function compare(files) {
  const page = written();
  return files.flatMap((file) => {
    const old = (page.get(file.name) ?? "").split("\n");
    const now = section(file).split("\n");
    return [...old.filter((line) => !now.includes(line)).map((line) => `docs/interop.md, ${file.name}: ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `the run, ${file.name}: ${line}`)];
  });
}

/** Writes the page's tables and the vectors of these files of cases; those of files that are gone are removed. */
export function write(files, all) {
  const page = written();
  for (const file of files) {
    page.set(file.name, section(file));
    writeVectors(file);
  }
  const lines = all.filter((name) => page.has(name)).map((name) => `### ${name}\n\n${page.get(name)}\n`);
  replaceSection("results", lines.join("\n"));
  for (const old of readdirSync(VECTORS).filter((vectors) => !all.includes(vectors.slice(0, -5)))) rmSync(join(VECTORS, old));
}

function writeVectors({name, packages, exchanges}) {
  const kept = vectors(exchanges);
  if (kept.length === 0) return;
  writeFileSync(join(VECTORS, `${name}.json`), `${JSON.stringify({
    source: `x402-cli/interop/lib/cases/${name}.mjs: what these packages and x402j sent each other in a run.`
      + ` ${packages.map(version).join(", ")}. Keys are hashes of names in lib/chain.mjs and hold nothing. Headers are as sent.`,
    recordedAt: Math.floor(Date.now() / 1000),
    messages: kept,
  }, null, 1)}\n`);
  console.log(`recorded ${kept.length} messages of ${name}`);
}
