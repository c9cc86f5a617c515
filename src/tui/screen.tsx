/** The walk on a terminal, from the first frame to the last. */
import { render } from "ink";
import { fittedCentre } from "../view/fitting.ts";
import { line } from "../view/line.ts";
import { openingView } from "../view/opening.ts";
import { type ColourDepth, depthOf, Palette, paintLine } from "../view/palette.ts";
import { Walk, type WalkOptions } from "../walk/walk.ts";
import { App } from "./app.tsx";
import type { BranchFiles } from "./desk.ts";
import { Driver } from "./driver.ts";
import { STATUS_OF_CTRL_C } from "./quitting.ts";
import { Recording } from "./recording.ts";
import type { Shown } from "./shown.ts";
import { Stepper } from "./stepper.ts";
import { Terminal } from "./terminal.ts";

export interface ScreenOptions {
  readonly run: WalkOptions;
  /** Where to begin, and what to say there. It may throw: then there is no walk. */
  readonly place: (walk: Walk) => { readonly step: number; readonly message: string | undefined };
  readonly present: boolean;
  readonly files: BranchFiles;
  /** Takes what is written to the terminal, as a recording. */
  readonly recording: ((text: string) => void) | undefined;
}

/** Returns the exit status, when the terminal is itself again. Rejects for whatever goes wrong, likewise. */
export async function walkOnScreen(options: ScreenOptions): Promise<number> {
  const { stdin, stdout, env } = process;
  const depth = depthOf(env, true);
  let [over, failed]: [(status: number) => void, (error: unknown) => void] = [() => {}, () => {}];
  const end = new Promise<number>((resolve, reject) => {
    [over, failed] = [resolve, reject];
  });
  const terminal = new Terminal({
    input: stdin,
    output: stdout,
    recorder:
      options.recording === undefined
        ? undefined
        : new Recording({ columns: stdout.columns || 80, rows: stdout.rows || 24 }, options.recording),
    onCrash: failed,
  });
  terminal.take();
  const stage = new Stage(options, { depth, over, suspend: () => terminal.suspend() });
  const surface = {
    get columns() {
      return terminal.columns;
    },
    get rows() {
      return terminal.rows;
    },
    on: (event: string, listener: () => void) => terminal.on(event, listener),
    off: (event: string, listener: () => void) => terminal.off(event, listener),
    paint: (rows: readonly string[]) => terminal.paint(rows),
  };
  const app = render(<App shown={stage} surface={surface} />, {
    // Ink asks it for its size, and that is all.
    stdout: terminal as unknown as NodeJS.WriteStream,
    stdin,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  app.waitUntilExit().catch(failed);
  try {
    stage.open();
    return await end;
  } finally {
    stage.close();
    app.unmount();
    terminal.release();
  }
}

interface Surroundings {
  readonly depth: ColourDepth;
  readonly over: (status: number) => void;
  readonly suspend: () => void;
}

/** First the run is played to its end, which may take a while; then it is walked through. */
class Stage implements Shown {
  private readonly options: ScreenOptions;
  private readonly around: Surroundings;
  private readonly listeners = new Set<() => void>();
  private readonly driver = new Driver(() => this.changed());
  private stepper: Stepper | undefined;

  constructor(options: ScreenOptions, around: Surroundings) {
    this.options = options;
    this.around = around;
  }

  open(): void {
    const { run } = this.options;
    this.driver.start(`${run.side.scenario.name} is played to its end`, Walk.open(run), (walk) => this.begin(walk));
  }

  close(): void {
    this.driver.stop();
    this.stepper?.close();
  }

  paint(columns: number, rows: number): readonly string[] {
    if (this.stepper !== undefined) return this.stepper.paint(columns, rows);
    const { travel } = this.driver;
    const words = travel === undefined ? "" : `${travel.what} … ${Math.floor(travel.progress * 100)} %`;
    const palette = new Palette(this.around.depth);
    return Array.from({ length: rows - 1 }, (_, row) =>
      row === rows >> 1 ? paintLine(fittedCentre(line(words, "faint"), columns), palette) : "",
    );
  }

  press(key: string): void {
    if (this.stepper !== undefined) this.stepper.press(key);
    else if (key === "ctrl-z") this.around.suspend();
    else if (key === "ctrl-c" || key === "q" || key === "escape") this.around.over(key === "ctrl-c" ? STATUS_OF_CTRL_C : 0);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private begin(walk: Walk): void {
    const { place, files, present } = this.options;
    const { depth, over, suspend } = this.around;
    const { step, message } = place(walk);
    this.driver.start("to the beginning", walk.goTo(step), () => {
      this.stepper = new Stepper({ walk, view: { ...openingView(walk), present }, files, depth, suspend, onQuit: over });
      this.stepper.subscribe(() => this.changed());
      this.stepper.open(message);
    });
  }
}
