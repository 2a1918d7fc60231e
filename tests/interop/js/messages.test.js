// @azure-rest/communication-messages: notifications, templates, media.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import messagesPackage from "@azure-rest/communication-messages";
import { all, connectionString, endpoint, fault, otherSide, rows, world } from "./emulator.js";

const { default: messages, isUnexpected, paginate } = messagesPackage;
const CHANNEL = world.acs.channel_registration_id;
const TO = "+14255550123";
const MEDIA = "https://example.com/file";

const rust = otherSide();
const client = (options) => messages(connectionString, options);

function send(content, { headers, ...options } = {}) {
  const body = { channelRegistrationId: CHANNEL, to: [TO], ...content };
  return client(options).path("/messages/notifications:send").post({ body, headers });
}

const reminder = {
  name: "appointment_reminder",
  language: "en_US",
  values: [
    { kind: "text", name: "day", text: "Monday" },
    { kind: "text", name: "hour", text: "noon" },
  ],
  bindings: { kind: "whatsApp", body: [{ refValue: "day" }, { refValue: "hour" }] },
};

const contents = [
  [{ kind: "text", content: "Grüße 😀" }, "Grüße 😀"],
  [{ kind: "image", mediaUri: MEDIA, caption: "cat" }, "cat"],
  [{ kind: "document", mediaUri: MEDIA, fileName: "a.pdf" }, MEDIA],
  [{ kind: "video", mediaUri: MEDIA, caption: "film" }, "film"],
  [{ kind: "audio", mediaUri: MEDIA }, MEDIA],
  [{ kind: "template", template: reminder }, "appointment_reminder"],
];

test("each kind of notification is stored as it was sent", async () => {
  for (const [content, text] of contents) {
    const response = await send(content);
    assert.equal(response.status, "202", JSON.stringify(response.body));
    const [receipt] = response.body.receipts;
    assert.equal(receipt.to, TO);
    const row = (await rows("acs-messages")).at(-1);
    assert.deepEqual([row.message_id, row.kind, row.text], [receipt.messageId, content.kind, text]);
    assert.deepEqual([row.conversation, row.sender], [TO, CHANNEL]);
  }
  assert.equal((await rows("acs-messages")).length, contents.length);
});

test("templates and media are the same for both", async () => {
  for (const queryParameters of [{}, { maxpagesize: 2 }]) {
    const path = client().path("/messages/channels/{channelId}/templates", CHANNEL);
    const listed = await all(paginate(client(), await path.get({ queryParameters })));
    const shown = ({ name, language, status, content }) => ({ name, language, status, content });
    assert.equal(listed.length, 11);
    assert.deepEqual((await rust("messages.templates")).map(shown), listed.map(shown));
  }
  const media = client().path("/messages/streams/{id}", world.acs.media_id).get();
  const chunks = await all((await media.asNodeStream()).body);
  const { bytes } = await rust("messages.media", { id: world.acs.media_id });
  assert.deepEqual(Buffer.concat(chunks), Buffer.from(bytes));
});

test("a template of the package and one of the Rust client say the same", async () => {
  await send({ kind: "template", template: reminder });
  const body = reminder.values.map(({ text }) => ({ text }));
  const id = await rust("messages.send_template", { to: TO, name: reminder.name, language: reminder.language, body });
  const [theirs, ours] = await rows("acs-messages");
  assert.equal(ours.message_id, id);
  const said = ({ request: { body: { template } } }) => {
    const values = Object.fromEntries(template.values.map((it) => [it.name, it.text]));
    const bound = template.bindings.body.map((it) => values[it.refValue]);
    return [template.name, template.language, template.bindings.kind, bound];
  };
  assert.deepEqual(said(ours), said(theirs));
  assert.deepEqual(said(ours), ["appointment_reminder", "en_US", "whatsApp", ["Monday", "noon"]]);
});

test("a notification is stored twice after a lost connection, except under a key", async () => {
  const options = { retryOptions: { retryDelayInMs: 1 } };
  await fault("send.notification", { kind: "reset", when: "after_store" });
  assert.equal((await send({ kind: "text", content: "plain" }, options)).status, "202");
  const headers = {
    "Repeatability-Request-ID": randomUUID(),
    "Repeatability-First-Sent": new Date().toUTCString(),
  };
  await fault("send.notification", { kind: "reset", when: "after_store" });
  assert.equal((await send({ kind: "text", content: "keyed" }, { ...options, headers })).status, "202");
  const stored = (await rows("acs-messages")).map((row) => [row.text, row.replays]);
  assert.deepEqual(stored, [["plain", 0], ["plain", 0], ["keyed", 1]]);
});

test("what is wrong is told", async () => {
  const long = await send({ kind: "text", content: "x".repeat(4097) });
  assert(isUnexpected(long));
  assert.equal(long.body.error.innererror.code, "WaErrorCode.InvalidParameter");
  const lost = await client().path("/messages/streams/{id}", randomUUID()).get();
  assert.deepEqual([lost.status, lost.body.error.code], ["404", "MediaNotFound"]);
  const stranger = messages(endpoint, { key: "AAAA" });
  const denied = await stranger.path("/messages/channels/{channelId}/templates", CHANNEL).get();
  assert.deepEqual([denied.status, denied.body.error.code], ["401", "Denied"]);
  assert.deepEqual(await rows("acs-messages"), []);
});
