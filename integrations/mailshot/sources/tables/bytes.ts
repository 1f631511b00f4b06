const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const fallback = new TextDecoder('windows-1252')

/** Bytes of a database as the text that they are: UTF-8, else Windows-1252, which is what MySQL calls latin1, and old sites have stored. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return fallback.decode(bytes)
  }
}

/** The same of bytes that were read as a character each. */
export function textOfLatin1(bytes: string): string {
  return /[\x80-\xff]/.test(bytes) ? textOfBytes(Buffer.from(bytes, 'latin1')) : bytes
}
