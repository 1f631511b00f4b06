import { type Logger, pino } from 'pino'
import { MailshotError } from './error.ts'

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export type LogLevel = (typeof levels)[number]

/** A log on stderr, of this level unless MAILSHOT_LOG sets another. @throws MailshotError when that is none */
export function openLog(level: LogLevel): Logger {
  const asked = process.env['MAILSHOT_LOG'] || level
  const known = levels.find((one) => one === asked)
  if (known !== undefined) return pino({ level: known }, pino.destination(2))
  throw new MailshotError(
    `MAILSHOT_LOG: "${asked}" is not a level of the log; it is one of ${levels.join(', ')}`,
  )
}

/** Says what keeps an operation from the database, which is tried again. */
export function tellOfWait(log: Logger, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  log.warn({ reason }, 'the database cannot be used for now; trying again')
}
