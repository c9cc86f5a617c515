/** A folder of scenarios to try the command line on; it is gone when the tests are over. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { kafkaSim, type Outcome, type Surroundings } from "./cli.ts";

const CLUSTER = `cluster: { brokers: 2, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
topics: { orders: { assignment: [[1, 2]], config: { min.insync.replicas: 1, unclean.leader.election.enable: true } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
`;

/** By name; each takes well under a second. */
const SCENARIOS = {
  "calm.yaml": `name: Calm\n${CLUSTER}run: { for: 3s }\n`,
  // A replica that had fallen behind is elected uncleanly, and nobody expected it.
  "loss.yaml": `name: Loss
${CLUSTER}faults:
  - { at: 1s, cut: broker-2, from: broker-1 }
  - { when: { event: IsrChanged, isr: [1] }, after: 1s, crash: broker-1 }
run: { for: 20s }
`,
  "waits.yaml": `name: Waits
${CLUSTER}faults:
  - { name: in vain, when: Paused, crash: broker-1 }
run: { for: 3s }
`,
  "exhibit.yaml": `name: Exhibit
cluster: { brokers: 1, controllers: 3 }
faults: [{ at: 5s, isolate: standby-controller, for: 20s }]
run: { for: 45s }
exhibit: { source: KIP-996, kind: bug, dial: kraft.preVote, violates: LeaderStability }
`,
};

export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "kafka-sim-"));

  constructor() {
    for (const [name, text] of Object.entries(SCENARIOS)) this.write(name, text);
    afterAll(() => rmSync(this.folder, { recursive: true }));
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }

  writeBytes(name: string, bytes: readonly number[]): void {
    writeFileSync(join(this.folder, name), Uint8Array.from(bytes));
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(join(this.folder, name));
  }

  /** Runs `kafka-sim` in the folder. */
  kafkaSim(args: readonly string[], { env }: Pick<Surroundings, "env"> = {}): Promise<Outcome> {
    return kafkaSim(args, { cwd: this.folder, ...(env && { env }) });
  }
}

/** Standard error without the lines that a slow machine gets to see. */
export function withoutProgress(stderr: string): string {
  return stderr.replace(/^\d+ of \d+ runs, \d+ (not as expected|with violations)\n/gm, "");
}
