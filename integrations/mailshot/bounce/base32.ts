const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 §6 in lower case, without padding: what survives servers that fold the case of a local part. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += alphabet.charAt((value >>> (bits - 5)) & 31)
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + alphabet.charAt((value << (5 - bits)) & 31) : text
}

/** Reads it in any case; `undefined` for what `encodeBase32` would not have written. */
export function decodeBase32(text: string): Buffer | undefined {
  const folded = text.toLowerCase()
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const char of folded) {
    const digit = alphabet.indexOf(char)
    if (digit < 0) return undefined
    value = (value << 5) | digit
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((value >>> bits) & 0xff)
    value &= (1 << bits) - 1
  }
  const decoded = Buffer.from(bytes)
  return encodeBase32(decoded) === folded ? decoded : undefined
}
