/** A full trace as JSON lines: first what was run, then one line for each step. */
import { US_PER_SECOND } from "../base/units.ts";
import type { TracedSide } from "../run/seed-task.ts";

/** Lines without line ends. */
export function* traceLines(run: TracedSide): Generator<string> {
  const { steps, readyAtUs, ...head } = run;
  yield JSON.stringify({ run: { ...head, steps: steps.length } });
  for (const step of steps) {
    const { number, timeUs, node, kind, label, cause, delivery, message, events } = step;
    const { from, nth, beyondTcp } = delivery ?? {};
    const time = (timeUs - readyAtUs) / US_PER_SECOND;
    const body = (message as { readonly body?: unknown } | undefined)?.body;
    yield JSON.stringify(
      { step: number, time, node, kind, label, cause, from, nth, beyondTcp, message: body, events },
      readableBytes,
    );
  }
}

const DECODER = new TextDecoder();

function readableBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? DECODER.decode(value) : value;
}
