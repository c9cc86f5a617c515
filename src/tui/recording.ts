/** A recording of the screen, as asciinema plays it: asciicast v2, a header and one line for each piece of output. */
import type { Recorder } from "./terminal.ts";

export interface RecordingSize {
  readonly columns: number;
  readonly rows: number;
}

export class Recording implements Recorder {
  private readonly write: (text: string) => void;
  private readonly beganAt = performance.now();

  /** `write` gets whole lines. */
  constructor({ columns, rows }: RecordingSize, write: (text: string) => void) {
    this.write = write;
    const { TERM = "", SHELL = "" } = process.env;
    this.line({ version: 2, width: columns, height: rows, title: "kafka-sim step", env: { TERM, SHELL } });
  }

  wrote(text: string): void {
    this.line([this.seconds(), "o", text]);
  }

  resized(columns: number, rows: number): void {
    this.line([this.seconds(), "r", `${columns}x${rows}`]);
  }

  private line(value: object): void {
    this.write(`${JSON.stringify(value)}\n`);
  }

  /** Since it began, to the microsecond. */
  private seconds(): number {
    return Math.round((performance.now() - this.beganAt) * 1_000) / 1_000_000;
  }
}
