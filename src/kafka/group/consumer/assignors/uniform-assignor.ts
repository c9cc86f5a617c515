/**
 * Every member the same number of partitions, give or take one, and of what each had as much as that allows.
 * Two ways, by whether all members subscribe to the same topics. Source: UniformAssignor.
 */
import { NO_PARTITIONS } from "../partition-set.ts";
import type { AssignmentSpec, ServerAssignor, TargetAssignment } from "./server-assignor.ts";
import { assignHeterogeneous } from "./uniform-heterogeneous.ts";
import { assignHomogeneous } from "./uniform-homogeneous.ts";

export const UNIFORM_ASSIGNOR: ServerAssignor = Object.freeze({ name: "uniform", assign });

function assign(spec: AssignmentSpec): TargetAssignment {
  if (spec.members.length === 0 || spec.topics.length === 0) {
    return new Map(spec.members.map(({ memberId }) => [memberId, NO_PARTITIONS]));
  }
  return spec.homogeneous ? assignHomogeneous(spec) : assignHeterogeneous(spec);
}
