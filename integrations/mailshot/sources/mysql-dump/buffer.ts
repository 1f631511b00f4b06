/**
 * A text that arrives in pieces, of which only what is not yet read is held. Each character is one byte of the file, as
 * `latin1` calls it: what encoding a value has is known later.
 */
export interface ByteText {
  text: string
  /** Where the reader is. */
  at: number
  /** The line of `at`, from 1. */
  line(): number
  /**
   * Forgets what was read, and adds more: at least as much as is held, so that a long value is not looked at again for each
   * piece of it.
   *
   * @returns false at the end of the file
   */
  more(): Promise<boolean>
}

export function byteText(bytes: AsyncIterable<Uint8Array>): ByteText {
  const pieces = bytes[Symbol.asyncIterator]()
  let line = 1
  /** Where the next line break is looked for, and where it is once it was: lines of dumps are long. */
  let [counted, nextBreak] = [0, -1]
  return {
    text: '',
    at: 0,
    line() {
      for (;;) {
        if (nextBreak < counted) nextBreak = this.text.indexOf('\n', counted)
        if (nextBreak < 0) counted = this.text.length
        if (nextBreak < 0 || nextBreak >= this.at) return line
        line += 1
        counted = nextBreak + 1
      }
    },
    async more() {
      this.line()
      const held = this.text.slice(this.at)
      counted = Math.max(0, counted - this.at)
      nextBreak = -1
      const added: string[] = []
      for (let size = 0; size <= held.length;) {
        const { value, done } = await pieces.next()
        if (done) break
        added.push(Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1'))
        size += value.length
      }
      this.text = held + added.join('')
      this.at = 0
      return added.length > 0
    },
  }
}
