// The page of operations beside the packages for JavaScript: what it says that they have, they have.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as chat from "@azure/communication-chat";
import * as identity from "@azure/communication-identity";
import { createPipelineRequest, defaultRetryPolicy, RestError } from "@azure/core-rest-pipeline";
import * as graph from "@microsoft/microsoft-graph-client";

const page = readFileSync("crates/ms-messenger/docs/operations.md", "utf8");
const METHODS = ["GET", "PUT", "DELETE", "POST", "PATCH"];
const STATUSES = [408, 500, 501, 502, 503, 504, 505, 507];

const installed = (name, file = "package.json") =>
  readFileSync(new URL(`node_modules/${name}/${file}`, import.meta.url), "utf8");

/** Method, path and the column of the official packages of each row. */
const operations = page
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
  .filter(([, , request]) => /^(GET|POST|PUT|PATCH|DELETE) /.test(request))
  .map(([, , request, , , official]) => [...request.split(" "), official]);

/** The functions that the column names for a client, as JavaScript writes them. */
function functions(client) {
  const names = operations.map(([, , official]) => official.split("."));
  const own = names.filter(([name]) => name === client).map(([, name]) => name);
  return own.map((name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()));
}

test("the versions are those that are installed", () => {
  const named = [...page.matchAll(/(@[\w-]+\/[\w-]+) (\d+\.\d+\.\d+)/g)];
  for (const [, name, version] of named) {
    assert.equal(JSON.parse(installed(name)).version, version, name);
  }
  assert.equal(new Set(named.map(([, name]) => name)).size, 6);
});

test("ACS Chat and Identity have the functions of the column in camel case, and no other requests", () => {
  const others = {
    // Clients of threads, and what needs the signalling of a browser.
    ChatClient: ["getChatThreadClient", "on", "off", "startRealtimeNotifications", "stopRealtimeNotifications"],
    // What `updateTopic` does, with more members.
    ChatThreadClient: ["updateProperties"],
    // What `createUser` does, with a token.
    CommunicationIdentityClient: ["createUserAndToken"],
  };
  for (const [client, more] of Object.entries(others)) {
    const there = { ...chat, ...identity }[client].prototype;
    const own = Object.getOwnPropertyNames(there).filter((name) => name !== "constructor");
    // JavaScript's private functions are named for what they are used by.
    const isHelper = (name) => /(Page|All)$|^canPost|^subscribeTo/.test(name);
    const expected = new Set([...functions(client), ...more]);
    assert.deepEqual(new Set(own.filter((name) => !isHelper(name))), expected, client);
  }
});

test("ACS Messages has the requests that the column names a function for, and no others", () => {
  const source = installed("@azure-rest/communication-messages", "dist/index.js");
  const has = (method, path) => source.includes(`"${method} ${path}": [`);
  const messages = operations.filter(([, path]) => path.startsWith("/messages/"));
  assert(messages.length > 10);
  for (const [method, path, official] of messages) {
    assert.equal(has(method, path), official !== "-", `${method} ${path}`);
  }
});

test("Graph has a function for any path, and classes for uploads and batches", () => {
  assert.equal(typeof graph.Client.prototype.api, "function");
  for (const method of METHODS) {
    assert.equal(typeof graph.GraphRequest.prototype[method.toLowerCase()], "function", method);
  }
  assert.equal(typeof graph.LargeFileUploadTask, "function");
  assert.equal(typeof graph.BatchRequestContent, "function");
});

/** The methods of which a request is sent again by the pipeline of Azure, when `next` is what happens. */
async function repeatedByAzure(next) {
  const repeated = [];
  for (const method of METHODS) {
    let sent = 0;
    const request = createPipelineRequest({ url: "https://localhost/", method });
    const policy = defaultRetryPolicy({ retryDelayInMs: 0 });
    await policy.sendRequest(request, async () => (sent += 1, next(request))).catch(() => {});
    if (sent > 1) repeated.push(method);
  }
  return repeated;
}

test("Azure sends every method again, after a lost connection and by status", async () => {
  const lost = (code) => (request) => {
    throw new RestError("lost", { code, request });
  };
  for (const code of ["ECONNRESET", "ETIMEDOUT"]) {
    assert.deepEqual(await repeatedByAzure(lost(code)), METHODS, code);
  }
  for (const status of STATUSES) {
    const expected = [501, 505].includes(status) ? [] : METHODS;
    const response = (request) => ({ status, request, headers: request.headers });
    assert.deepEqual(await repeatedByAzure(response), expected, `${status}`);
  }
  // Nothing ends the wait for a response.
  assert.equal(createPipelineRequest({ url: "https://localhost/" }).timeout, 0);
});

/** As above, for the client of Graph. */
async function repeatedByGraph(next) {
  const repeated = [];
  for (const method of METHODS) {
    let sent = 0;
    const handler = new graph.RetryHandler(new graph.RetryHandlerOptions());
    handler.setNext({ execute: async (context) => void ((sent += 1), (context.response = next())) });
    await handler.execute({ request: "https://localhost/", options: { method } }).catch(() => {});
    if (sent > 1) repeated.push(method);
  }
  return repeated;
}

test("Graph sends every method again after 503 and 504, and none after a lost connection", async () => {
  const lost = () => {
    throw new TypeError("fetch failed");
  };
  assert.deepEqual(await repeatedByGraph(lost), []);
  for (const status of STATUSES) {
    const expected = [503, 504].includes(status) ? METHODS : [];
    const response = () => new Response(null, { status, headers: { "Retry-After": "0" } });
    assert.deepEqual(await repeatedByGraph(response), expected, `${status}`);
  }
});
