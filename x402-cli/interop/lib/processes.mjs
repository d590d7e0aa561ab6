// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
// Processes of the suite: all of them end with it.
import {spawn} from "node:child_process";

const running = new Set();

/** Starts a program whose output is kept in `child.text`. */
export function started(command, args, {env = {}} = {}) {
  const child = spawn(command, args, {env: {...process.env, ...env}, stdio: ["pipe", "pipe", "pipe"]});
  child.text = "";
  child.command = `${command.split("/").pop()} ${args.slice(-6).join(" ")}`;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part) => {
      child.text += part;
      child.emit("text");
    });
  }
  running.add(child);
  child.on("exit", () => running.delete(child));
  child.on("error", (error) => (child.text += error));
  return child;
}

/** Waits until the program has printed a line of this form. */
export function startedLine(child, form, seconds = 60) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => finish(() => fail(new Error(`${child.command}: not ready\n${child.text}`))), seconds * 1000);
    const finish = (then) => {
      clearTimeout(timer);
      child.off("text", look);
      child.off("exit", ended);
      then();
    };
    const look = () => {
      const match = child.text.match(form);
      if (match) finish(() => done(match));
    };
    const ended = () => setTimeout(() => finish(() => fail(new Error(`${child.command}: ended\n${child.text}`))), 50);
    child.on("text", look);
    child.on("exit", ended);
    look();
  });
}

/** Runs a program to its end and returns what it wrote to its standard output. */
export function finished(command, args, {env = {}, seconds = 60} = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {env: {...process.env, ...env}, stdio: ["ignore", "pipe", "pipe"]});
    running.add(child);
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    let out = "";
    let err = "";
    child.stdout.on("data", (part) => (out += part));
    child.stderr.on("data", (part) => (err += part));
    child.on("error", fail);
    child.on("close", (code) => {
      clearTimeout(timer);
      running.delete(child);
      done({code, out, err});
    });
  });
}

export async function stop(child) {
  if (!running.has(child)) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}

export const stopAll = () => Promise.all([...running].map(stop));
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => process.exit(1));
