import { MailshotError } from '../error.ts'
import { sendTest } from '../test-send.ts'
import { requireSlug } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { compileChecked, parseLang } from './compiled.ts'
import { withMailshot } from './project.ts'

export const testSend = defineCommand({
  usage: ['test <slug> <address>… [--lang LANG] [--force]'],
  takes: Infinity,
  about:
    'Mails a campaign to addresses of your own, marked [TEST] and counted nowhere. For a subscriber the fields are filled\n' +
    'with what is known; for anybody else as well as they can be. A single real send is: mailshot send <slug> --to ADDRESS.',
  options: {
    lang: { type: 'string', value: 'LANG', about: 'This language instead of the reader’s own.' },
    force: { type: 'boolean', about: 'Also to addresses that are suppressed.' },
  },
  examples: [
    ['mailshot test 2026-06-launch me@example.org', 'how does it look in my own mail program?'],
    ['mailshot test 2026-06-launch a@example.org b@example.net', 'in several'],
  ],
  exit: { [exitCodes.failed]: 'not every address was mailed' },
  run: ({ values, positionals, terminal }) => {
    const slug = requireSlug('test', positionals)
    const addresses = positionals.slice(1)
    if (addresses.length === 0) {
      throw new MailshotError(
        `test: to which address? For example: mailshot test ${slug} me@example.org`,
      )
    }
    return withMailshot(values, async (mailshot) => {
      const { compiled } = await compileChecked(mailshot.config, slug, terminal)
      const { lang, force = false } = values
      const options = {
        force,
        ...(lang !== undefined && { lang: parseLang(compiled, lang) }),
        onWait: (waitsFor: string) => terminal.warn(`waiting: ${waitsFor}`),
      }
      const results = await sendTest(mailshot, compiled, addresses, options)
      for (const { address, outcome } of results) {
        if (terminal.json) terminal.printJson({ address, ...outcome })
        else if (outcome.status === 'accepted') terminal.print(`${address}: sent`)
        else terminal.print(`${address}: ${outcome.status}: ${outcome.reason}`)
      }
      const isAllSent = results.every(({ outcome }) => outcome.status === 'accepted')
      return isAllSent ? exitCodes.done : exitCodes.failed
    })
  },
})
