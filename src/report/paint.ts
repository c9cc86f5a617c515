/** Colour, where the reader's terminal wants it. Nothing is told by colour alone. */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export class Paint {
  private readonly enabled: boolean;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  good(text: string): string {
    return this.apply("green", text);
  }

  bad(text: string): string {
    return this.apply("red", text);
  }

  strong(text: string): string {
    return this.apply("bold", text);
  }

  faint(text: string): string {
    return this.apply("dim", text);
  }

  private apply(style: Style, text: string): string {
    // Whether to paint has been decided: Node is not to look at its standard output once more.
    return this.enabled ? styleText(style, text, { validateStream: false }) : text;
  }
}
