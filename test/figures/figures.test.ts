/** The simulations behind docs/figures.md, with few partitions and few seeds. */
import { describe, expect, test } from "vitest";
import { detectionOf } from "../../bench/figures/detection.ts";
import { documentOf, mergedInto } from "../../bench/figures/document.ts";
import { electionSeconds } from "../../bench/figures/elections.ts";
import { failoverSeconds } from "../../bench/figures/failover-reads.ts";
import { type Figure, type Row, simulatedText, verdictOf } from "../../bench/figures/figure.ts";
import { isolationOf } from "../../bench/figures/isolation.ts";
import { recoveryOf } from "../../bench/figures/recovery.ts";
import { type Cluster, controlledShutdownSeconds } from "../../bench/figures/shutdown.ts";
import { lineThrough, spreadOf } from "../../bench/figures/statistics.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const HALF_TICK = 1;

describe("detection of a dead broker (coordination.md A1: a session expires at the first tick after its timeout)", () => {
  test.each([6, 18])(
    "ZooKeeper, sessions of %i s: a tick later at most, and half a tick for what followers report",
    (session) => {
      for (const seed of SEEDS) {
        const { sinceHeard, sinceCrash } = detectionOf({ mode: "zookeeper", seconds: session }, seed);
        expect(sinceHeard).toBeGreaterThan(session);
        expect(sinceHeard).toBeLessThan(session + 2 + HALF_TICK);
        expect(sinceCrash).toBeLessThan(sinceHeard);
      }
    },
  );

  test("KRaft: the session, from the last heartbeat on", () => {
    for (const seed of SEEDS) {
      const { sinceHeard, sinceCrash } = detectionOf({ mode: "kraft", seconds: 9 }, seed);
      expect(sinceHeard).toBeGreaterThan(9);
      expect(sinceHeard).toBeLessThan(9.1);
      expect(sinceCrash).toBeGreaterThan(7);
    }
  });
});

describe("what takes time for each partition grows with their number, and less if requests are pipelined (KAFKA-5642)", () => {
  test("reading the state of all partitions at 2 ms each", () => {
    const at = (partitions: number, pipelined: boolean): number => failoverSeconds({ partitions, pipelined }, 1);
    const [few, more, many] = [at(100, false), at(200, false), at(300, false)];
    expect(more - few).toBeCloseTo(0.2, 2);
    expect(many - more).toBeCloseTo(0.2, 2);
    expect(at(300, true) - at(100, true)).toBeLessThan(0.4 / 5);
  });

  test("electing leaders at 5 ms each", () => {
    const [few, many] = [50, 150].map((partitions) => electionSeconds({ partitions, pipelined: false }, 1)) as [number, number];
    expect(many - few).toBeCloseTo(0.5, 2);
    const [quick, quicker] = [150, 50].map((partitions) => electionSeconds({ partitions, pipelined: true }, 1)) as [
      number,
      number,
    ];
    expect(quick - quicker).toBeLessThan(0.5 / 4);
  });
});

const COSTS = {
  oneWayUs: 500,
  logUs: 0,
  zookeeperReadUs: 20,
  zookeeperWriteUs: 40,
  controllerPartitionUs: 5,
  metadataRecordUs: 40,
};

describe("controlled shutdown", () => {
  const seconds = (more: Partial<Cluster>): number =>
    controlledShutdownSeconds({ mode: "zookeeper", partitions: 300, costs: COSTS, ...more }, 1);

  test("ZooKeeper: one by one it grows with the partitions; pipelined it takes a fifth or less", () => {
    const [few, more, many] = [100, 200, 300].map((partitions) => seconds({ partitions, pipelined: false })) as [
      number,
      number,
      number,
    ];
    expect((many - more) / (more - few)).toBeCloseTo(1, 1);
    expect(seconds({}) * 5).toBeLessThan(many);
  });

  test("ZooKeeper: batches gain nothing with one request on the wire (zookeeper.max.in.flight.requests, KAFKA-5894)", () => {
    expect(seconds({ inFlight: 1 })).toBeCloseTo(seconds({ pipelined: false }), 2);
    expect(seconds({ inFlight: 2 })).toBeLessThan(0.6 * seconds({ inFlight: 1 }));
  });

  test("KRaft: a record for each replica of the broker, and 40 us for each record", () => {
    const kraft = (partitions: number): number => seconds({ mode: "kraft", partitions });
    // Two of five replicas of 1,000 partitions more.
    expect(kraft(2_000) - kraft(1_000)).toBeCloseTo(400 * 40e-6, 4);
  });
});

