import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import type { RegisteredWebhook, Transport } from '../transport.ts'
import {
  installWebhook,
  listWebhooks,
  removeWebhooks,
  withoutPath,
  withoutSecret,
} from '../webhook/register.ts'
import { type Call, defineCommand, exitCodes } from './command.ts'
import { count } from './format.ts'
import { readProject, withMailshot } from './project.ts'
import { printList } from './table.ts'
import { transportOption, transportsThat, withEach } from './transports.ts'
import { printAddresses } from './webhook-address.ts'

const options = {
  ...transportOption,
  'show-secret': {
    type: 'boolean',
    about: 'Addresses whole: whoever knows one can report events.',
  },
} as const

type WebhooksCall = Call<typeof options>
type Action = (mailshot: Mailshot, transports: Transport[], call: WebhooksCall) => Promise<void>

export const webhooks = defineCommand({
  usage: [
    'webhooks install [--transport NAME]',
    'webhooks list [--transport NAME] [--show-secret]',
    'webhooks remove [--transport NAME]',
    'webhooks show [--transport NAME]',
  ],
  takes: 1,
  about:
    'Has the mail provider report to this site what becomes of mails: deliveries, bounces, complaints, unsubscriptions, opens and\n' +
    'clicks. The address ends with a secret that is made of MAILSHOT_SECRET, so install it again when that changes. Only addresses\n' +
    'of this site are changed or removed; those of others stay. "show" prints whole addresses, to be registered by hand, and\n' +
    '"generic", where a relay of your own may report with a key (docs/webhooks.md); it asks nobody.',
  options,
  examples: [
    ['mailshot webhooks install', 'once, when the site is on its public address'],
    ['mailshot webhooks list --json', 'one line of JSON each: transport, url, isOurs, detail'],
    ['mailshot webhooks remove --transport mailjet', 'before the site moves'],
  ],
  exit: {
    [exitCodes.done]: 'done, or nothing to do',
    [exitCodes.wrongRequest]:
      'the request is wrong, or the provider refuses; the message says what to do',
  },
  async run(call) {
    const [name = ''] = call.positionals
    if (name === 'show') {
      printAddresses(await readProject(call.values), call.terminal, call.values.transport)
      return exitCodes.done
    }
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (!action) {
      throw new MailshotError(
        'webhooks: say install, list, remove or show; see: mailshot webhooks --help',
      )
    }
    return await withMailshot(call.values, async (mailshot) => {
      const transports = transportsThat(mailshot.config, {
        name: call.values.transport,
        can: (one) => one.webhooks !== undefined,
        lack: 'it has no webhooks; what comes back from it comes by mail, to the address for bounces',
      })
      await action(mailshot, transports, call)
      return exitCodes.done
    })
  },
})

const install: Action = ({ config }, transports, { values, terminal }) =>
  withEach(transports, async (transport) => {
    const { url, left } = await installWebhook(config, transport)
    const shown = shownUrl({ url, isOurs: true }, values)
    if (terminal.json) terminal.printJson({ transport: transport.name, url: shown, left })
    else terminal.print(`${transport.name} reports to ${shown}`)
    if (!terminal.json) for (const line of left) terminal.print(`  still to do: ${line}`)
    if (url.startsWith('http:')) {
      terminal.warn(
        `${shown}: not encrypted, so the secret can be read on its way; set the public https address as site`,
      )
    }
  })

const list: Action = async ({ config }, transports, { values, terminal }) => {
  const rows: (RegisteredWebhook & { transport: string })[] = []
  const asking = withEach(transports, async (transport) => {
    for (const one of await listWebhooks(config, transport)) {
      const url = shownUrl(one, values)
      rows.push({ transport: transport.name, ...one, url })
    }
  })
  // What the others have is shown all the same.
  const fault = await asking.catch((error: unknown) => error)
  if (fault !== undefined && rows.length === 0) throw fault
  printList(terminal, rows, {
    heading: ['transport', 'ours', 'address', 'detail'],
    cells: ({ transport, isOurs, url, detail }) => [transport, isOurs ? 'yes' : 'no', url, detail],
    json: (row) => row,
    empty: 'No webhook is registered yet: mailshot webhooks install does it.',
  })
  if (fault !== undefined) throw fault
}

const remove: Action = ({ config }, transports, { terminal }) =>
  withEach(transports, async (transport) => {
    const removed = await removeWebhooks(config, transport)
    const urls = removed.map(withoutSecret)
    if (terminal.json) terminal.printJson({ transport: transport.name, removed: urls })
    else
      terminal.print(
        `${transport.name}: ${removed.length === 0 ? 'nothing to remove' : `${count(removed.length, 'address', 'addresses')} removed`}`,
      )
  })

const actions: Record<string, Action> = { install, list, remove }

function shownUrl(
  { url, isOurs }: Pick<RegisteredWebhook, 'url' | 'isOurs'>,
  values: WebhooksCall['values'],
): string {
  if (values['show-secret']) return url
  return isOurs ? withoutSecret(url) : withoutPath(url)
}
