// @azure/communication-identity: users and their tokens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatClient } from "@azure/communication-chat";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { CommunicationIdentityClient } from "@azure/communication-identity";
import { all, connectionString, endpoint, otherSide, world } from "./emulator.js";

const rust = otherSide();
const client = () => new CommunicationIdentityClient(connectionString);
const chat = (token) => new ChatClient(endpoint, new AzureCommunicationTokenCredential(token));
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

test("users and tokens of the package serve the Rust client", async () => {
  const options = { tokenExpiresInMinutes: 60 };
  const { user, token, expiresOn } = await client().createUserAndToken(["chat", "voip"], options);
  assert.equal(claims(token).acsScope, "chat,voip");
  const minutes = (expiresOn - Date.now()) / 60_000;
  assert(58 < minutes && minutes <= 60, `${minutes}`);
  const made = await rust("chat.create", { topic: "mine", as: token });
  const { createdBy } = await chat(token).getChatThreadClient(made.id).getProperties();
  assert.equal(createdBy.communicationUserId, user.communicationUserId);
});

test("users and tokens of the Rust client serve the package", async () => {
  const user = await rust("identity.user");
  const { chatThread } = await chat(user.token).createChatThread({ topic: "yours" });
  assert.equal(chatThread.createdBy.communicationUserId, user.id);
  const known = { communicationUserId: user.id };
  const { token } = await client().getToken(known, ["chat"]);
  assert.deepEqual((await rust("chat.threads", { as: token })).map((it) => it.id), [chatThread.id]);
});

test("tokens are revoked, and go with their user", async () => {
  const user = await client().createUser();
  const { token } = await client().getToken(user, ["chat"]);
  assert.deepEqual(await all(chat(token).listChatThreads()), []);
  await client().revokeTokens(user);
  await assert.rejects(all(chat(token).listChatThreads()), { name: "RestError", statusCode: 401 });
  await client().deleteUser(user);
  await assert.rejects(client().getToken(user, ["chat"]), { statusCode: 404 });
});

test("a token of Entra ID is exchanged for one of a Teams user", async () => {
  const [{ id: userObjectId, token: teamsUserAadToken }] = world.graph.users;
  const clientId = claims(teamsUserAadToken).appid;
  const { token } = await client().getTokenForTeamsUser({ teamsUserAadToken, clientId, userObjectId });
  assert.equal(claims(token).skypeid, `orgid:${userObjectId}`);
  const wrong = client().getTokenForTeamsUser({ teamsUserAadToken: "nonsense", clientId, userObjectId });
  await assert.rejects(wrong, { statusCode: 401, code: "InvalidAccessToken" });
});

test("what is wrong is refused", async () => {
  const short = client().createUserAndToken(["chat"], { tokenExpiresInMinutes: 59 });
  await assert.rejects(short, { statusCode: 400, message: /\[60, 1440\]/ });
  const stranger = new CommunicationIdentityClient(endpoint, { key: "AAAA" });
  await assert.rejects(stranger.createUser(), { statusCode: 401, code: "Denied" });
});
