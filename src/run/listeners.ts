/** Several listeners of a simulation as one. */
import type { Micros } from "../base/units.ts";
import type { SimulationListener } from "../scenario/simulation/simulation.ts";
import type { DomainEvent } from "../sim/host.ts";

export class Listeners implements SimulationListener {
  private readonly all: readonly SimulationListener[];

  constructor(all: readonly SimulationListener[]) {
    this.all = all;
  }

  onReady(timeUs: Micros): void {
    for (const each of this.all) each.onReady(timeUs);
  }

  onEvent(timeUs: Micros, event: DomainEvent): void {
    for (const each of this.all) each.onEvent(timeUs, event);
  }

  onFault(timeUs: Micros): void {
    for (const each of this.all) each.onFault(timeUs);
  }
}
