// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// offer-receipt and payment-identifier of @x402/extensions, on both sides.
import {ExactEvmScheme} from "@x402/evm/exact/client";
import {wrapFetchWithPayment, x402Client} from "@x402/fetch";
import {
  createEIP712OfferReceiptIssuer, createJWSOfferReceiptIssuer, createOfferReceiptExtension, declareOfferReceiptExtension,
  extractOffersFromPaymentRequired, extractReceiptFromResponse, verifyOfferSignatureEIP712, verifyOfferSignatureJWS,
  verifyReceiptMatchesOffer, verifyReceiptSignatureEIP712, verifyReceiptSignatureJWS,
} from "@x402/extensions/offer-receipt";
import {
  appendPaymentIdentifierToExtensions, declarePaymentIdentifierExtension, extractAndValidatePaymentIdentifier, PAYMENT_IDENTIFIER,
  paymentIdentifierResourceServerExtension,
} from "@x402/extensions/payment-identifier";
import {generateKeyPairSync, sign} from "node:crypto";
import {account} from "../chain.mjs";
import * as ours from "../ours.mjs";
import {tapped} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "Signed offers and receipts (`offer-receipt`) and named payments (`payment-identifier`)";
export const packages = ["@x402/extensions", "@x402/fetch", "@x402/express"];

export default async function cases(suite) {
  await verifiedByThem(suite);
  await verifiedByUs(suite);
  await namedByThem(suite);
  await namedByUs(suite);
}

const decoded = (header) => JSON.parse(Buffer.from(header, "base64").toString("utf8"));
const clientOf = (payer) => new x402Client().register("eip155:*", new ExactEvmScheme(payer.account));

/** Their functions accept the offer and the receipt of each of our signers, and find who signed. */
async function verifiedByThem(suite) {
  const payer = await suite.payer();
  const jws = {offer: verifyOfferSignatureJWS, receipt: verifyReceiptSignatureJWS};
  const account712 = {
    offer: async (offer) => (await verifyOfferSignatureEIP712(offer)).payload,
    receipt: async (receipt) => (await verifyReceiptSignatureEIP712(receipt)).payload,
  };
  for (const [how, sale, verify] of [
    ["a did:jwk", "InteropStatements$ByKey", jws], ["a did:web", "InteropStatements$ByHost", jws],
    ["an account", "InteropStatements$ByAccount", account712]]) {
    const shop = await suite.sell({sale});
    await suite.run({what: `offer and receipt of ${how} verified`, client: "theirs", server: "ours", facilitator: "own key", payer,
      act: async () => {
        const fetched = tapped(fetch, "client");
        const required = decoded((await fetched(`${shop.url}/premium`)).headers.get("payment-required"));
        const [offer] = extractOffersFromPaymentRequired(required);
        const offered = await verify.offer(offer);
        const response = await wrapFetchWithPayment(fetched, clientOf(payer))(`${shop.url}/premium`);
        const receipt = extractReceiptFromResponse(response);
        const received = await verify.receipt(receipt);
        const {transaction} = decoded(response.headers.get("payment-response"));
        const terms = required.accepts[offer.acceptIndex];
        return {status: response.status, offered, received,
          ok: offered.payTo === terms.payTo && offered.amount === terms.amount && offered.resourceUrl === required.resource.url
            && received.transaction === transaction
            && verifyReceiptMatchesOffer(receipt, offered, [payer.address])};
      }});
  }
}

