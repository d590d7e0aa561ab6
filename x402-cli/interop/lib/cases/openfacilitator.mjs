// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
import express from "express";
import {createPaymentMiddleware} from "@openfacilitator/sdk";
import * as ours from "../ours.mjs";
import {tappingMiddleware} from "../tap.mjs";
import * as theirs from "../theirs.mjs";

export const title = "OpenFacilitator's SDK in front of a seller, version 1";
export const packages = ["@openfacilitator/sdk"];

const NAME = "@openfacilitator/sdk";

/** Their middleware, whose 402 is to be written for the version of its payments. */
function serve(facilitator, {token, payTo}) {
  const getRequirements = (request) => ({
    scheme: "exact", network: "base-sepolia", maxAmountRequired: "10000", asset: token.address, payTo, maxTimeoutSeconds: 60,
    resource: `http://${request.headers.host}/premium`, description: "Premium", mimeType: "text/plain",
    extra: {name: token.name, version: token.version},
  });
  const on402 = (request, response, accepts) => response.status(402).json({x402Version: 1, error: "X-PAYMENT header is required", accepts});
  const app = express();
  app.use(tappingMiddleware("server"));
  app.use("/premium", createPaymentMiddleware({facilitator, getRequirements, on402}));
  app.all("/premium", (request, response) => response.type("text/plain").send("premium content"));
  return theirs.listening(app);
}

export default async function cases(suite) {
  const {chain, token} = suite;
  const payer = await suite.payer();
  for (const [facilitator, url] of Object.entries(suite.facilitators)) {
    const shop = await serve(url, suite);
    for (const method of ["GET", "POST"]) {
      const common = {what: `${method} paid, version 1`, server: NAME, facilitator, payer};
      await suite.run({...common, client: "x402-fetch", act: () => theirs.payWithFetchV1(`${shop.url}/premium`, method, payer.account)});
      await suite.run({...common, client: "ours", act: () => ours.pay(`${shop.url}/premium`, method, {chain, token, key: payer.key})});
    }
  }
}
