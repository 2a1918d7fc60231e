// @azure/communication-chat: threads, participants, messages, receipts, typing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatClient } from "@azure/communication-chat";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { CommunicationIdentityClient } from "@azure/communication-identity";
import { admin, all, connectionString, endpoint, fault, otherSide, rows, world } from "./emulator.js";

const [alice, bob, carol] = world.acs.users;
const rust = otherSide();

const client = (user, options) =>
  new ChatClient(endpoint, new AzureCommunicationTokenCredential(user.token), options);
const of = (user, thread, options) => client(user, options).getChatThreadClient(thread);
const participant = (user, displayName) => ({ id: { communicationUserId: user.id }, displayName });

async function newThread(...participants) {
  const { chatThread } = await client(alice).createChatThread({ topic: "Lunch" }, { participants });
  return chatThread.id;
}

async function deletedUser() {
  const identity = new CommunicationIdentityClient(connectionString);
  const user = await identity.createUser();
  await identity.deleteUser(user);
  return user.communicationUserId;
}

test("a thread of the package is read by the package, the Rust client and the ledger", async () => {
  const thread = await newThread(participant(bob, "Bob"), participant(carol, "Carol"));
  const own = of(alice, thread);
  await own.updateTopic("Dinner");
  const contents = ["helo", "<b>Grüße 😀</b>", "nothing"];
  const ids = [];
  for (const content of contents) {
    const type = content.startsWith("<") ? "html" : "text";
    const { id } = await own.sendMessage({ content }, { type, senderDisplayName: "Alice" });
    ids.push(id);
  }
  await own.updateMessage(ids[0], { content: "hello", metadata: { ticket: "42" } });
  await own.deleteMessage(ids[2]);
  await own.removeParticipant({ communicationUserId: carol.id });
  await of(bob, thread).sendReadReceipt({ chatMessageId: ids[1] });
  assert.equal(await of(bob, thread).sendTypingNotification(), true);

  const theirs = await Promise.all(ids.map((id) => of(bob, thread).getMessage(id)));
  assert.deepEqual(
    theirs.map((it) => [it.type, it.content?.message ?? "", it.sender.communicationUserId]),
    [["text", "hello", alice.id], ["html", contents[1], alice.id], ["text", "", alice.id]],
  );
  assert.deepEqual(theirs[0].metadata, { ticket: "42" });
  assert(theirs[0].editedOn instanceof Date && theirs[2].deletedOn instanceof Date);

  const read = await rust("chat.read", { thread, as: bob.token });
  assert.equal(read.topic, "Dinner");
  assert.deepEqual(read.participants, [{ id: alice.id, name: null }, { id: bob.id, name: "Bob" }]);
  assert.deepEqual(read.receipts, [{ reader: bob.id, message: ids[1] }]);
  const messages = Object.fromEntries(read.messages.map((it) => [it.id, it]));
  const seen = ids.map((id) => messages[id]).map((it) => [it.text, it.name, it.is_edited, it.is_deleted]);
  const expected = [["hello", true, false], [contents[1], false, false], ["", false, true]];
  assert.deepEqual(seen, expected.map(([text, ...flags]) => [text, "Alice", ...flags]));
  assert.deepEqual(messages[ids[0]].metadata, { ticket: "42" });
  const sent = (await rows("acs-chat")).map((row) => [row.message_id, row.text, row.sender]);
  assert.deepEqual(sent, ids.map((id, n) => [id, contents[n], alice.id]));
});

test("a thread of the Rust client is read by the package", async () => {
  const gone = await deletedUser();
  const participants = [{ id: bob.id, name: "Bob" }, { id: gone }];
  const { id: thread, rejected } = await rust("chat.create", { topic: "Lunch", participants });
  assert.deepEqual(rejected, [gone]);
  await rust("chat.add", { thread, participants: [{ id: carol.id, name: "Carol" }] });
  await rust("chat.topic", { thread, topic: "Dinner" });
  const metadata = [{ name: "ticket", value: "42" }];
  const edited = await rust("chat.send", { thread, text: "helo", metadata });
  const marked = await rust("chat.send", { thread, html: "<b>Grüße 😀</b>" });
  const deleted = await rust("chat.send", { thread, text: "nothing" });
  await rust("chat.edit", { thread, message: edited, text: "hello" });
  await rust("chat.delete", { thread, message: deleted });
  await rust("chat.receipt", { thread, message: marked, as: bob.token });
  await rust("chat.remove", { thread, participant: carol.id });

  const read = of(bob, thread);
  assert.equal((await read.getProperties()).topic, "Dinner");
  const people = (await all(read.listParticipants())).map((it) => [it.id.communicationUserId, it.displayName]);
  assert.deepEqual(people, [[alice.id, undefined], [bob.id, "Bob"]]);
  const messages = Object.fromEntries((await all(read.listMessages())).map((it) => [it.id, it]));
  assert.equal(messages[edited].content.message, "hello");
  assert(messages[edited].editedOn instanceof Date);
  assert.deepEqual(messages[edited].metadata, { ticket: "42" });
  assert.deepEqual([messages[marked].type, messages[marked].content.message], ["html", "<b>Grüße 😀</b>"]);
  assert(messages[deleted].deletedOn instanceof Date && !messages[deleted].content?.message);
  const [receipt, ...more] = await all(read.listReadReceipts());
  assert.deepEqual([receipt.sender.communicationUserId, receipt.chatMessageId, more], [bob.id, marked, []]);
});

