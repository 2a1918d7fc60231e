// The emulator that `msm emulator exec` started, and the Rust clients at it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, beforeEach } from "node:test";

/** The origin of the HTTPS listener. */
export const endpoint = process.env.MSM_EMULATOR_HTTPS;

export async function admin(method, name, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${endpoint}/_emulator/${name}`, { method, body: JSON.stringify(body), headers });
  const text = await response.text();
  assert(response.ok, text);
  return text && JSON.parse(text);
}

/** What the emulator prints when it is ready. */
export const world = await admin("GET", "world");
export const connectionString = process.env.COMMUNICATION_SERVICES_CONNECTION_STRING;

/** The rows of the ledger, one a stored message. */
export const rows = (platform) => admin("GET", `messages?platform=${platform}`);

/** Applies `action` to the next request of an operation. */
export const fault = (operation, action) =>
  admin("PUT", "faults", { rules: [{ match: { operation, nth: [1] }, action }] });

beforeEach(() => admin("POST", "reset"));

/** Everything that an iterator of pages yields. */
export async function all(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Starts the program `interop`, whose Rust clients do what they are told: see tests/examples/interop. */
export function otherSide() {
  const program = path.join(path.dirname(process.env.MSM_BIN ?? "target/debug/msm"), "examples/interop");
  const child = spawn(program, [JSON.stringify(world)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  after(() => child.stdin.end());
  return async (call, fields = {}) => {
    child.stdin.write(`${JSON.stringify({ call, ...fields })}\n`);
    const { value, done } = await lines.next();
    assert(!done, "the other side ended");
    const { ok, error } = JSON.parse(value);
    assert.equal(error, undefined, `${call}: ${error}`);
    return ok;
  };
}
