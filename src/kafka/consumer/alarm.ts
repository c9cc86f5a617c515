/** One timer that stands for the next thing to do, and is set anew whenever that changes. Times are on the monotonic clock. */
import type { Micros } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";

export interface AlarmListener {
  onAlarm(): void;
}

export class Alarm implements TimerTarget {
  private readonly host: Host;
  /** Shown in traces. */
  private readonly kind: string;
  private readonly listener: AlarmListener;
  private timer: TimerId = 0;
  private at: Micros = 0;

  constructor(host: Host, kind: string, listener: AlarmListener) {
    this.host = host;
    this.kind = kind;
    this.listener = listener;
  }

  /** Infinite: it is off. */
  set(at: Micros): void {
    if (this.timer !== 0 && this.at === at) return;
    this.host.cancelTimer(this.timer);
    this.timer = 0;
    this.at = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const timer: Timer = { kind: this.kind, target: this };
    this.timer = this.host.setTimer(Math.max(0, at - this.host.steadyNow()), timer);
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    this.listener.onAlarm();
  }
}
