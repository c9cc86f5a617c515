import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  completedAssignment,
  isBeingReassigned,
  originReplicas,
  reassignedTo,
  sameAssignment,
  settledAssignment,
  targetReplicas,
} from "../../../src/kafka/zk-controller/replica-assignment.ts";

const anyReplicas = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });
const sorted = (brokers: readonly number[]): number[] => [...brokers].sort((a, b) => a - b);

describe("reassignment of replicas (KIP-455, replication.md 5.5)", () => {
  test("from 1,2,3 to 4,5,6: the target first, then what will go", () => {
    expect(reassignedTo(settledAssignment([1, 2, 3]), [4, 5, 6])).toEqual({
      replicas: [4, 5, 6, 1, 2, 3],
      addingReplicas: [4, 5, 6],
      removingReplicas: [1, 2, 3],
    });
  });

  test("where origin and target overlap, the origin's order is lost: a cancellation can't restore it", () => {
    const onItsWay = reassignedTo(settledAssignment([1, 2, 3]), [3, 4, 2]);
    expect(onItsWay).toEqual({ replicas: [3, 4, 2, 1], addingReplicas: [4], removingReplicas: [1] });
    expect(originReplicas(onItsWay)).toEqual([3, 2, 1]);
  });

  test("a mere change of order moves nobody", () => {
    const assignment = reassignedTo(settledAssignment([1, 2, 3]), [3, 2, 1]);
    expect(assignment).toEqual(settledAssignment([3, 2, 1]));
    expect(isBeingReassigned(assignment)).toBe(false);
  });

  property.prop([anyReplicas, anyReplicas])("origin and target can be told from what is stored", (origin, target) => {
    const assignment = reassignedTo(settledAssignment(origin), target);
    expect(sorted(originReplicas(assignment))).toEqual(sorted(origin));
    expect(targetReplicas(assignment)).toEqual(target);
    expect(completedAssignment(assignment)).toEqual(settledAssignment(target));
    expect(sorted([...assignment.addingReplicas, ...origin])).toEqual(sorted(assignment.replicas));
  });

  property.prop([anyReplicas, anyReplicas, anyReplicas])(
    "a second reassignment replaces the first, as if that had never been asked for",
    (origin, first, second) => {
      const replaced = reassignedTo(reassignedTo(settledAssignment(origin), first), second);
      const direct = reassignedTo(settledAssignment(origin), second);
      expect(targetReplicas(replaced)).toEqual(second);
      for (const list of ["replicas", "addingReplicas", "removingReplicas"] as const) {
        expect(sorted(replaced[list])).toEqual(sorted(direct[list]));
      }
    },
  );

  property.prop([anyReplicas, anyReplicas])(
    "going back to the origin adds nobody and drops who was joining",
    (origin, target) => {
      const onItsWay = reassignedTo(settledAssignment(origin), target);
      const back = reassignedTo(onItsWay, originReplicas(onItsWay));
      expect(back.addingReplicas).toEqual([]);
      expect(back.removingReplicas).toEqual([]);
      expect(sorted(back.replicas)).toEqual(sorted(origin));
    },
  );

  test("assignments are the same when all three lists are, in order", () => {
    expect(sameAssignment(settledAssignment([1, 2]), settledAssignment([1, 2]))).toBe(true);
    expect(sameAssignment(settledAssignment([1, 2]), settledAssignment([2, 1]))).toBe(false);
    expect(sameAssignment(settledAssignment([1, 2]), reassignedTo(settledAssignment([1]), [1, 2]))).toBe(false);
  });
});
