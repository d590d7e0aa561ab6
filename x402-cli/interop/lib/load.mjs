// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Load over connections that are kept open: each sends its next request when it has the answer to the last.
import {connect} from "node:net";

const CONNECTIONS = 16;

/** Sends requests until `next` returns none or the time is over; returns answers with this status per second. */
export async function load(url, status, milliseconds, next) {
  const {hostname, port} = new URL(url);
  const end = performance.now() + milliseconds;
  let answers = 0;
  const wrong = [];
  const start = performance.now();
  await Promise.all(Array.from({length: CONNECTIONS}, () => new Promise((done, fail) => {
    const socket = connect({host: hostname, port: Number(port), noDelay: true});
    let held = Buffer.alloc(0);
    let needed = -1;
    const ask = () => {
      const request = performance.now() < end ? next() : undefined;
      if (request === undefined) return socket.end(done);
      socket.write(request);
    };
    socket.on("connect", ask).on("error", fail);
    socket.on("data", (part) => {
      held = held.length ? Buffer.concat([held, part]) : part;
      if (needed < 0) needed = lengthOf(held);
      if (needed < 0 || held.length < needed) return;
      const code = Number(held.toString("latin1", 9, 12));
      if (code === status) answers++;
      else wrong.push(held.toString("latin1", 0, 500));
      held = held.subarray(needed);
      needed = -1;
      ask();
    });
  })));
  if (wrong.length > answers / 4) throw new Error(`${wrong.length} of ${wrong.length + answers} wrong: ${wrong[0]}`);
  return {rate: (answers * 1000) / (performance.now() - start), answers, wrong: wrong.length};
}

/** The length of the answer that begins here, -1 while its head is not complete. */
function lengthOf(bytes) {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return -1;
  const length = bytes.toString("latin1", 0, head).match(/\r\ncontent-length: *(\d+)/i);
  if (!length) throw new Error(`an answer without Content-Length: ${bytes.toString("latin1", 0, head)}`);
  return head + 4 + Number(length[1]);
}
