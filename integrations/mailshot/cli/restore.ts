import { resolve } from 'node:path'
import { MailshotError } from '../error.ts'
import { utc } from '../hold.ts'
import { restore, type Restored } from '../restore.ts'
import { defineCommand, exitCodes } from './command.ts'
import { count, isoTime } from './format.ts'
import { readProject } from './project.ts'
import type { Terminal } from './terminal.ts'

export const restoreCommand = defineCommand({
  usage: ['restore <file> [--replace] [--plain-copy]'],
  takes: 1,
  about:
    'Puts a backup in the place of the database, and brings it up to date. What was mailed after it was made is not known\n' +
    'in it, so all its open sends are paused and its waiting letters kept back, until you have looked and say\n' +
    '"mailshot resume" and "mailshot letters retry". Stop the site and all workers before; --replace is refused while one\n' +
    'of them has the database open.',
  options: {
    replace: {
      type: 'boolean',
      about:
        'A database is there: keep it beside, under another name, and put the backup in its place.',
    },
    'plain-copy': {
      type: 'boolean',
      about: 'Take a file that was copied by other means, while nothing had the database open.',
    },
  },
  examples: [
    ['mailshot restore /backups/mailshot-2026-11-22.db', 'on a new machine'],
    ['mailshot restore /backups/mailshot-2026-11-22.db --replace', 'the database is damaged'],
  ],
  async run({ values, positionals: [name], terminal }) {
    if (!name) {
      throw new MailshotError(
        'restore: which file? For example: mailshot restore /backups/mailshot.db',
      )
    }
    // Reading the project goes to its root.
    const from = resolve(name)
    const config = await readProject(values)
    const { replace, 'plain-copy': plainCopy } = values
    const done = await restore(config, from, { replace, plainCopy, wiped: [resolve('dist')] })
    if (terminal.json) terminal.printJson({ ...done, madeAt: isoTime(done.madeAt) })
    else tell(terminal, done)
    return exitCodes.done
  },
})

function tell(terminal: Terminal, { file, aside, madeAt, paused, letters }: Restored): void {
  const since = madeAt === undefined ? 'the copy was made' : utc(madeAt)
  const what = madeAt === undefined ? 'the copy' : `the backup of ${since}`
  terminal.print(`${file} is ${what} now`)
  if (aside !== undefined) terminal.print(`the one before it is kept as ${aside}`)
  if (letters > 0) {
    terminal.warn(
      `${count(letters, 'letter')} kept back: mailshot letters lists them, retry mails them`,
    )
  }
  for (const { id, slug, sent, total, remaining, uncertain } of paused) {
    const unclear = uncertain > 0 ? `, ${uncertain} uncertain` : ''
    terminal.warn(
      `paused: ${slug} (${id}), ${sent} of ${total} sent, ${remaining} waiting${unclear}`,
    )
  }
  terminal.warn(
    `\nWhat was mailed after ${since} is not known here, and would be mailed again.` +
      (paused.length > 0 ? nextForPaused(paused[0]?.id ?? '') : '') +
      '\nA campaign that was started after that is unknown too: run no job again that starts one.',
  )
}

function nextForPaused(id: string): string {
  return (
    ' Find in the log\nof the mail server who got it, then\n' +
    `  mailshot settle ${id} --as sent ADDRESS…   they got it\n` +
    `  mailshot resume ${id}                      mail the rest\n` +
    `  mailshot cancel ${id}                      or let it be`
  )
}
