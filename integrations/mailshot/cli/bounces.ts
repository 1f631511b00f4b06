import { MailshotError } from '../error.ts'
import { inspect } from './bounces/inspect.ts'
import { defineCommand } from './command.ts'

export const bounces = defineCommand({
  usage: ['bounces inspect FILE…|-'],
  takes: Infinity,
  about:
    'Mails that come back: bounces, complaints, away notices, unsubscribes. "inspect" says what they say and touches nothing; it\n' +
    'needs no project; "-" is the standard input. A mailbox file (mbox) gives one line with all its reports.',
  options: {},
  examples: [
    ['mailshot bounces inspect bounce.eml', 'what does it say?'],
    ['mailshot bounces inspect *.eml --json', 'one line of JSON a file'],
  ],
  run: (call) => {
    const [action, ...files] = call.positionals
    if (action === 'inspect') return inspect(files, call)
    const what = action === undefined ? 'what shall be done' : `"${action}" is not known`
    throw new MailshotError(`bounces: ${what}; say inspect`)
  },
})
