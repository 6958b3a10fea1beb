// Speaks to a server of the EventStoreDB protocol through one of its Node clients:
//
//   node clients.mjs PACKAGE URL [DENIED-URL]
//
// URL may append; whoever uses DENIED-URL may only read. Prints a line for each thing that
// held, and fails with the first that did not.

import assert from "node:assert/strict";

const [name, url, deniedURL] = process.argv.slice(2);
const lib = await import(name);
const Client = lib.KurrentDBClient ?? lib.EventStoreDBClient;
const { jsonEvent, binaryEvent, START, END, FORWARDS, BACKWARDS, NO_STREAM, ANY, STREAM_EXISTS } = lib;

const stream = `b-student-${name.replace(/\W/g, "")}`;
const event = (n, type = "student.Enrolled.v1") =>
  jsonEvent({ id: `11111111-1111-4111-8111-${String(n).padStart(12, "0")}`, type, data: { n, title: "شهادة ć 🎓" }, metadata: { actor: "node" } });
// at is the option for an expected revision; the clients name it differently.
const at = (revision, more) => ({ expectedRevision: revision, streamState: revision, ...more });
const held = (what) => console.log(`ok: ${what}`);

// all collects what a read gives.
async function all(read) {
  const got = [];
  for await (const e of read) got.push(e.event);
  return got;
}

// refused wants an error of one of the client's own classes.
async function refused(promise, ErrorClass, what) {
  await assert.rejects(promise, (err) => {
    assert.ok(err instanceof ErrorClass, `${what}: got ${err?.constructor?.name}: ${err?.message}`);
    return true;
  });
  held(what);
}

// take reads a subscription until enough has come.
async function take(subscription, enough) {
  const got = [];
  for await (const e of subscription) {
    got.push(e.event);
    if (enough(got)) break;
  }
  await subscription.unsubscribe();
  return got;
}

const client = Client.connectionString(url);

const first = await client.appendToStream(stream, [event(1), event(2, "student.Graded.v1")], at(NO_STREAM));
assert.ok(first.success);
assert.equal(first.nextExpectedRevision, 1n);
assert.equal(first.position.commit, first.position.prepare);
const binary = binaryEvent({ id: "11111111-1111-4111-8111-000000000003", type: "student.Photographed.v1", data: Buffer.from([0, 255, 1]) });
assert.equal((await client.appendToStream(stream, binary, at(1n))).nextExpectedRevision, 2n);
assert.equal((await client.appendToStream(stream, event(4), at(STREAM_EXISTS))).nextExpectedRevision, 3n);
held("appends with expected revisions");

const again = await client.appendToStream(stream, binary, at(1n));
assert.equal(again.nextExpectedRevision, 2n);
assert.equal((await client.appendToStream(stream, event(4), at(ANY))).nextExpectedRevision, 3n);
held("a retry is answered as the first time");

await assert.rejects(client.appendToStream(stream, event(9), at(1n)), (err) => {
  assert.ok(err instanceof lib.WrongExpectedVersionError, `got ${err?.constructor?.name}: ${err?.message}`);
  assert.equal(err.actualState ?? err.actualVersion, 3n);
  assert.equal(err.expectedState ?? err.expectedVersion, 1n);
  return true;
});
await refused(client.appendToStream(stream, event(9), at(NO_STREAM)), lib.WrongExpectedVersionError, "a wrong version is told");
const soft = Client.connectionString(`${url}${url.includes("?") ? "&" : "?"}throwOnAppendFailure=false`);
assert.equal((await soft.appendToStream(stream, event(9), at(1n))).success, false);
await soft.dispose();
const big = jsonEvent({ type: "student.Wrote.v1", data: { text: "x".repeat(1 << 20) } });
await refused(client.appendToStream(stream, big, at(3n)), lib.MaxAppendSizeExceededError, "an append that is too large is told");

const forwards = await all(client.readStream(stream, { direction: FORWARDS, fromRevision: START }));
assert.deepEqual(forwards.map((e) => e.revision), [0n, 1n, 2n, 3n]);
assert.deepEqual(forwards[0].data, { n: 1, title: "شهادة ć 🎓" });
assert.deepEqual(forwards[0].metadata, { actor: "node" });
assert.equal(forwards[0].id, "11111111-1111-4111-8111-000000000001");
assert.equal(forwards[0].streamId, stream);
assert.ok(forwards[0].isJson && !forwards[2].isJson);
assert.deepEqual([...forwards[2].data], [0, 255, 1]);
assert.ok(Math.abs(forwards[0].created.valueOf() - Date.now()) < 3_600_000, `created ${forwards[0].created}`);
const backwards = await all(client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 3 }));
assert.deepEqual(backwards.map((e) => e.revision), [3n, 2n, 1n]);
await refused(all(client.readStream("student-nobody")), lib.StreamNotFoundError, "a stream that does not exist is told");
const ours = (events) => events.filter((e) => e.streamId === stream);
assert.equal(ours(await all(client.readAll({ direction: FORWARDS, fromPosition: START }))).length, 4);
const last = await all(client.readAll({ direction: BACKWARDS, fromPosition: END }));
assert.deepEqual(ours(last).map((e) => e.revision), [3n, 2n, 1n, 0n]);
held("reads both ways");

const seen = await take(client.subscribeToStream(stream, { fromRevision: 1n }), (got) => got.length === 2);
assert.deepEqual(seen.map((e) => e.revision), [2n, 3n]);
held("subscribes to a stream");

let checkpoints = 0;
const byType = client.subscribeToAll({
  fromPosition: START,
  filter: lib.eventTypeFilter({ prefixes: ["student.Graded", "student.Left"], checkpointInterval: 1, maxSearchWindow: 2, checkpointReached: () => { checkpoints++; } }),
});
const later = take(byType, (got) => got.some((e) => e.type === "student.Left.v1" && e.streamId === stream));
const byName = client.subscribeToAll({ fromPosition: START, filter: lib.streamNameFilter({ regex: `^${stream}$` }) });
const named = take(byName, (got) => got.length === 5);
assert.equal((await client.appendToStream(stream, event(5, "student.Left.v1"), at(3n))).nextExpectedRevision, 4n);
assert.deepEqual(ours(await later).map((e) => e.type), ["student.Graded.v1", "student.Left.v1"]);
assert.deepEqual((await named).map((e) => e.revision), [0n, 1n, 2n, 3n, 4n]);
assert.ok(checkpoints > 0, "no checkpoint was told");
held("subscribes with filters, and is told checkpoints");

await refused(client.deleteStream(stream), lib.AccessDeniedError, "deleting is denied");
await refused(client.tombstoneStream(stream), lib.AccessDeniedError, "burying is denied");
await refused(client.setStreamMetadata(stream, { truncateBefore: 3 }), lib.AccessDeniedError, "truncating is denied");
await refused(client.appendToStream("$settings", event(8)), lib.AccessDeniedError, "system streams are denied");

if (deniedURL) {
  const reader = Client.connectionString(deniedURL);
  assert.equal((await all(reader.readStream(stream))).length, 5);
  await refused(reader.appendToStream(stream, event(8), at(4n)), lib.AccessDeniedError, "who may only read is denied");
  await reader.dispose();
  const mine = { username: "writer", password: "secret" };
  assert.equal((await client.appendToStream(stream, event(6), at(4n, { credentials: mine }))).nextExpectedRevision, 5n);
  await refused(client.appendToStream(stream, event(7), at(4n, { credentials: mine })), lib.WrongExpectedVersionError, "a wrong version is told to a call with credentials");
}

await client.dispose();
console.log("done");
