// @microsoft/microsoft-graph-client: messages of channels and chats, pages, batches.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { admin, endpoint, fault, otherSide, rows, world } from "./emulator.js";

const { users, team_id: team, channel_id: channel, chat_id: chat } = world.graph;
const [alice, bob, carol] = users;
const CHAT = `/chats/${chat}/messages`;
const CHANNEL = `/teams/${team}/channels/${channel}/messages`;
const PNG = Buffer.from("89504e470d0a1a0a0001020304", "hex");

const rust = otherSide();

const client = (user) =>
  Client.initWithMiddleware({
    baseUrl: endpoint,
    customHosts: new Set([new URL(endpoint).hostname]),
    authProvider: { getAccessToken: async () => user.token },
  });
const api = (path, user = alice) => client(user).api(path);
const text = (content) => ({ body: { content } });

/** All items of a list, page by page. */
async function paged(list, user = alice) {
  const items = [];
  const iterator = new PageIterator(client(user), await list.get(), (item) => items.push(item) > 0);
  await iterator.iterate();
  assert(iterator.isComplete());
  return { items, deltaLink: iterator.getDeltaLink() };
}

test("messages of the package are read by the Rust client", async () => {
  const { id } = await api(CHAT).post(text("helo"));
  await api(`${CHAT}/${id}`).patch(text("hello"));
  await api(`${CHAT}/${id}/setReaction`, bob).post({ reactionType: "👍" });
  const picture = await api(CHAT).post({
    body: { contentType: "html", content: '<img src="../hostedContents/1/$value">' },
    hostedContents: [
      { "@microsoft.graph.temporaryId": "1", contentBytes: PNG.toString("base64"), contentType: "image/png" },
    ],
  });
  const deleted = await api(CHAT).post(text("nothing"));
  await api(`/users/${alice.id}${CHAT}/${deleted.id}/softDelete`).post();

  const read = await rust("graph.get", { message: id });
  assert.equal(read.body.content, "hello");
  const reactions = read.reactions.map((it) => [it.reactionType, it.user.user.id]);
  assert.deepEqual(reactions, [["👍", bob.id]]);
  const [content] = await rust("graph.hosted", { message: picture.id });
  assert.deepEqual(Buffer.from(content), PNG);
  const gone = await rust("graph.get", { message: deleted.id });
  assert(gone.deletedDateTime && !gone.body.content);
  const stored = (await rows("msgraph-chat")).map((row) => [row.message_id, row.conversation]);
  assert.deepEqual(stored, [id, picture.id, deleted.id].map((it) => [it, chat]));
});

test("messages of the Rust client are read by the package", async () => {
  const id = await rust("graph.send", { text: "helo" });
  await rust("graph.edit", { message: id, text: "hello" });
  await rust("graph.react", { message: id, emoji: "👍" });
  const image = await rust("graph.image", { text: "not really a picture" });
  const file = await rust("graph.file", { name: "visits.csv", text: "day,visits\n" });

  const read = await api(`${CHAT}/${id}`, bob).get();
  assert.deepEqual([read.body.content, read.from.user.id], ["hello", alice.id]);
  assert.deepEqual(read.reactions.map((it) => [it.reactionType, it.user.user.id]), [["👍", alice.id]]);
  const { items: [hosted] } = await paged(api(`${CHAT}/${image}/hostedContents`, bob), bob);
  const stream = await api(`${CHAT}/${image}/hostedContents/${hosted.id}/$value`, bob).getStream();
  assert.equal(await new Response(stream).text(), "not really a picture");
  const { attachments: [attachment] } = await api(`${CHAT}/${file}`, bob).get();
  assert.deepEqual([attachment.contentType, attachment.name], ["reference", "visits.csv"]);
});

test("a thread of a channel has posts and replies of both", async () => {
  const theirs = await api(CHANNEL).post({ subject: "Greeting", ...text("Good morning") });
  const first = await rust("graph.reply", { message: theirs.id, text: "To you, too", as: bob.token });
  const ours = await rust("graph.post", { text: "The build is red" });
  const second = await api(`${CHANNEL}/${ours}/replies`, bob).post(text("I am on it"));

  const expected = [[ours, second.id], [theirs.id, first]];
  const { items } = await paged(api(CHANNEL).expand("replies"));
  assert.deepEqual(items.map((it) => [it.id, it.replies[0].id]), expected);
  const posts = await rust("graph.posts");
  assert.deepEqual(posts.map((it) => [it.id, it.replies[0].id]), expected);
  assert.deepEqual([posts[1].subject, posts[1].replies[0].body.content], ["Greeting", "To you, too"]);
  const stored = (await rows("msgraph-chat")).map((row) => [row.operation, row.text]);
  const sent = ["send", "send.reply", "send", "send.reply"];
  const texts = ["Good morning", "To you, too", "The build is red", "I am on it"];
  assert.deepEqual(stored, texts.map((it, n) => [sent[n], it]));
});

