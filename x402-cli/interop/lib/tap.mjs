// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Keeps what goes over the wire: each exchange once, with who spoke to whom.

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

export function keep(tag, method, url, requestHeaders, requestBody, status, responseHeaders, responseBody) {
  const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([n, v]) => [n.toLowerCase(), `${v}`]));
  exchanges.push({tag, ...speakers, method, path: new URL(url, "http://x").pathname,
    requestHeaders: lower(requestHeaders), requestBody, status, responseHeaders: lower(responseHeaders), responseBody});
}
