import { resolve } from 'node:path'
import { backUp } from '../backup.ts'
import { MailshotError } from '../error.ts'
import { defineCommand, exitCodes } from './command.ts'
import { formatBytes, isoTime } from './format.ts'
import { readProject } from './project.ts'

export const backup = defineCommand({
  usage: ['backup <file>'],
  takes: 1,
  about:
    'Copies the database as it is at one moment, and checks the copy. The site and its workers go on meanwhile. The file\n' +
    'may be read by its owner alone, since it holds your subscribers, and one that is there is never overwritten. Keep\n' +
    'MAILSHOT_SECRET as well: without it no link in a mail works any more.\n\n' +
    'The copy knows that it is one: nothing is sent from it, wherever it is opened, until it is put into service\n' +
    '(mailshot restore).',
  options: {},
  examples: [
    ['mailshot backup /backups/mailshot-$(date +%F).db', 'every night, from cron'],
    ['mailshot backup before.db --json', 'says where, how large and of when'],
  ],
  async run({ values, positionals: [name], terminal }) {
    if (!name) {
      throw new MailshotError(
        'backup: into which file? For example: mailshot backup /backups/mailshot.db',
      )
    }
    // Reading the project goes to its root.
    const file = resolve(name)
    const { bytes, madeAt } = await backUp(await readProject(values), file)
    if (terminal.json) terminal.printJson({ file, bytes, madeAt: isoTime(madeAt) })
    else terminal.print(`${file}: ${formatBytes(bytes)}, checked`)
    return exitCodes.done
  },
})
