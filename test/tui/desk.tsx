/** A walk on a screen that only a test sees: keys go in, frames come out. */
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanup, render } from "ink-testing-library";
import { afterEach, expect, vi } from "vitest";
import { type Side, sidesOf } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { App } from "../../src/tui/app.tsx";
import type { BranchFiles } from "../../src/tui/desk.ts";
import { Stepper } from "../../src/tui/stepper.ts";
import { openingView } from "../../src/view/opening.ts";
import { complete } from "../../src/walk/journey.ts";
import { Walk } from "../../src/walk/walk.ts";

const KEYS: Readonly<Record<string, string>> = {
  right: "\u001b[C",
  left: "\u001b[D",
  up: "\u001b[A",
  down: "\u001b[B",
  home: "\u001b[H",
  end: "\u001b[F",
  tab: "\t",
  "shift-tab": "\u001b[Z",
  enter: "\r",
  escape: "\u001b",
  space: " ",
  backspace: "\u007f",
  "ctrl-c": "\u0003",
  "ctrl-u": "\u0015",
};

/** A replica that had fallen behind is elected uncleanly; the author has something to say, and to ask. */
const SCENARIO = `name: Loss
about: A small loss.
cluster: { brokers: 2, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
topics: { orders: { assignment: [[1, 2]], config: { min.insync.replicas: 1, unclean.leader.election.enable: true } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
faults:
  - { at: 1s, cut: broker-2, from: broker-1 }
  - { when: { event: IsrChanged, isr: [1] }, after: 1s, crash: broker-1 }
run: { for: 20s }
notes:
  - { at: 500ms, say: All is well so far. }
  - when: { event: IsrChanged, isr: [1] }
    ask: Are records acknowledged by one replica alone?
    choices: ["yes", "no"]
    answer: "yes"
    because: The smallest ISR that is allowed is one.
`;

export interface DeskSetting {
  readonly scenario?: string;
  readonly columns?: number;
  readonly rows?: number;
  /** Whether the card is closed, and notes are taken as read. */
  readonly isQuiet?: boolean;
  readonly seed?: string;
}

afterEach(() => {
  cleanup();
});

/** Opened at time 0, with the card of what it is about on top unless it is quiet. */
export class DeskTest {
  readonly folder = mkdtempSync(join(tmpdir(), "kafka-sim-step-"));
  readonly walk: Walk;
  readonly stepper: Stepper;
  readonly statuses: number[] = [];
  private readonly instance: ReturnType<typeof render>;
  private readonly size = Object.assign(new EventEmitter(), { columns: 100, rows: 40 });

  constructor({ scenario = SCENARIO, columns = 100, rows = 40, isQuiet = true, seed = "1" }: DeskSetting = {}) {
    Object.assign(this.size, { columns, rows });
    const text = isQuiet ? scenario.replace(/^notes:[\s\S]*/m, "") : scenario;
    const side = sidesOf(parseScenario(text, "loss.yaml"))[0] as Side;
    const source = { text, file: "loss.yaml", overrides: [], side: undefined };
    this.walk = complete(Walk.open({ side, seed, source }));
    this.stepper = new Stepper({
      walk: this.walk,
      view: openingView(this.walk),
      files: this.files(),
      onQuit: (status) => this.statuses.push(status),
      depth: "text",
      suspend: () => {},
    });
    this.instance = render(<App shown={this.stepper} surface={this.size} />);
    this.stepper.open(undefined);
    if (isQuiet) this.press("escape");
  }

  get screen(): string {
    return this.instance.lastFrame() ?? "";
  }

  /** Where one stands. */
  get position(): number {
    return this.walk.position;
  }

  /** Each by itself: characters, or keys by name. */
  press(...keys: readonly string[]): void {
    for (const key of keys) this.instance.stdin.write(KEYS[key] ?? key);
  }

  /** In one piece, as a terminal hands over what is pasted. */
  paste(text: string): void {
    this.instance.stdin.write(text);
  }

  type(text: string): void {
    this.press(...text, "enter");
  }

  resize(columns: number, rows: number): void {
    Object.assign(this.size, { columns, rows });
    this.size.emit("resize");
  }

  /** As soon as it is on the screen. */
  async see(what: string | RegExp): Promise<string> {
    await vi.waitFor(() => expect(this.screen).toMatch(what), { timeout: 60_000, interval: 5 });
    return this.screen;
  }

  /** As soon as it is not on the screen any more. */
  gone(what: string): Promise<void> {
    return this.until(() => !this.screen.includes(what));
  }

  async until(isSo: () => boolean): Promise<void> {
    await vi.waitFor(() => expect(isSo(), this.screen).toBe(true), { timeout: 60_000, interval: 5 });
  }

  /** Nothing moves by itself any more, and what was written is gone. */
  close(): void {
    this.stepper.close();
    this.instance.unmount();
    rmSync(this.folder, { recursive: true });
  }

  private files(): BranchFiles {
    const at = (path: string): string => join(this.folder, path);
    return {
      proposedFor: ({ id }) => `loss-branch-${id}.yaml`,
      save: (walk, branch, path, mayReplace) => {
        if (path.startsWith("forbidden")) return { kind: "refused", why: `${path}: this may not be written` };
        if (existsSync(at(path)) && !mayReplace) return { kind: "exists" };
        writeFileSync(at(path), walk.savedText(branch, "test"));
        return { kind: "saved" };
      },
      commandFor: (path) => `kafka-sim run ${path}`,
    };
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }
}
