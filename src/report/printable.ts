/** Text from a scenario, made fit to be shown: it may not reach the terminal's control channel, and XML 1.0 has no way to write it. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, "·");
}
