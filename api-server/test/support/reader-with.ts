import type { Reader } from '../../src/reading/bounded-reads.ts';

/** A reader for whom there is room for so many bytes. */
export function readerWith(
  bytesMax: number,
): Reader & { readonly bytes: number; readonly peakBytes: number } {
  let bytes = 0;
  let peakBytes = 0;
  return {
    id: 'reader',
    get bytes() {
      return bytes;
    },
    get peakBytes() {
      return peakBytes;
    },
    grow: (more) => {
      if (bytes + more > bytesMax) return false;
      bytes += more;
      peakBytes = Math.max(peakBytes, bytes);
      return true;
    },
    shrink: (fewer) => {
      bytes -= fewer;
    },
  };
}
