/** How a file is to be decoded; nothing of both for UTF-8. */
export interface Encoding {
  encoding?: string
  /** What to tell where it is a guess. */
  notice?: string
}

/**
 * Finds out by reading it all: what is not UTF-8 is windows-1252, as Excel writes it in the West, or UTF-16 where every other byte of
 * its beginning is zero. A mark at the beginning is left to the decoder.
 */
export async function findEncoding(bytes: AsyncIterable<Uint8Array>): Promise<Encoding> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let isFirst = true
  try {
    for await (const chunk of bytes) {
      const wide = isFirst ? wideEncoding(chunk) : undefined
      if (wide) return wide
      isFirst = false
      decoder.decode(chunk, { stream: true })
    }
    decoder.decode()
    return {}
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const notice =
      'it is not UTF-8, so it is read as windows-1252; if letters look wrong, name its encoding with --encoding'
    return { encoding: 'windows-1252', notice }
  }
}

function wideEncoding(start: Uint8Array): Encoding | undefined {
  const [first = 0, second = 0] = start
  if (first >= 0xfe && second >= 0xfe) return {}
  const zeros = (from: number) =>
    start.subarray(0, 200).filter((byte, n) => n % 2 === from && byte === 0).length
  const half = Math.min(start.length, 200) / 2
  if (half > 1 && zeros(1) > half * 0.8) return { encoding: 'utf-16le' }
  return half > 1 && zeros(0) > half * 0.8 ? { encoding: 'utf-16be' } : undefined
}
