import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { imbalancedPartitions } from "../../../src/kafka/zk-controller/leader-imbalance.ts";

/** Partitions 0, 1, … that broker 1 should lead; `astray` of them are led by broker 2. */
function ledElsewhere(astray: number, total: number) {
  return Array.from({ length: total }, (_, partition) => ({ partition, preferred: 1, leader: partition < astray ? 2 : 1 }));
}

describe("the imbalance of leaders (replication.md 5.4)", () => {
  test("exactly the permitted share is put up with, one more is not", () => {
    expect(imbalancedPartitions(ledElsewhere(1, 10), 10)).toEqual(new Map());
    expect(imbalancedPartitions(ledElsewhere(2, 10), 10)).toEqual(new Map([[1, [0, 1]]]));
  });

  test("what nobody has led yet counts as led, since there is nobody to take it from", () => {
    expect(imbalancedPartitions([{ partition: 0, preferred: 1, leader: undefined }], 0)).toEqual(new Map());
  });

  const anyPartitions = fc.array(
    fc.record({
      preferred: fc.integer({ min: 1, max: 4 }),
      leader: fc.option(fc.integer({ min: -1, max: 4 }), { nil: undefined }),
    }),
    { maxLength: 40 },
  );

  property.prop([anyPartitions, fc.integer({ min: 0, max: 100 })])(
    "each broker is judged by its own partitions",
    (list, percentage) => {
      const partitions = list.map((each, partition) => ({ ...each, partition }));
      const found = imbalancedPartitions(partitions, percentage);
      for (const broker of [1, 2, 3, 4]) {
        const own = partitions.filter((each) => each.preferred === broker);
        const astray = own.filter((each) => each.leader !== undefined && each.leader !== broker).map((each) => each.partition);
        const tooMany = own.length > 0 && astray.length / own.length > percentage / 100;
        expect(found.get(broker)).toEqual(tooMany ? astray : undefined);
      }
    },
  );
});