test("participants that are rejected, and requests that are refused, are told apart", async () => {
  const gone = { communicationUserId: await deletedUser() };
  const made = await client(alice).createChatThread({ topic: "Lunch" }, { participants: [{ id: gone }] });
  const [error] = made.invalidParticipants;
  assert.deepEqual([error.code, error.target], ["404", gone.communicationUserId]);
  const thread = made.chatThread.id;
  const added = await of(alice, thread).addParticipants({ participants: [participant(bob), { id: gone }] });
  assert.deepEqual(added.invalidParticipants.map((it) => it.target), [gone.communicationUserId]);
  const outside = of(carol, thread).sendMessage({ content: "let me in" });
  await assert.rejects(outside, { name: "RestError", statusCode: 403, code: "Forbidden" });
  await client(alice).deleteChatThread(thread);
  await assert.rejects(of(alice, thread).getProperties(), { statusCode: 404, code: "NotFound" });
  assert.deepEqual(await rows("acs-chat"), []);
});

test("threads, messages and participants come in pages", async () => {
  const made = [];
  for (let n = 0; n < 3; n += 1) made.push(await newThread(participant(bob)));
  const own = of(alice, made[0]);
  for (let n = 0; n < 5; n += 1) await own.sendMessage({ content: `m${n}` });
  const listed = await all(client(alice).listChatThreads({ maxPageSize: 2 }));
  assert.deepEqual(new Set(listed.map((it) => it.id)), new Set([...made, world.acs.thread_id]));
  const pages = await all(own.listMessages({ maxPageSize: 3 }).byPage());
  assert.deepEqual(pages.map((page) => page.length), [3, 3, 1]);
  const texts = pages.flat().filter((it) => it.type === "text").map((it) => it.content.message);
  assert.deepEqual(texts, ["m4", "m3", "m2", "m1", "m0"]);
  assert.equal((await all(own.listParticipants({ maxPageSize: 1 }))).length, 2);
  const threads = (await rust("chat.threads")).map((it) => it.id);
  assert.deepEqual(new Set(threads), new Set(listed.map((it) => it.id)));
});

test("a thread is created once under its key, which the package chooses by itself", async () => {
  const patient = client(alice, { retryOptions: { retryDelayInMs: 1 } });
  await fault("thread.create", { kind: "reset", when: "after_store" });
  const { chatThread } = await patient.createChatThread({ topic: "Lunch" }, { idempotencyToken: "one" });
  await fault("thread.create", { kind: "reset", when: "after_store" });
  const { chatThread: other } = await patient.createChatThread({ topic: "Lunch" });
  const again = await patient.createChatThread({ topic: "Lunch" }, { idempotencyToken: "one" });
  assert.equal(again.chatThread.id, chatThread.id);
  const listed = (await all(patient.listChatThreads())).map((it) => it.id);
  assert.deepEqual(new Set(listed), new Set([chatThread.id, other.id, world.acs.thread_id]));
  assert.equal((await admin("GET", "stats")).platforms["acs-chat"].faults, 2);
});

test("a send that was stored before its connection was lost is stored twice", async () => {
  const own = of(alice, await newThread(), { retryOptions: { retryDelayInMs: 1 } });
  await fault("send", { kind: "reset", when: "after_store" });
  await own.sendMessage({ content: "once, please" });
  const [first, second] = await rows("acs-chat");
  assert.deepEqual([first.text, second.text], ["once, please", "once, please"]);
  assert.equal(second.duplicate_of, first.seq);
});

test("a throttled send is stored once", async () => {
  const own = of(alice, await newThread());
  await fault("send", { kind: "status", status: 429, headers: { "Retry-After": "0" } });
  await own.sendMessage({ content: "patience" });
  assert.equal((await rows("acs-chat")).length, 1);
  assert.equal((await admin("GET", "stats")).platforms["acs-chat"].faults, 1);
});
