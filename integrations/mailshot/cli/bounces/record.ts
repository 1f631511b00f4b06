import { recordBounce, type RecordedBounce } from '../../bounce/record.ts'
import { type Call, type ExitCode, exitCodes } from '../command.ts'
import { explainFault } from '../fault.ts'
import { withMailshot } from '../project.ts'
import { readMails } from './files.ts'

/** How long a mail server's process waits for the database. */
const patienceMs = 10_000

/**
 * Stores what the files report. Whatever keeps it from that, the mail server is told to try again later: it would send anything else
 * back to nobody, and the report would be lost.
 */
export async function record(files: string[], call: Call): Promise<ExitCode> {
  try {
    // Read before the settings are, which change the folder.
    const mails = await readAll(files.length > 0 ? files : ['-'])
    return await withMailshot(call.values, async (mailshot) => {
      const patient = { ...mailshot, db: mailshot.db.within(patienceMs) }
      for (const { file, raw } of mails) print(call, file, await recordBounce(patient, raw))
      return exitCodes.done
    })
  } catch (error) {
    const text = explainFault(error)?.message ?? (error instanceof Error ? error.stack : error)
    call.terminal.warn(`mailshot: ${String(text)}`)
    return exitCodes.tryAgain
  }
}

async function readAll(files: string[]): Promise<{ file: string; raw: Buffer }[]> {
  const read = []
  for (const file of files) {
    for (const raw of await readMails(file)) read.push({ file, raw })
  }
  return read
}

function print({ terminal }: Call, file: string, done: RecordedBounce): void {
  if (terminal.json) return terminal.printJson({ file, ...done })
  const { kind, isUnderstood, recorded, repeated, unmatched } = done
  const counts = Object.entries({ recorded, repeated, unmatched }).filter(([, count]) => count > 0)
  const facts = isUnderstood ? counts.map(([name, count]) => `${count} ${name}`) : ['not recorded']
  terminal.note(`${file === '-' ? 'the mail' : file}: ${[kind, ...facts].join(', ')}`)
}
