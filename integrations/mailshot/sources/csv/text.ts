import { MailshotError } from '../../error.ts'

/**
 * Decodes bytes as UTF-8 (or UTF-16 where its mark says so, or what the caller names), without the byte order mark.
 *
 * @throws MailshotError with the line, where the bytes are not that encoding
 */
export async function* decode(
  bytes: AsyncIterable<Uint8Array>,
  { name, encoding }: { name: string; encoding?: string },
): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined
  let line = 1
  for await (const chunk of bytes) {
    decoder ??= decoderFor(encoding ?? encodingOf(chunk))
    const text = attempt(decoder, chunk)
    if (text === undefined) throw wrongEncoding(name, decoder, line + linesBeforeFault(chunk))
    line += text.split('\n').length - 1
    yield text
  }
  if (decoder && attempt(decoder) === undefined) throw wrongEncoding(name, decoder, line)
}

/** The lines of a text, those that have arrived together at once; ended by LF, CR LF or CR. */
export async function* readLines(texts: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = ''
  for await (const text of texts) {
    const known = rest + text
    // A CR at the end may be half of a CR LF.
    const half = known.endsWith('\r') ? '\r' : ''
    const lines = (half ? known.slice(0, -1) : known).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '') + half
    yield lines
  }
  if (rest !== '') yield [rest.replace(/\r$/, '')]
}

function decoderFor(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true })
  } catch (cause) {
    throw new MailshotError(
      `"${encoding}" is not an encoding; write it like utf-8 or windows-1252`,
      { cause },
    )
  }
}

function encodingOf(start: Uint8Array): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return 'utf-8'
}

/** `undefined` for bytes that are not of the encoding; without bytes, the end is checked. */
function attempt(decoder: TextDecoder, chunk?: Uint8Array): string | undefined {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
  } catch {
    return undefined
  }
}

function linesBeforeFault(chunk: Uint8Array): number {
  // The chunk may begin and end in the middle of a character, which alone is no fault.
  const start = chunk.findIndex((byte) => byte < 0x80 || byte > 0xbf)
  const text = new TextDecoder().decode(chunk.subarray(Math.max(start, 0)), { stream: true })
  // Without a fault of its own, the chunk does not go on with the character that the one before began.
  return text.slice(0, Math.max(text.indexOf('\ufffd'), 0)).split('\n').length - 1
}

function wrongEncoding(name: string, { encoding }: TextDecoder, line: number): MailshotError {
  return new MailshotError(
    `${name}:${line}: this is not ${encoding.toUpperCase()}; save the file as "CSV UTF-8", ` +
      'or name its encoding: --encoding windows-1252 for a Latin-1 file, as Excel writes on Windows',
  )
}
