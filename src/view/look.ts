/** Panes looked at in one moment: each makes its scene when somebody first asks for it, and once. */
import type { Frame } from "./frame.ts";
import type { Line } from "./line.ts";
import type { Item, Pane, PaneId, Room } from "./pane.ts";

/** A pane and its scene of a moment. */
export interface Look {
  readonly id: PaneId;
  readonly name: string;
  readonly items: readonly Item[];
  readonly title: Line;
  lines(room: Room): readonly Line[];
  readonly summary: Line;
}

/** A pane of whatever scenes. */
export interface AnyPane {
  readonly id: PaneId;
  look(frame: Frame): Look;
}

/** Whoever puts panes together doesn't care what they make of a moment. */
export function anyPane<S>(pane: Pane<S>): AnyPane {
  return { id: pane.id, look: (frame) => new SceneLook(pane, frame) };
}

class SceneLook<S> implements Look {
  private readonly pane: Pane<S>;
  private readonly frame: Frame;
  private made: { readonly scene: S } | undefined;

  constructor(pane: Pane<S>, frame: Frame) {
    this.pane = pane;
    this.frame = frame;
  }

  get id(): PaneId {
    return this.pane.id;
  }

  get name(): string {
    return this.pane.name;
  }

  get items(): readonly Item[] {
    return this.pane.items(this.scene);
  }

  get title(): Line {
    return this.pane.title(this.scene);
  }

  lines(room: Room): readonly Line[] {
    return this.pane.lines(this.scene, room);
  }

  get summary(): Line {
    return this.pane.summary(this.scene);
  }

  private get scene(): S {
    this.made ??= { scene: this.pane.scene(this.frame) };
    return this.made.scene;
  }
}

/** All panes in one moment. */
export type Looks = ReadonlyMap<PaneId, Look>;

export function lookAt(frame: Frame, panes: readonly AnyPane[]): Looks {
  return new Map(panes.map((pane) => [pane.id, pane.look(frame)]));
}
