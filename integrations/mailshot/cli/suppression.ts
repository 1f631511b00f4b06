import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { lift, listSuppressions, suppress, type Suppression } from '../suppression.ts'
import { countSuppressedHashes } from '../suppression/hash.ts'
import { parseAddress } from './arguments.ts'
import { defineCommand, type ExitCode, exitCodes } from './command.ts'
import { formatTime, isoTime } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { printList, type View } from './table.ts'
import type { Terminal } from './terminal.ts'

export const suppressCommand = defineCommand({
  usage: ['suppress <address>… [--note TEXT]', 'suppress --list'],
  takes: Infinity,
  about:
    'Keeps every mail from these addresses, whatever their subscriptions say, now and after any import. Sends that run\n' +
    'obey at once.',
  options: {
    note: { type: 'string', value: 'TEXT', about: 'Why, for whoever looks later.' },
    list: { type: 'boolean', about: 'Show all suppressed addresses instead.' },
  },
  examples: [
    ['mailshot suppress bob@example.org --note "asked by phone"', 'nothing goes to him any more'],
    ['mailshot suppress --list --json > suppressed.jsonl', 'to keep beside a backup'],
  ],
  run: ({ values, positionals, terminal }) =>
    withMailshot(values, async (mailshot) => {
      if (values.list && positionals.length > 0) {
        throw new MailshotError('suppress: --list shows all of them; leave it or the address out')
      }
      if (values.list) return printSuppressions(mailshot, terminal)
      const addresses = requireAddresses('suppress', positionals)
      for (const address of addresses) {
        const { changed, suppression } = await suppress(mailshot, address, {
          reason: 'manual',
          actor: actor(),
          ...(values.note !== undefined && { note: values.note }),
        })
        const { email, reason } = suppression
        if (terminal.json) terminal.printJson({ ...jsonOf(suppression), changed })
        else terminal.print(`${email}: ${changed ? 'suppressed' : `was already (${reason})`}`)
      }
      return exitCodes.done
    }),
})

export const liftCommand = defineCommand({
  usage: ['lift <address>…'],
  takes: Infinity,
  about:
    'Allows suppressed addresses to be mailed again. Subscriptions that ended stay ended: the person signs up again, or\n' +
    '"mailshot subscribers add" does it for one who asked. Never lift a complaint unless the person asked for it.',
  options: {},
  examples: [
    ['mailshot lift bob@example.org', 'his mailbox works again'],
    ['mailshot lift bob@example.org eve@example.org --json', 'one line of JSON each'],
  ],
  run: ({ values, positionals, terminal }) =>
    withMailshot(values, async (mailshot) => {
      for (const address of requireAddresses('lift', positionals)) {
        const lifted = await lift(mailshot, address, { actor: actor() })
        if (terminal.json) {
          terminal.printJson({ email: address, lifted: lifted ? jsonOf(lifted) : null })
        } else {
          const was = lifted ? `lifted (it was ${lifted.reason})` : 'was not suppressed'
          terminal.print(`${address}: ${was}`)
        }
      }
      return exitCodes.done
    }),
})

/** Lists all suppressed addresses; of those of which only hashes are kept, how many. */
export async function printSuppressions(mailshot: Mailshot, terminal: Terminal): Promise<ExitCode> {
  const view = suppressionView(mailshot.config.timeZone)
  for await (const page of pages(mailshot)) printList(terminal, page, view)
  const hashes = await countSuppressedHashes(mailshot)
  if (hashes > 0) {
    terminal.note(`${hashes} more, of which only hashes are kept: mailshot suppressions export`)
  }
  return exitCodes.done
}

/** All of them are read before the first is acted on. */
function requireAddresses(command: string, positionals: string[]): string[] {
  if (positionals.length > 0) return positionals.map(parseAddress)
  throw new MailshotError(
    `${command}: which address? For example: mailshot ${command} bob@example.org`,
  )
}

async function* pages(mailshot: Mailshot): AsyncGenerator<Suppression[]> {
  const limit = 1000
  let after = ''
  for (;;) {
    const page = await listSuppressions(mailshot, { after, limit })
    if (page.length > 0 || after === '') yield page
    if (page.length < limit) return
    after = page.at(-1)?.email ?? after
  }
}

function suppressionView(timeZone: string): View<Suppression> {
  return {
    heading: ['address', 'reason', 'since', 'note'],
    cells: ({ email, reason, at, note }) => [email, reason, formatTime(at, timeZone), note ?? ''],
    json: jsonOf,
    empty: 'No address is suppressed.',
  }
}

function jsonOf({ at, ...rest }: Suppression) {
  return { ...rest, at: isoTime(at) }
}
