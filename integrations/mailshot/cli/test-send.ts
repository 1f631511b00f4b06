import { MailshotError } from '../error.ts'
import { sendTestLetter } from '../letter/test-send.ts'
import type { WritableKind } from '../letter/template.ts'
import type { Mailshot } from '../mailshot.ts'
import { sendTest, type TestOptions, type TestOutcome } from '../test-send.ts'
import { requireSlug } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { compileChecked, parseLang } from './compiled.ts'
import { letterLanguages, letterNamed, readChecked } from './letter-named.ts'
import { withMailshot } from './project.ts'
import type { Terminal } from './terminal.ts'

export const testSend = defineCommand({
  usage: ['test <slug>|letters/<kind> <address>… [--lang LANG] [--force]'],
  takes: Infinity,
  about:
    'Mails a campaign to addresses of your own, marked [TEST] and counted nowhere. For a subscriber the fields are filled\n' +
    'with what is known; for anybody else as well as they can be. A single real send is: mailshot send <slug> --to ADDRESS.\n' +
    'letters/welcome is the letter of that name, in the words of its file, or in ours; its links open nothing.',
  options: {
    lang: { type: 'string', value: 'LANG', about: 'This language instead of the reader’s own.' },
    force: { type: 'boolean', about: 'Also to addresses that are suppressed.' },
  },
  examples: [
    ['mailshot test 2026-06-launch me@example.org', 'how does it look in my own mail program?'],
    ['mailshot test 2026-06-launch a@example.org b@example.net', 'in several'],
    [
      'mailshot test letters/confirmation me@example.org --lang fr',
      'what do readers get who sign up?',
    ],
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
      const kind = letterNamed(mailshot.config, positionals[0] ?? '')
      const { lang, force = false } = values
      const options = { force, onWait: (waitsFor: string) => terminal.warn(`waiting: ${waitsFor}`) }
      const results = kind
        ? await mailLetter(mailshot, kind, { addresses, lang, options, terminal })
        : await mailCampaign(mailshot, slug, { addresses, lang, options, terminal })
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

interface Asked {
  addresses: string[]
  lang: string | undefined
  options: TestOptions
  terminal: Terminal
}

async function mailCampaign(
  mailshot: Mailshot,
  slug: string,
  { addresses, lang, options, terminal }: Asked,
): Promise<TestOutcome[]> {
  const { compiled } = await compileChecked(mailshot.config, slug, terminal)
  const asked = lang === undefined ? {} : { lang: parseLang(compiled, lang) }
  return sendTest(mailshot, compiled, addresses, { ...options, ...asked })
}

async function mailLetter(
  mailshot: Mailshot,
  kind: WritableKind,
  { addresses, lang, options, terminal }: Asked,
): Promise<TestOutcome[]> {
  const letter = await readChecked(mailshot.config, kind, terminal)
  const [asked] = lang === undefined ? [] : letterLanguages(letter, lang)
  return sendTestLetter(mailshot, letter, addresses, { ...options, ...(asked && { lang: asked }) })
}
