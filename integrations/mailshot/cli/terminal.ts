import { createInterface } from 'node:readline/promises'
import { styleText } from 'node:util'
import { exitCodes } from './command.ts'

/** Where a command speaks: results go to stdout, all else to stderr. */
export interface Terminal {
  readonly json: boolean
  readonly quiet: boolean
  /** Whether somebody can be asked: both ends are a terminal, and it is not a script that reads JSON. */
  readonly interactive: boolean
  /** Whether stderr can redraw a line. */
  readonly live: boolean
  /** A result for people. */
  print: (text: string) => void
  /** A result for programs: one line. */
  printJson: (value: unknown) => void
  /** What somebody watching may like to know; silent when quiet. */
  note: (text: string) => void
  /** What somebody must know, also when quiet. */
  warn: (text: string) => void
  /** Asks a yes-or-no question; anything but a yes is a no. */
  confirm: (question: string) => Promise<boolean>
}

type Format = Parameters<typeof styleText>[0]

/** The terminal of this process. A reader of stdout that goes away (`| head`) ends it quietly. */
export function openTerminal(options: { json?: boolean; quiet?: boolean }): Terminal {
  const { json = false, quiet = false } = options
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endOnFault)
  return {
    json,
    quiet,
    interactive: process.stdin.isTTY && process.stderr.isTTY && !json,
    live: process.stderr.isTTY && !quiet && process.env['TERM'] !== 'dumb',
    print: (text) => void process.stdout.write(`${text}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => void (quiet || process.stderr.write(`${text}\n`)),
    warn: (text) => void process.stderr.write(`${text}\n`),
    confirm,
  }
}

/** Colours a text for stdout, unless NO_COLOR is set or it is no terminal. */
export function paint(format: Format, text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

/** The same for stderr. */
export function paintNote(format: Format, text: string): string {
  return styleText(format, text, { stream: process.stderr })
}

/** Makes a text from outside (a name, a server's answer) safe to print: it cannot move the cursor or add a line. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').trim()
}

async function confirm(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const left = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
  try {
    // At the end of input (Ctrl-D) the question would stay open for ever.
    const answer = await Promise.race([prompt.question(`${question} [y/N] `), left])
    return /^\s*(y|yes|o|oui)\s*$/i.test(answer)
  } finally {
    prompt.close()
  }
}

function endOnFault(error: NodeJS.ErrnoException): void {
  // The terminal was closed: SIGHUP says what is to be done.
  if (error.code === 'EIO') return
  if (error.code === 'EPIPE') process.exit(0)
  const cure = error.code === 'ENOSPC' ? 'make room on the disk' : 'look at where it is sent to'
  process.stderr.write(
    `mailshot: what was printed could not be written (${error.message}); ${cure}\n`,
  )
  process.exit(exitCodes.failed)
}
