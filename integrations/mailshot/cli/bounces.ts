import { MailshotError } from '../error.ts'
import { inspect } from './bounces/inspect.ts'
import { defineCommand, exitCodes } from './command.ts'

export const bounces = defineCommand({
  usage: ['bounces inspect FILE…|-', 'bounces record [FILE…|-]'],
  takes: Infinity,
  about:
    'Mails that come back: bounces, complaints, away notices, unsubscribes. "inspect" says what they say, touches nothing, and\n' +
    'needs no project: one line a file. "record" stores what they report and draws the consequences, as for the pipe of a mail\n' +
    'server; "-", or no file, is the standard input. What says nothing of the kind is passed over.',
  options: {},
  examples: [
    ['mailshot bounces inspect bounce.eml', 'what does it say?'],
    ['mailshot bounces inspect *.eml --json', 'one line of JSON a file'],
    ['mailshot bounces record < bounce.eml', 'store what it reports'],
  ],
  exit: {
    [exitCodes.tryAgain]:
      'record: nothing is stored, for whatever cause; the mail server tries again (EX_TEMPFAIL)',
  },
  async run(call) {
    const [action, ...files] = call.positionals
    if (action === 'inspect') return inspect(files, call)
    // The tables of a database, loaded only where one is needed.
    if (action === 'record') return (await import('./bounces/record.ts')).record(files, call)
    const what = action === undefined ? 'what shall be done' : `"${action}" is not known`
    throw new MailshotError(`bounces: ${what}; say inspect or record`)
  },
})