describe("recovery after a crash", () => {
  test("ZooKeeper: a broker that was the controller costs more, since the next one reads everything", () => {
    const cluster: Cluster = { mode: "zookeeper", partitions: 300, costs: COSTS };
    expect(recoveryOf(cluster, "controller", 1).rest).toBeGreaterThan(2 * recoveryOf(cluster, "broker", 1).rest);
  });

  test("KRaft: the session of 9 s, and a record for each replica", () => {
    const at = (partitions: number): number => {
      const { detection, rest } = recoveryOf({ mode: "kraft", partitions, costs: COSTS }, "broker", 1);
      return detection + rest;
    };
    expect(at(1_000)).toBeGreaterThan(9);
    expect(at(2_000) - at(1_000)).toBeCloseTo(400 * 40e-6, 4);
  });
});

describe("a leader that is cut off from all but its client", () => {
  test("acks=1: whatever it acknowledges is lost, in either mode", () => {
    for (const mode of ["zookeeper", "kraft"] as const) {
      const { acknowledged, lost } = isolationOf({ mode, acks: "1", records: 3_000 }, 1);
      expect(acknowledged).toBe(3_000);
      expect(lost).toBeGreaterThanOrEqual(1_200);
      expect(lost).toBeLessThan(1_250);
    }
  });

  test("acks=1, before 2.7: it serves nobody any more when it has asked ZooKeeper to shrink its ISR (replication.md 3.8)", () => {
    // 60,000 of 150,000 come after the cut, in 20 s; it asks within 15.
    const { lost, failed } = isolationOf({ mode: "zookeeper", acks: "1", writesIsrItself: true, records: 150_000 }, 1);
    expect(lost).toBeGreaterThan(30_000);
    expect(lost).toBeLessThan(45_100);
    expect(failed).toBeGreaterThan(0);
  });

  test("acks=all: nothing is lost", () => {
    for (const writesIsrItself of [true, false]) {
      expect(isolationOf({ mode: "zookeeper", acks: "all", writesIsrItself, records: 3_000 }, 1).lost).toBe(0);
    }
    expect(isolationOf({ mode: "kraft", acks: "all", records: 3_000 }, 1).lost).toBe(0);
  });
});

describe("the words for it", () => {
  const row = (values: readonly number[], expected: Row["expected"], basis: Row["basis"] = "predicted"): string =>
    verdictOf({ what: "", published: "", expected, simulated: spreadOf(values), unit: "s", basis });

  test("say how near a figure came", () => {
    expect(row([6.1, 7.9], [6, 8])).toBe("agrees");
    expect(row([20.5], [20, 20])).toBe("agrees, to 3 %");
    expect(row([5.2, 5.3], [5, 5], "fitted")).toBe("by construction, to 6 %");
    expect(row([39], [3, 3])).toBe("off: ×13 too much");
    expect(row([300], [503, 503])).toBe("off: ×1.7 too little");
    expect(row([0, 0], [0, 0])).toBe("agrees");
    expect(row([0, 4], [0, 0])).toBe("disagrees");
    expect(row([4], undefined)).toBe("–");
    expect(row([20, 150, 290], [103, 103])).toBe("within the spread");
    expect(row([120, 150, 290], [103, 103])).toBe("off: ×1.5 too much");
  });

  test("write amounts in their units", () => {
    const text = (values: readonly number[], unit: Row["unit"]): string =>
      simulatedText({ what: "", published: "", expected: undefined, simulated: spreadOf(values), unit, basis: "predicted" });
    expect(text([40.31, 45.8, 49.7], "s")).toBe("45.8 s (40.3 to 49.7 s)");
    expect(text([1_200], "records")).toBe("1,200");
    expect(text([50.14], "records")).toBe("50.1");
    expect(text([2, 2], "partitions")).toBe("2");
  });

  test("a page takes in the figures that were made anew, and keeps the others", () => {
    const figure = (title: string, text: string): Figure => ({ title, source: "arithmetic", rows: [], text });
    const page = documentOf([figure("One", "old"), figure("Two", "old"), figure("Three", "old")]);
    const merged = mergedInto(page, [figure("Two", "new"), figure("Four", "new")]);
    expect(merged).toBe(documentOf([figure("One", "old"), figure("Two", "new"), figure("Three", "old"), figure("Four", "new")]));
    expect(mergedInto(page, [])).toBe(page);
  });

  test("a line through sizes says how far they are from it", () => {
    const { slope, intercept, worst } = lineThrough([
      [1, 3],
      [2, 5],
      [4, 9],
    ]);
    expect([slope, intercept]).toEqual([2, 1]);
    expect(worst).toBeCloseTo(0, 12);
    const squares = [1, 2, 3].map((x) => [x, x * x] as const);
    expect(lineThrough(squares).worst).toBeGreaterThan(0.1);
  });
});
