/** Gathers what is wrong with a scenario, each with its place. */
import { type ProblemCode, problemAt, ScenarioError, type ScenarioProblem } from "./scenario-error.ts";
import type { Path, ScenarioSource } from "./source.ts";

export interface Complaint {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

export class ProblemSink {
  readonly source: ScenarioSource;
  private readonly problems: ScenarioProblem[] = [];

  constructor(source: ScenarioSource) {
    this.source = source;
  }

  get isEmpty(): boolean {
    return this.problems.length === 0;
  }

  get all(): readonly ScenarioProblem[] {
    return this.problems;
  }

  add(path: Path, complaint: Complaint, part: "key" | "value" = "value"): void {
    const problem = problemAt(this.source.locate(path, part), complaint);
    // What an alias repeats, or an override sets in several places, is wrong only once.
    const isKnown = this.problems.some(({ message, place }) => {
      return message === problem.message && place?.start === problem.place?.start && place?.text === problem.place?.text;
    });
    if (!isKnown) this.problems.push(problem);
  }

  /** Throws all of them, in the order of the file, if there are any. */
  throwIfAny(): void {
    throwIfAny(this.problems);
  }
}

/** Throws all of them, in the order of the file, if there are any. */
export function throwIfAny(problems: readonly ScenarioProblem[]): void {
  if (problems.length === 0) return;
  const inFile = (problem: ScenarioProblem): number => (problem.place?.isFile === true ? 0 : 1);
  throw new ScenarioError([...problems].sort((a, b) => inFile(a) - inFile(b) || a.line - b.line || a.column - b.column));
}
