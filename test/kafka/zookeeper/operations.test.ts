/** What can be done to nodes, and what is refused. A1, PrepRequestProcessor, DataTree. */
import { describe, expect, test } from "vitest";
import type { ZkCheckOp, ZkResponse, ZkWriteOp } from "../../../src/kafka/zookeeper/client-protocol.ts";
import { makeZxid } from "../../../src/kafka/zookeeper/zxid.ts";
import type { TestClient } from "./test-client.ts";
import { TestEnsemble } from "./test-ensemble.ts";

/** A store of three servers, and a client of a follower. The session is the first transaction. */
function store(): { e: TestEnsemble; client: TestClient } {
  const e = new TestEnsemble().start();
  e.elect();
  return { e, client: e.client([e.follower]) };
}

function create(
  path: string,
  mode: "PERSISTENT" | "EPHEMERAL" | "PERSISTENT_SEQUENTIAL" | "EPHEMERAL_SEQUENTIAL" = "PERSISTENT",
) {
  return { op: "create", path, data: null, mode } as const;
}

/** All are asked for at once: each is checked against what those before it will have done. */
function pipeline(e: TestEnsemble, client: TestClient, ...requests: readonly ZkWriteOp[]): string[] {
  const asked = requests.map((request) => client.ask(request));
  return asked.map((each) => e.answer(each).error);
}

function multi(e: TestEnsemble, client: TestClient, ...ops: readonly (ZkWriteOp | ZkCheckOp)[]): ZkResponse {
  return e.do(client, { op: "multi", ops });
}

function errors({ results }: ZkResponse): string[] | undefined {
  return results?.map(({ error }) => error);
}

describe("create", () => {
  test("A1: NODEEXISTS for what is there, NONODE without a parent", () => {
    const { e, client } = store();
    expect(pipeline(e, client, create("/a"), create("/a"), create("/b/c"))).toEqual(["OK", "NODEEXISTS", "NONODE"]);
  });

  test("A1: an ephemeral node belongs to its session and has no children", () => {
    const { e, client } = store();
    expect(pipeline(e, client, create("/e", "EPHEMERAL"), create("/e/c"))).toEqual(["OK", "NOCHILDRENFOREPHEMERALS"]);
    expect(e.do(client, { op: "exists", path: "/e", watch: false }).stat?.ephemeralOwner).toBe(client.session);
  });

  test("A1: sequential nodes are numbered with ten digits by how many children there ever were", () => {
    const { e, client } = store();
    e.do(client, create("/q"));
    const asked = [
      client.ask(create("/q/n-", "PERSISTENT_SEQUENTIAL")),
      client.ask(create("/q/other")),
      client.ask(create("/q/e-", "EPHEMERAL_SEQUENTIAL")),
    ];
    expect(asked.map((each) => e.answer(each).path)).toEqual(["/q/n-0000000000", "/q/other", "/q/e-0000000002"]);
    // A number is never used again.
    e.do(client, { op: "delete", path: "/q/e-0000000002", version: -1 });
    expect(e.do(client, create("/q/n-", "PERSISTENT_SEQUENTIAL")).path).toBe("/q/n-0000000003");
  });

  test("its answer shows the node: czxid is the transaction's own", () => {
    const { e, client } = store();
    expect(e.do(client, create("/a"))).toMatchObject({
      path: "/a",
      zxid: makeZxid(1, 2),
      stat: { czxid: makeZxid(1, 2), version: 0 },
    });
  });
});

describe("setData and delete", () => {
  test("A1: with an expected version fail with BADVERSION unless it is the node's; -1 is any", () => {
    const { e, client } = store();
    e.do(client, create("/a"));
    const set = (version: number) => ({ op: "setData", path: "/a", data: version, version }) as const;
    expect(pipeline(e, client, set(0), set(0), set(1), set(-1), set(3))).toEqual(["OK", "BADVERSION", "OK", "OK", "OK"]);
    const { stat } = e.do(client, { op: "exists", path: "/a", watch: false });
    expect(stat).toMatchObject({ version: 4, czxid: makeZxid(1, 2) });
    const remove = (version: number) => ({ op: "delete", path: "/a", version }) as const;
    expect(pipeline(e, client, remove(3), remove(4), remove(-1), set(-1))).toEqual(["BADVERSION", "OK", "NONODE", "NONODE"]);
  });

  test("a node with children stays", () => {
    const { e, client } = store();
    const remove = (path: string) => ({ op: "delete", path, version: -1 }) as const;
    expect(pipeline(e, client, create("/a"), create("/a/b"), remove("/a"), remove("/a/b"), remove("/a"))).toEqual([
      "OK",
      "OK",
      "NOTEMPTY",
      "OK",
      "OK",
    ]);
  });

  test("a node that was deleted and made again begins at version 0", () => {
    const { e, client } = store();
    e.do(client, create("/a"));
    e.do(client, { op: "setData", path: "/a", data: 1, version: -1 });
    e.do(client, { op: "delete", path: "/a", version: 1 });
    expect(e.do(client, create("/a")).stat?.version).toBe(0);
  });
});

