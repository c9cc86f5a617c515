/** Progress of long work, on standard error: a bar on a terminal, a line every five seconds elsewhere. */
import { Presets, SingleBar } from "cli-progress";

const LINE_EVERY_MS = 5_000;

export class Progress {
  private readonly bar: SingleBar | undefined;
  private lastLineAt = Date.now();

  private readonly what: string;

  /** `what` the runs are that are counted besides. */
  constructor(isTerminal: boolean, what = "not as expected") {
    this.what = what;
    if (!isTerminal) return;
    const format = ` {bar} {value} of {total} runs · {eta_formatted} left · {unexpected} ${what}`;
    this.bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, stream: process.stderr }, Presets.shades_classic);
  }

  update(done: number, total: number, unexpected: number): void {
    if (this.bar !== undefined) {
      if (!this.bar.isActive) this.bar.start(total, done, { unexpected });
      else this.bar.update(done, { unexpected });
      return;
    }
    if (Date.now() - this.lastLineAt < LINE_EVERY_MS) return;
    this.lastLineAt = Date.now();
    process.stderr.write(`${done} of ${total} runs, ${unexpected} ${this.what}\n`);
  }

  stop(): void {
    this.bar?.stop();
  }
}
