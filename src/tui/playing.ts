/** Playing: the walk goes on by itself, at one of several speeds, until something is to be read, a promise breaks, or a condition comes true. */
import { breakAhead } from "./breaking.ts";
import type { Desk } from "./desk.ts";
import { goTo } from "./moving.ts";
import { nextOf } from "./next.ts";

/** Every event, or what the timeline tells of them: so many in a second. */
interface Speed {
  readonly unit: "events" | "story";
  readonly perSecond: number;
}

const SPEEDS: readonly Speed[] = [
  { unit: "events", perSecond: 2 },
  { unit: "events", perSecond: 10 },
  { unit: "events", perSecond: 50 },
  { unit: "story", perSecond: 0.5 },
  { unit: "story", perSecond: 1 },
  { unit: "story", perSecond: 2 },
  { unit: "story", perSecond: 5 },
  { unit: "events", perSecond: 2_000 },
];
const SPEED_AT_FIRST = 4;

/** More redraws in a second, and there would be no time left to play. */
const FRAMES_PER_SECOND = 15;

/** Where it ends by itself, and what is said there. */
interface Stop {
  readonly step: number;
  readonly why: string;
}

export class Playback {
  private readonly desk: Desk;
  private readonly stop: Stop;
  private readonly timer: NodeJS.Timeout;
  private speed: number;
  private lastAt = performance.now();
  /** Events, or entries of the story, that are due. */
  private due = 0;

  constructor(desk: Desk, stop: Stop, speed: number) {
    this.desk = desk;
    this.stop = stop;
    this.speed = speed;
    this.timer = setInterval(() => this.tick(), 1_000 / FRAMES_PER_SECOND);
  }

  /** `▶ 2 events/s`. */
  get sign(): string {
    const { unit, perSecond } = SPEEDS[this.speed] as Speed;
    return `▶ ${perSecond.toLocaleString("en-US")} ${unit === "events" ? "events" : perSecond === 1 ? "line" : "lines"}/s`;
  }

  get words(): string {
    const { unit, perSecond } = SPEEDS[this.speed] as Speed;
    return `${perSecond.toLocaleString("en-US")} ${unit === "events" ? "events" : perSecond === 1 ? "line of the story" : "lines of the story"} per second`;
  }

  change(by: 1 | -1): void {
    this.speed = Math.min(Math.max(this.speed + by, 0), SPEEDS.length - 1);
    this.desk.say(`playing ${this.words}`);
  }

  end(): number {
    clearInterval(this.timer);
    return this.speed;
  }

  private tick(): void {
    const { desk } = this;
    const now = performance.now();
    const { perSecond, unit } = SPEEDS[this.speed] as Speed;
    // What a slow stretch has cost is not made up for.
    this.due = Math.min(this.due + ((now - this.lastAt) / 1_000) * perSecond, Math.max(1, perSecond));
    this.lastAt = now;
    if (this.due < 1 || desk.driver.travel !== undefined) return;
    const count = Math.floor(this.due);
    this.due -= count;
    const target = Math.min(this.stop.step, unit === "events" ? desk.walk.position + count : this.afterStory(count));
    goTo(desk, target, "walk", () => {
      const hasArrived = desk.walk.position >= this.stop.step;
      if (hasArrived || desk.layer !== undefined) pause(desk, hasArrived ? this.stop.why : "paused");
    });
  }

  private afterStory(count: number): number {
    const { branch, position, end } = this.desk.walk;
    let step = position;
    for (let left = count; left > 0; left--) step = nextOf(branch.tape.story, step)?.step ?? end;
    return step;
  }
}

/** The speed of the last time; it is the person's, not the walk's. */
const speeds = new WeakMap<Desk, number>();

export function playOrPause(desk: Desk): void {
  if (desk.playback !== undefined) {
    pause(desk, "paused");
    return;
  }
  const { walk } = desk;
  if (walk.position >= walk.end) {
    desk.say("this is the end of the run", "warning");
    return;
  }
  breakAhead(desk, (found) => {
    const violation = nextOf(walk.branch.tape.violations, walk.position);
    const stops: Stop[] = [
      { step: walk.end, why: "the end of the run" },
      ...(violation === undefined ? [] : [{ step: violation.step, why: `paused: ${violation.invariant} is broken here` }]),
      ...(found === undefined ? [] : [{ step: found.step, why: `paused: ${found.text}` }]),
    ];
    const stop = stops.reduce((first, each) => (each.step < first.step ? each : first));
    desk.playback = new Playback(desk, stop, speeds.get(desk) ?? SPEED_AT_FIRST);
    desk.say(`playing ${desk.playback.words}`);
  });
}

export function pause(desk: Desk, why: string): void {
  if (desk.playback === undefined) return;
  speeds.set(desk, desk.playback.end());
  desk.playback = undefined;
  desk.say(why);
  desk.changed();
}

export function changeSpeed(desk: Desk, by: 1 | -1): void {
  desk.playback?.change(by);
}