describe("multi", () => {
  test("A1: does all its parts under one zxid, and answers each", () => {
    const { e, client } = store();
    e.do(client, create("/a"));
    const done = multi(
      e,
      client,
      { op: "check", path: "/a", version: 0 },
      create("/a/b"),
      { op: "setData", path: "/a/b", data: 7, version: 0 },
      create("/a/s-", "EPHEMERAL_SEQUENTIAL"),
      { op: "delete", path: "/a/b", version: 1 },
    );
    const zxid = makeZxid(1, 3);
    expect(done).toMatchObject({ error: "OK", zxid });
    expect(done.results).toEqual([
      { error: "OK" },
      { error: "OK", path: "/a/b", stat: { czxid: zxid, mzxid: zxid, version: 0, ephemeralOwner: 0 } },
      { error: "OK", stat: { czxid: zxid, mzxid: zxid, version: 1, ephemeralOwner: 0 } },
      { error: "OK", path: "/a/s-0000000001", stat: { czxid: zxid, mzxid: zxid, version: 0, ephemeralOwner: client.session } },
      { error: "OK" },
    ]);
    expect(e.do(client, { op: "getChildren", path: "/a", watch: false }).children).toEqual(["s-0000000001"]);
  });

  test("A1: or none: the part at fault says why, those after it RUNTIMEINCONSISTENCY, those before it nothing", () => {
    const { e, client } = store();
    e.do(client, create("/a"));
    const done = multi(e, client, create("/b"), { op: "check", path: "/a", version: 3 }, create("/c"));
    expect(done.error).toBe("BADVERSION");
    expect(errors(done)).toEqual(["OK", "BADVERSION", "RUNTIMEINCONSISTENCY"]);
    expect(e.do(client, { op: "getChildren", path: "/", watch: false }).children).toEqual(["a"]);
  });

  test("what a failed one would have done does not count for those behind it (ZOOKEEPER-1624)", () => {
    const { e, client } = store();
    e.do(client, create("/a"));
    const asked = [
      client.ask(create("/a/s-", "PERSISTENT_SEQUENTIAL")),
      client.ask({
        op: "multi",
        ops: [create("/a/s-", "PERSISTENT_SEQUENTIAL"), create("/a/x"), { op: "delete", path: "/a", version: -1 }],
      }),
      client.ask(create("/a/s-", "PERSISTENT_SEQUENTIAL")),
      client.ask(create("/a/x")),
    ];
    expect(asked.map((each) => e.answer(each)).map(({ error, path }) => path ?? error)).toEqual([
      "/a/s-0000000000",
      "NOTEMPTY",
      "/a/s-0000000001",
      "/a/x",
    ]);
  });

  test("is reported as what it comes to: what it makes and deletes again is neither created nor deleted", () => {
    const { e, client } = store();
    e.do(client, create("/old"));
    multi(
      e,
      client,
      create("/a", "EPHEMERAL"),
      { op: "delete", path: "/a", version: -1 },
      create("/b"),
      { op: "setData", path: "/b", data: 1, version: 0 },
      { op: "delete", path: "/old", version: -1 },
      create("/old", "EPHEMERAL"),
    );
    expect(e.journal.of("ZkTransactionCommitted").at(-1)).toMatchObject({
      created: [
        { path: "/b", owner: 0 },
        { path: "/old", owner: client.session },
      ],
      deleted: ["/old"],
    });
  });

  test("of nothing but checks is a question, in the order of all writes", () => {
    const { e, client } = store();
    expect(errors(multi(e, client, { op: "check", path: "/", version: 0 }))).toEqual(["OK"]);
    expect(errors(multi(e, client, { op: "check", path: "/a", version: 0 }))).toEqual(["NONODE"]);
  });
});

describe("a refusal", () => {
  test("is a transaction of its own, so that it stands in the order of all (ErrorTxn)", () => {
    const { e, client } = store();
    expect(e.do(client, { op: "delete", path: "/a", version: -1 })).toEqual({ error: "NONODE", zxid: makeZxid(1, 2) });
    expect(e.do(client, create("/a")).zxid).toBe(makeZxid(1, 3));
  });
});

test("reads say NONODE of what is not there; children come in ascending order", () => {
  const { e, client } = store();
  for (const op of ["getData", "exists", "getChildren"] as const) {
    expect(e.do(client, { op, path: "/a", watch: false })).toEqual({ error: "NONODE", zxid: makeZxid(1, 1) });
  }
  for (const name of ["b", "a", "10", "9", "c"]) e.do(client, create(`/${name}`));
  expect(e.do(client, { op: "getChildren", path: "/", watch: false }).children).toEqual(["10", "9", "a", "b", "c"]);
  e.do(client, { op: "delete", path: "/a", version: -1 });
  expect(e.do(client, { op: "getChildren", path: "/", watch: false }).children).toEqual(["10", "9", "b", "c"]);
});
