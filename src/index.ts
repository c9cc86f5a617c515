/** The library's public face. */
export { INVARIANTS } from "./checks/catalogue.ts";
export { type JsonReport, toJson } from "./report/json-report.ts";
export type { RecordNumbers, ReportedViolation, RunResult, Verdict } from "./run/result.ts";
export { type ManyRuns, runMany } from "./run/run-many.ts";
export { type RunOptions, runSide, type Side, sidesOf } from "./run/run-scenario.ts";
export { scenarioJsonSchema } from "./scenario/json-schema.ts";
export { loadScenario, parseScenario } from "./scenario/loader.ts";
export { ScenarioError } from "./scenario/scenario-error.ts";
export { Simulation } from "./scenario/simulation/simulation.ts";
export type { ScenarioSpec } from "./scenario/spec.ts";
export { forkOf } from "./sim/fork.ts";
