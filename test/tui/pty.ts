/** The program as people have it: bin/kafka-sim.js on a terminal of its own, whose screen can be read. Nothing is waited for but what is to be seen. */
import { type IPty, spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { BIN } from "../cli/cli.ts";

export interface Setting {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it is started by a shell that can stop and continue it. */
  readonly isJob?: boolean;
}

export interface Ending {
  readonly exitCode: number;
  /** Everything that is on the terminal when the program has ended. */
  readonly screen: string;
  readonly isAlternate: boolean;
  readonly isCursorHidden: boolean;
}

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
  "ctrl-z": "\u001a",
};

/** Something is seldom seen later than this; then it never will be. */
const PATIENCE_MS = 30_000;

export class Session {
  readonly pid: number;
  private readonly terminal: xterm.Terminal;
  private readonly process: IPty;
  private readonly ended: Promise<number>;
  private readonly watchers = new Set<() => void>();
  private written = "";

  constructor(args: readonly string[], { columns = 120, rows = 40, cwd = process.cwd(), env = {}, isJob = false }: Setting = {}) {
    const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, NODE_OPTIONS: _options, ...inherited } = process.env;
    this.terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const [program, ...words] = isJob ? ["bash", "--norc", "--noprofile", "-i"] : [process.execPath, BIN, ...args];
    this.process = spawn(program as string, words, {
      name: "xterm-256color",
      cols: columns,
      rows,
      cwd,
      env: { ...inherited, TERM: "xterm-256color", ...env } as Record<string, string>,
    });
    this.pid = this.process.pid;
    if (isJob) this.process.write(`"${process.execPath}" "${BIN}" ${args.join(" ")}\r`);
    this.process.onData((data) => {
      this.written += data;
      this.terminal.write(data, () => {
        for (const watcher of this.watchers) watcher();
      });
    });
    this.ended = new Promise((resolve) => {
      this.process.onExit(({ exitCode }) => this.terminal.write("", () => resolve(exitCode)));
    });
  }

  /** What is on the screen, without blanks at the ends of lines. */
  get screen(): string {
    const { active } = this.terminal.buffer;
    const lines = Array.from({ length: this.terminal.rows }, (_, row) => {
      return active.getLine(active.viewportY + row)?.translateToString(true) ?? "";
    });
    return lines.join("\n");
  }

  get isAlternate(): boolean {
    return this.terminal.buffer.active.type === "alternate";
  }

  /** The screen, as soon as `what` is on it; fails with the screen as it is if that never happens. */
  see(what: string | RegExp): Promise<string> {
    return this.until((screen) => (typeof what === "string" ? screen.includes(what) : what.test(screen)), String(what));
  }

  until(isSeen: (screen: string) => boolean, what: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const impatience = setTimeout(() => {
        this.watchers.delete(watch);
        reject(new Error(`never seen: ${what}. The screen:\n${this.screen}`));
      }, PATIENCE_MS);
      const watch = (): void => {
        const { screen } = this;
        if (!isSeen(screen)) return;
        clearTimeout(impatience);
        this.watchers.delete(watch);
        resolve(screen);
      };
      this.watchers.add(watch);
      watch();
    });
  }

  /** Characters, or keys by name; each is a chunk of its own. */
  press(...keys: readonly string[]): void {
    for (const key of keys) this.process.write(KEYS[key] ?? key);
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
    this.process.resize(columns, rows);
  }

  kill(signal: string): void {
    process.kill(this.pid, signal);
  }

  async end(): Promise<Ending> {
    const exitCode = await this.ended;
    // Modes that a program sets, it has to take back.
    const isCursorHidden = this.written.lastIndexOf("\u001b[?25l") > this.written.lastIndexOf("\u001b[?25h");
    return { exitCode, screen: this.screen, isAlternate: this.isAlternate, isCursorHidden };
  }
}
