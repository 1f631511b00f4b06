import type { TableValue } from '../tables.ts'

/**
 * A text as it was written: where a site stored UTF-8 through a connection that took it for Latin-1, each accent is two characters.
 */
export function repaired(text: TableValue | undefined): string {
  const given = String(text ?? '')
  if (!/[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u0192-\u2122]/.test(given)) return given
  const bytes = windows1252Bytes(given)
  if (!bytes) return given
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return given
  }
}

/** Undefined where a character is no byte; those that Windows-1252 has no place for may stand for their own. */
function windows1252Bytes(text: string): Uint8Array | undefined {
  const bytes = Array.from(text, (char) => byteOf.get(char) ?? char.charCodeAt(0))
  return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : undefined
}

const byteOf = new Map(
  Array.from({ length: 256 }, (_, byte) => [
    new TextDecoder('windows-1252').decode(Uint8Array.of(byte)),
    byte,
  ]),
)
