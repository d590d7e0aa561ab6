// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Keeps what goes over the wire: each exchange once, with who spoke to whom.
import {createServer, request as httpRequest} from "node:http";

export const exchanges = [];
let speakers = {};

/** Says who takes part from now on. */
export const between = (who) => (speakers = who);

/** Keeps the exchanges of a fetch function. */
export const tapped = (fetchFunction, tag) => async (input, init) => {
  const request = new Request(input, init);
  const body = await request.clone().text();
  const response = await fetchFunction(request);
  keep(tag, request.method, request.url, Object.fromEntries(request.headers), body,
    response.status, Object.fromEntries(response.headers), await response.clone().text());
  return response;
};

/** Keeps the exchanges of an Express application. */
export const tappingMiddleware = (tag) => (request, response, next) => {
  let answer = "";
  const {write, end} = response;
  response.write = function (part, ...rest) {
    if (part) answer += part;
    return write.call(this, part, ...rest);
  };
  response.end = function (part, ...rest) {
    if (part && typeof part !== "function") answer += part;
    return end.call(this, part, ...rest);
  };
  response.on("finish", () =>
    keep(tag, request.method, request.url, request.headers, request.body ? JSON.stringify(request.body) : "",
      response.statusCode, response.getHeaders(), answer));
  next();
};

/** A way to a server or facilitator that keeps what passes; `tag` is "server" or "facilitator". */
export async function relayed(url, tag) {
  const relay = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const {connection, "content-length": length, "transfer-encoding": coding, ...headers} = request.headers;
    const asked = httpRequest(new URL(request.url, url), {method: request.method, headers: {...headers, ...(body.length && {"content-length": body.length})}});
    asked.on("error", () => response.destroy());
    asked.on("response", async (answer) => {
      const said = [];
      for await (const part of answer) said.push(part);
      const answerBody = Buffer.concat(said);
      keep(tag, request.method, request.url, request.headers, body.toString(), answer.statusCode, answer.headers, answerBody.toString());
      const {connection: c, "content-length": l, "transfer-encoding": t, ...answered} = answer.headers;
      response.writeHead(answer.statusCode, {...answered, "content-length": answerBody.length});
      response.end(answerBody);
    });
    asked.end(body);
  });
  await new Promise((done) => relay.listen(0, "127.0.0.1", done));
  relay.unref();
  return {url: `http://127.0.0.1:${relay.address().port}`};
}

export function keep(tag, method, url, requestHeaders, requestBody, status, responseHeaders, responseBody) {
  const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([n, v]) => [n.toLowerCase(), `${v}`]));
  exchanges.push({tag, ...speakers, method, path: new URL(url, "http://x").pathname,
    requestHeaders: lower(requestHeaders), requestBody, status, responseHeaders: lower(responseHeaders), responseBody});
}
