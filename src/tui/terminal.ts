/**
 * The terminal while the screen is on it: alternate screen, no cursor. However the program ends, the terminal is left as it was found;
 * nothing is written to it any more after that, whoever tries.
 */
import { EventEmitter } from "node:events";
import { writeSync } from "node:fs";
import { Painter } from "./painter.ts";

/** A line that is too long, because the terminal has another idea of a character's width, is cut and doesn't push the others down. */
const [WRAP_OFF, WRAP_ON] = ["\u001b[?7l", "\u001b[?7h"];
const CLEAR = "\u001b[2J\u001b[H";
const ENTER = `\u001b[?1049h\u001b[?25l${WRAP_OFF}${CLEAR}`;
const LEAVE = `\u001b[0m${WRAP_ON}\u001b[?25h\u001b[?1049l`;

/** As shells report them: 128 and the number of the signal. */
const STATUS_OF_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Some terminals don't know how large they are, or say 0. */
const SIZE_UNKNOWN = { columns: 80, rows: 24 } as const;

/** Hears what is written, and of another size. */
export interface Recorder {
  wrote(text: string): void;
  resized(columns: number, rows: number): void;
}

export interface TerminalOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream & { readonly fd: number };
  readonly recorder: Recorder | undefined;
  /** Called for an error that nobody has caught, when the terminal is itself again. */
  readonly onCrash: (error: unknown) => void;
}

type Listening = readonly [target: NodeJS.EventEmitter, event: string, listener: (...args: never[]) => void];

/** `resize`: it has another size. `resume`: it was given away, and is ours again. To ink it is the stream that it writes to. */
export class Terminal extends EventEmitter {
  readonly isTTY = true;
  private readonly options: TerminalOptions;
  private readonly painter = new Painter();
  private readonly listening: Listening[] = [];
  private isOurs = false;

  constructor(options: TerminalOptions) {
    super();
    this.options = options;
  }

  get columns(): number {
    return this.options.output.columns || SIZE_UNKNOWN.columns;
  }

  get rows(): number {
    return this.options.output.rows || SIZE_UNKNOWN.rows;
  }

  /** Until {@link release}. */
  take(): void {
    const { output, onCrash } = this.options;
    this.enter();
    this.listen(output, "resize", () => this.onResize());
    for (const [signal, status] of Object.entries(STATUS_OF_SIGNAL)) {
      this.listen(process, signal, () => {
        this.leave();
        process.exit(status);
      });
    }
    // Somebody else may stop and continue us, too.
    this.listen(process, "SIGCONT", () => this.enter());
    this.listen(process, "exit", () => this.leave());
    for (const event of ["uncaughtException", "unhandledRejection"]) {
      this.listen(process, event, (error: unknown) => {
        this.leave();
        onCrash(error);
      });
    }
  }

  release(): void {
    this.leave();
    for (const [target, event, listener] of this.listening.splice(0)) target.off(event, listener as () => void);
  }

  /** Hands the terminal to the shell, as Ctrl-Z does, until we are continued. */
  suspend(): void {
    this.leave();
    // The whole group, as the terminal would do: whoever has started the program waits for it.
    process.kill(0, "SIGTSTP");
    this.enter();
  }

  paint(rows: readonly string[]): void {
    if (this.isOurs) this.send(this.painter.paint(rows));
  }

  /** What ink has to say is said by {@link paint}. */
  write(): boolean {
    return true;
  }

  private onResize(): void {
    this.options.recorder?.resized(this.columns, this.rows);
    // Terminals differ in what they do to what they show.
    this.clear();
    this.emit("resize");
  }

  private enter(): void {
    this.isOurs = true;
    this.options.input.setRawMode(true);
    this.painter.forget();
    this.send(ENTER);
    this.emit("resume");
  }

  private clear(): void {
    this.painter.forget();
    if (this.isOurs) this.send(CLEAR);
  }

  private leave(): void {
    if (!this.isOurs) return;
    this.isOurs = false;
    this.options.recorder?.wrote(LEAVE);
    try {
      this.options.input.setRawMode(false);
      // At once: the process may be about to end.
      writeSync(this.options.output.fd, LEAVE);
    } catch {
      // There is no terminal any more.
    }
  }

  private send(text: string): void {
    if (text === "") return;
    this.options.recorder?.wrote(text);
    this.options.output.write(text);
  }

  private listen(...[target, event, listener]: Listening): void {
    target.on(event, listener as () => void);
    this.listening.push([target, event, listener]);
  }
}
