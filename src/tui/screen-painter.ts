/** The desk as painted rows. */

import type { Line } from "../view/line.ts";
import { type ColourDepth, Palette, paintLine } from "../view/palette.ts";
import { hintLine, messageLine, promptLine } from "../view/screen/bottom-line.ts";
import { composeScreen, screenOf } from "../view/screen/screen.ts";
import type { Desk } from "./desk.ts";

export class ScreenPainter {
  private readonly desk: Desk;
  private readonly palette: Palette;

  constructor(desk: Desk, depth: ColourDepth) {
    this.desk = desk;
    this.palette = new Palette(depth);
  }

  paint(width: number, rows: number): readonly string[] {
    const { frame, looks, view, layer, walk, playback } = this.desk;
    const extras = {
      seed: walk.seed,
      side: walk.side.label,
      speed: playback?.sign,
      note: layer?.note,
      overlay: layer?.overlay,
      bottom: (columns: number) => this.bottom(columns),
    };
    // One line stays free: terminals scroll when their last one is full.
    const screen = composeScreen(screenOf(frame, looks, view, extras, { width, height: rows - 1 }));
    return screen.map((line) => paintLine(line, this.palette));
  }

  private bottom(columns: number): Line {
    const { layer, driver, message, situation } = this.desk;
    if (layer?.prompt !== undefined) return promptLine(layer.prompt, columns);
    const { travel } = driver;
    if (travel !== undefined) {
      const percent = Math.floor(travel.progress * 100);
      return messageLine({ text: `${travel.what} … ${percent} %   Esc stops`, tone: "accent" }, columns);
    }
    if (message !== undefined) return messageLine(message, columns);
    return layer?.hint === undefined ? hintLine(situation, columns) : messageLine({ text: layer.hint, tone: "plain" }, columns);
  }
}
