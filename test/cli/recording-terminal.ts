import type { Terminal } from '../../integrations/mailshot/cli/terminal.ts'

export interface RecordingTerminal extends Terminal {
  /** What stdout got. */
  out: string[]
  /** What stderr got. */
  err: string[]
}

/** A terminal without a screen that keeps what it is told. */
export function recordingTerminal(given: Partial<Terminal> = {}): RecordingTerminal {
  const out: string[] = []
  const err: string[] = []
  const { quiet = false } = given
  return {
    out,
    err,
    json: false,
    quiet,
    interactive: false,
    live: false,
    print: (text) => void out.push(text),
    printJson: (value) => void out.push(JSON.stringify(value)),
    note: (text) => void (quiet || err.push(text)),
    warn: (text) => void err.push(text),
    confirm: () => Promise.resolve(false),
    ...given,
  }
}
