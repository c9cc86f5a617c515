/** All mutants: at least one for every invariant of the catalogue. A check without one is not done. */
import { APPLICATION_MUTANTS } from "./application-mutants.ts";
import { CONTROLLER_MUTANTS } from "./controller-mutants.ts";
import { GROUP_MUTANTS } from "./group-mutants.ts";
import { MEMBER_MUTANTS } from "./member-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { QUORUM_MUTANTS } from "./quorum-mutants.ts";
import { REPLICATION_MUTANTS } from "./replication-mutants.ts";
import { ZOOKEEPER_MUTANTS } from "./zookeeper-mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  ...REPLICATION_MUTANTS,
  ...CONTROLLER_MUTANTS,
  ...QUORUM_MUTANTS,
  ...ZOOKEEPER_MUTANTS,
  ...GROUP_MUTANTS,
  ...MEMBER_MUTANTS,
  ...APPLICATION_MUTANTS,
];