/** `x402 inspect` verifies their offers, and says whose key that is. */
async function verifiedByUs(suite) {
  const payer = await suite.payer();
  const {privateKey, publicKey} = generateKeyPairSync("ed25519");
  const {x} = publicKey.export({format: "jwk"});
  const kid = `did:jwk:${Buffer.from(JSON.stringify({kty: "OKP", crv: "Ed25519", x})).toString("base64url")}#0`;
  const byKey = createJWSOfferReceiptIssuer(kid, {kid, format: "jws", algorithm: "EdDSA",
    sign: async (input) => sign(null, input, privateKey).toString("base64url")});
  const signer = account("statements");
  const byAccount = createEIP712OfferReceiptIssuer(`did:pkh:eip155:1:${signer.address}#0`, (data) => signer.signTypedData(data));
  for (const [how, issuer, options, verdict] of [
    ["a did:jwk", byKey, [], "unknownSigner"], ["an account", byAccount, ["--signer", signer.address], "holds"]]) {
    const shop = await theirs.serve({accepted: [suite], payTo: suite.payTo, facilitator: suite.facilitators.theirs,
      route: {extensions: declareOfferReceiptExtension({includeTxHash: true})},
      setUp: (server) => server.registerExtension(createOfferReceiptExtension(issuer))});
    await suite.run({what: `offer of ${how} inspected`, client: "ours", server: "theirs",
      facilitator: "theirs", payer, expected: verdict, moved: 0n,
      act: async () => {
        const {out, err, code} = await ours.run("x402", ["inspect", `${shop.url}/premium`, "--json", ...options]);
        const [offer] = JSON.parse(out).offers;
        return {status: offer?.verdict, ok: code === 0, out, err};
      }});
    shop.close();
  }
}

/** Their client names its payment; what it lost it gets again, and no other payment does. */
async function namedByThem(suite) {
  const payer = await suite.payer();
  const shop = await suite.sell({sale: "InteropStatements$Named"});
  const common = {client: "theirs", server: "ours", facilitator: "own key", payer};
  const url = `${shop.url}/premium`;
  let header;
  const watching = (input, init) => {
    header = new Request(input, init).headers.get("payment-signature") ?? header;
    return tapped(fetch, "client")(input, init);
  };
  const naming = () => clientOf(payer).registerExtension({key: PAYMENT_IDENTIFIER, enrichPaymentPayload: async (payload, required) =>
    ({...payload, extensions: appendPaymentIdentifierToExtensions(structuredClone(payload.extensions ?? required.extensions))})});
  let first;
  await suite.run({...common, what: "payment with the identifier that is required",
    act: async () => (first = await theirs.outcome(await wrapFetchWithPayment(watching, naming())(url)))});
  await suite.run({...common, what: "the same payment again: the stored answer", moved: 0n,
    act: async () => {
      const again = await theirs.outcome(await fetch(url, {headers: {"PAYMENT-SIGNATURE": header}}));
      return {...again, ok: again.body === first.body && again.headers["payment-response"] === first.headers["payment-response"]};
    }});
  await suite.run({...common, what: "another payment under the same identifier", expected: 409, moved: 0n,
    act: async () => {
      const other = decoded(await theirs.header(url, payer.account));
      other.extensions = {...other.extensions, [PAYMENT_IDENTIFIER]: decoded(header).extensions[PAYMENT_IDENTIFIER]};
      const sent = Buffer.from(JSON.stringify(other)).toString("base64");
      return theirs.outcome(await fetch(url, {headers: {"PAYMENT-SIGNATURE": sent}}));
    }});
  await suite.run({...common, what: "no identifier although it is required", expected: 400, moved: 0n,
    act: () => theirs.payWithFetch(url, "GET", payer.account)});
}

/** Our client names its payment where their server announces the extension; their functions find the name. */
async function namedByUs(suite) {
  const payer = await suite.payer();
  for (const required of [true, false]) {
    const shop = await theirs.serve({accepted: [suite], payTo: suite.payTo, facilitator: suite.facilitators.theirs,
      route: {extensions: {[PAYMENT_IDENTIFIER]: declarePaymentIdentifierExtension(required)}},
      setUp: (server) => server.registerExtension(paymentIdentifierResourceServerExtension)});
    await suite.run({what: `payment with an identifier that is ${required ? "required" : "announced"}`, client: "ours",
      server: "theirs", facilitator: "theirs", payer,
      act: async () => ours.pay(`${shop.url}/premium`, "GET", {chain: suite.chain, token: suite.token, key: payer.key})});
    const sent = decoded(await ours.header(`${shop.url}/premium`, {chain: suite.chain, token: suite.token, key: payer.key}));
    await suite.run({what: `their check of an identifier that is ${required ? "required" : "announced"}`, client: "ours",
      server: "theirs", facilitator: "theirs", payer, expected: "valid", moved: 0n,
      act: async () => {
        const {id, validation} = extractAndValidatePaymentIdentifier(sent);
        return {status: validation.valid ? "valid" : "invalid", ok: /^pay_[0-9a-f]{32}$/.test(id), validation};
      }});
    shop.close();
  }
}