test("pages end, and a delta goes on where they ended", async () => {
  const ids = [];
  for (let n = 0; n < 5; n += 1) ids.push((await api(CHAT).post(text(`m${n}`))).id);
  const { items } = await paged(api(CHAT).top(2));
  assert.deepEqual(items.map((it) => it.id), ids.toReversed());
  const root = await api(CHANNEL).post(text("first"));
  const { items: [known], deltaLink } = await paged(api(`${CHANNEL}/delta`));
  assert.equal(known.id, root.id);
  const later = await rust("graph.post", { text: "second" });
  const { items: changed } = await paged(api(deltaLink));
  assert.deepEqual(changed.map((it) => it.id), [later]);
});

test("chats of one are chats of the other", async () => {
  const member = (user) => ({
    "@odata.type": "#microsoft.graph.aadUserConversationMember",
    "user@odata.bind": `${endpoint}/v1.0/users('${user.id}')`,
    roles: ["owner"],
  });
  const members = [alice, bob].map(member);
  const theirs = await api("/chats").post({ chatType: "group", topic: "Lunch", members });
  await api(`/chats/${theirs.id}`).patch({ topic: "Dinner" });
  await api(`/chats/${theirs.id}/members`).post(member(carol));
  const ours = await rust("graph.group", { topic: "Release", members: [alice, carol].map(({ id }) => ({ id })) });

  const expected = new Set([`Dinner ${theirs.id}`, `Release ${ours}`]);
  const { items } = await paged(api("/me/chats").expand("members").top(2));
  for (const chats of [items, await rust("graph.chats")]) {
    const found = chats.map((it) => `${it.topic} ${it.id}`).filter((it) => expected.has(it));
    assert.deepEqual(new Set(found), expected);
  }
  const people = items.find((it) => it.id === theirs.id).members.map((it) => it.displayName);
  assert.deepEqual(people.toSorted(), ["Alice", "Bob", "Carol"]);
});

test("a batch of the package and one of the Rust client are stored the same", async () => {
  const request = (id, path, body, dependsOn) => {
    const headers = { "Content-Type": "application/json" };
    const options = body ? { method: "POST", body: JSON.stringify(body), headers } : { method: "GET" };
    // Of its address only the path goes into the batch.
    return { id, request: new Request(`https://graph.microsoft.com${path}`, options), dependsOn };
  };
  const one = { body: { content: "one", contentType: "text" } };
  const parts = [request("1", CHAT, one), request("2", "/me"), request("3", CHAT, {})];
  const content = await new BatchRequestContent(parts).getContent();
  const responses = new BatchResponseContent(await api("/$batch").post(content)).getResponses();
  const statuses = [...responses].map(([id, it]) => [id, it.status]);
  assert.deepEqual(Object.fromEntries(statuses), { 1: 201, 2: 200, 3: 400 });
  const sent = await responses.get("1").json();
  assert.equal((await responses.get("2").json()).displayName, "Alice");
  const [ours] = await rust("graph.batch", { parts: [{ chat, text: "two" }] });
  const stored = await rows("msgraph-chat");
  assert.deepEqual(stored.map((row) => [row.message_id, row.text]), [[sent.id, "one"], [ours, "two"]]);
  assert.deepEqual(stored.map((row) => row.request.body), [one, { body: { ...one.body, content: "two" } }]);
});

test("a refusal is an error with its code", async () => {
  const unknown = { body: { contentType: "html", content: '<attachment id="7"></attachment>' } };
  const expected = "Body contains marker for unknown attachment with Id '7'.";
  await assert.rejects(api(CHAT).post(unknown), { statusCode: 400, code: "BadRequest", message: expected });
  await assert.rejects(api(`${CHAT}/1`).get(), { statusCode: 404, code: "NotFound" });
  assert.deepEqual(await rows("msgraph-chat"), []);
});

test("a send is stored twice after a 504, and once after a lost connection", async () => {
  await fault("send", { kind: "status_after_store", status: 504, headers: { "Retry-After": "0" } });
  await api(CHAT).post(text("gateway"));
  await fault("send", { kind: "reset", when: "after_store" });
  await assert.rejects(api(CHAT).post(text("connection")));
  const texts = (await rows("msgraph-chat")).map((row) => row.text);
  assert.deepEqual(texts, ["gateway", "gateway", "connection"]);
});

test("throttling is waited out by the client", async () => {
  await fault("send", { kind: "status", status: 429, headers: { "Retry-After": "0" } });
  const { id } = await api(CHAT).post(text("patience"));
  const [row] = await rows("msgraph-chat");
  assert.deepEqual([row.message_id, row.request.headers["retry-attempt"]], [id, "1"]);
  assert.equal((await admin("GET", "stats")).platforms["msgraph-chat"].faults, 1);
});
