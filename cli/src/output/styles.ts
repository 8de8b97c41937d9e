import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** Whether text on this stream may have colors: not in a pipe, and not with `NO_COLOR`. */
export function hasColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.hasColors();
}

export function styled(text: string, style: Style | undefined, hasStyle: boolean): string {
  return hasStyle && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
}
