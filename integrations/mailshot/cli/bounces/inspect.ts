import { type BounceReading, type BounceReport, readBounce } from '../../bounce.ts'
import { MailshotError } from '../../error.ts'
import { type Call, type ExitCode, exitCodes } from '../command.ts'
import { printable } from '../terminal.ts'
import { readMails } from './files.ts'

/** Prints what each file says; one that cannot be read does not keep the others. */
export async function inspect(files: string[], { terminal }: Call): Promise<ExitCode> {
  if (files.length === 0) {
    throw new MailshotError('bounces inspect: which file? Name some, or - for the standard input')
  }
  let exit: ExitCode = exitCodes.done
  for (const file of files) {
    try {
      const reading = await readAll(await readMails(file))
      if (terminal.json) terminal.printJson({ file, ...jsonOf(reading) })
      else terminal.print(textOf(file, reading))
    } catch (error) {
      if (!(error instanceof MailshotError)) throw error
      terminal.warn(`mailshot: ${error.message}`)
      exit = exitCodes.wrongRequest
    }
  }
  return exit
}

type Told = Pick<BounceReading, 'kind' | 'reports'>

/** What the mails of one file say together: of the kind of the first that says anything. */
async function readAll(mails: Buffer[]): Promise<Told> {
  const readings: BounceReading[] = []
  for (const mail of mails) readings.push(await readBounce(mail))
  const kind = readings.find((reading) => reading.kind !== 'none')?.kind ?? 'none'
  const alike = readings.filter((reading) => reading.kind === kind)
  return { kind, reports: alike.flatMap(({ reports }) => reports) }
}

function jsonOf({ kind, reports }: Told) {
  return {
    kind,
    reports: reports.map(({ recipient, judgement, status, reason, messageId, token }) => ({
      recipient: recipient ?? null,
      class: judgement?.class ?? null,
      status: status ?? null,
      reason: reason ?? null,
      messageId: messageId ?? null,
      token: token ?? null,
    })),
  }
}

function textOf(file: string, { kind, reports }: Told): string {
  return [`${file}: ${kind}`, ...reports.map(reportText)].join('\n')
}

function reportText({ recipient, judgement, isDelay, status, ...report }: BounceReport): string {
  const severity = judgement && `${judgement.class}, about the ${judgement.about}`
  const facts: [string, string | undefined][] = [
    ['recipient', recipient],
    [
      'class',
      isDelay ? 'soft, not given up yet' : severity?.replace('the other', 'something else'),
    ],
    ['status', status],
    ['reason', report.reason],
    ['message', report.messageId],
    ['token', report.token],
  ]
  return facts
    .flatMap(([name, value]) => (value ? [`  ${name.padEnd(10)}${printable(value)}`] : []))
    .join('\n')
}
