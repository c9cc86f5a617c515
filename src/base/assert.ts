/** Assertions for our own bugs: a failed one means the simulator is wrong, never the user and never the simulated protocol. */

/** Thrown when the simulator itself is wrong. Never caught inside the run loop; the command line ends with exit status 70. */
export class SimulatorBug extends Error {
  override readonly name = "SimulatorBug";
}

/** Throws {@link SimulatorBug} unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SimulatorBug(message);
}

/** {@link assert} for paths that run with every event: the message is only built when it is needed. */
export function fail(message: string): never {
  throw new SimulatorBug(message);
}

/** Compile-time proof that a `switch` over a union is complete; throws if an unlisted value arrives at run time. */
export function unreachable(value: never): never {
  throw new SimulatorBug(`unexpected value ${JSON.stringify(value)}`);
}
