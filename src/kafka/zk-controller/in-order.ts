/** Procedures that follow each other, whatever each of them ends with. */
import { DONE, Procedure, type Step } from "../zk/procedure.ts";

export class InOrder extends Procedure {
  readonly name: string;
  /** Still to be called, the next one last. */
  private readonly procedures: Procedure[];

  constructor(name: string, procedures: readonly Procedure[]) {
    super();
    this.name = name;
    this.procedures = [...procedures].reverse();
  }

  start(): Step {
    const procedure = this.procedures.pop();
    return procedure === undefined ? DONE : { kind: "call", procedure };
  }

  override onReturned(): Step {
    return this.start();
  }
}
