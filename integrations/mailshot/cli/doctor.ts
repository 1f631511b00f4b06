import type { MailshotConfig } from '../config.ts'
import { openLog } from '../log.ts'
import { type Dns, openDns } from '../deliverability/dns.ts'
import { examineSenders, isReserved } from '../deliverability/examine.ts'
import type { Finding } from '../deliverability/finding.ts'
import { sendersBy } from '../deliverability/senders.ts'
import { adviseOnPorts, publicAddresses } from '../deliverability/reach.ts'
import { domainOf } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import { openMailshot, requireSecret } from '../mailshot.ts'
import type { Transport } from '../transport.ts'
import { hasRoutes, waysOf } from '../route.ts'
import { defineCommand, type ExitCode, exitCodes } from './command.ts'
import { explainFault } from './fault.ts'
import { count } from './format.ts'
import { readProject } from './project.ts'
import { paint, type Terminal } from './terminal.ts'

const marks = {
  ok: paint('green', '✔'),
  warning: paint('yellow', '!'),
  problem: paint('red', '✘'),
  unknown: paint('yellow', '?'),
}

export const doctor = defineCommand({
  usage: ['doctor'],
  takes: 0,
  about:
    'Checks what a send needs before it is needed: settings, database, secret, sender, and the login at the mail server.\n' +
    'It changes nothing and mails nothing. By DNS it looks at what receivers will see: SPF, DKIM, DMARC and whether they fit the\n' +
    'sender, where bounces go, the names of the addresses that mail leaves from; then the rules of Gmail, Yahoo, Microsoft and\n' +
    'Apple for bulk mail, and which are met (docs/deliverability.md). What could not be looked up is marked with a question mark.',
  options: {
    dns: {
      type: 'string',
      value: 'ADDRESS',
      about: 'Ask this name server, 9.9.9.9 or 127.0.0.1:5353, instead of those of this machine.',
    },
  },
  examples: [
    ['mailshot doctor', 'after each change of the settings, and on the server after a deploy'],
    ['mailshot doctor --json', 'one line of JSON a check'],
  ],
  exit: {
    [exitCodes.wrongRequest]: 'something that receivers require is missing',
    [exitCodes.failed]:
      'something does not work; warnings and what could not be looked up leave it 0',
  },
  async run({ values, terminal }) {
    let exit: ExitCode = exitCodes.done
    for await (const finding of examine(values, terminal)) {
      if (finding.state === 'problem') exit = exitCodes.failed
      show(terminal, finding)
    }
    const config = await readProject(values)
    const known = { dns: openNames(values.dns), own: publicAddresses() }
    let unknown = 0
    for await (const finding of examineSenders(config, known)) {
      if (finding.state === 'problem' && exit === exitCodes.done) exit = exitCodes.wrongRequest
      if (finding.state === 'unknown') unknown += 1
      show(terminal, finding)
    }
    if (unknown > 0) {
      terminal.warn(`${count(unknown, 'check')} could not be made: neither right nor wrong.`)
    }
    return exit
  },
})

function show(terminal: Terminal, finding: Finding): void {
  if (terminal.json) return terminal.printJson(finding)
  const { check, state, detail, asks } = finding
  const whose = asks ? ` [${asks.join(', ')}]` : ''
  terminal.print(`${marks[state]} ${check.padEnd(11)} ${detail}${whose}`)
}

/** @throws MailshotError when it is no address of a name server */
function openNames(server: string | undefined): Dns {
  try {
    return openDns(server)
  } catch (cause) {
    const message = `--dns ${server}: is no address of a name server; write it like 9.9.9.9`
    throw new MailshotError(message, { cause })
  }
}

/** Each finding as soon as it is known: a mail server that does not answer takes its time. */
async function* examine(
  values: { config?: string | undefined },
  terminal: Terminal,
): AsyncGenerator<Finding> {
  const config = await readProject(values)
  yield { check: 'settings', state: 'ok', detail: `${config.site}${config.base}` }
  const tried = openTrial(terminal)
  yield await tried('secret', () => {
    requireSecret(config)
    return Promise.resolve('set')
  })
  yield* database(config, tried)
  yield* sender(config)
  yield* proxies(config)
  for (const way of waysOf(config)) {
    const check = hasRoutes(config) ? way.name : 'transport'
    yield* transport(check, way.config.transport, { config, tried })
  }
  if (config.mailer) yield* transport('mailer', config.mailer, { config, tried })
  yield* mailbox(config, tried)
}

/** What comes back by mail. */
async function* mailbox({ bounces }: MailshotConfig, tried: Trial): AsyncGenerator<Finding> {
  const imap = bounces?.imap
  if (!imap) return
  yield await tried('bounces', async () => {
    const { verifyMailbox } = await import('../bounce/mailbox/connect.ts')
    return `${imap.user} at ${imap.host}: works, ${count(await verifyMailbox(imap), 'mail')} waiting`
  })
}

async function* database(config: MailshotConfig, tried: Trial): AsyncGenerator<Finding> {
  let held: string | undefined
  yield await tried('database', async () => {
    const mailshot = await openMailshot(config, { log: openLog('warn') })
    held = mailshot.held
    await mailshot.db.close()
    return `${config.database}, tables up to date`
  })
  if (held) yield { check: 'hold', state: 'problem', detail: `nothing is being sent: ${held}` }
}

function* sender(config: MailshotConfig): Generator<Finding> {
  const { address } = config.from
  yield isReserved(domainOf(address))
    ? { check: 'sender', state: 'warning', detail: `${address}: no real domain; nobody can reply` }
    : { check: 'sender', state: 'ok', detail: address }
  if (config.site.startsWith('http:')) {
    const detail = `${config.site}: links in mails are not encrypted; set the public https address`
    yield { check: 'site', state: 'warning', detail }
  }
  if (config.redirectTo) {
    const detail = `every mail goes to ${config.redirectTo} (redirectTo)`
    yield { check: 'redirect', state: 'warning', detail }
  }
}

/** Without an address that is known for sure, nobody can be limited by it. */
function* proxies({ proxies: declared, abuse: { limits } }: MailshotConfig): Generator<Finding> {
  if (declared !== undefined || limits.client.length + limits.network.length === 0) return
  const detail =
    'not declared, so forms are not limited by who sends them; say proxies: [] where nothing stands before the site, ' +
    "or ['127.0.0.1'] and the like (docs/abuse.md)"
  yield { check: 'proxies', state: 'warning', detail }
}

async function* transport(
  check: string,
  way: Transport,
  { config, tried }: { config: MailshotConfig; tried: Trial },
): AsyncGenerator<Finding> {
  const [first, ...others] = sendersBy(config, way)
  const found = await tried(check, async () => {
    await way.verify?.(first).catch((error: unknown) => adviseOn(way, error))
    return way.verify ? `${way.name}: works` : `${way.name}: nothing to check`
  })
  yield found
  // Who registers senders knows each of them.
  for (const address of way.registerSender ? others : []) {
    const next = await tried(check, async () => {
      await way.verify?.(address)
      return `${way.name}: takes ${address}`
    })
    // What is wrong with the whole is said once.
    if (next.detail !== found.detail) yield next
  }
  await way.close?.()
}

/** A mail server that cannot be reached may be so at another port. @throws the error, with what to try */
async function adviseOn({ sends }: Transport, error: unknown): Promise<never> {
  const isUnreached =
    error instanceof MailshotError && /cannot be reached|nothing listens/.test(error.message)
  if (!isUnreached || sends?.host === undefined) throw error
  throw new MailshotError(`${error.message}; ${await adviseOnPorts(sends.host)}`, { cause: error })
}

type Trial = (check: string, attempt: () => Promise<string>) => Promise<Finding>

/** Makes a finding of an attempt, and says so when it takes long: somebody may think that nothing happens. */
export function openTrial(terminal: Terminal, patienceMs = 2000): Trial {
  return async (check, attempt) => {
    const waiting = setTimeout(() => terminal.note(`${check}: waiting for an answer …`), patienceMs)
    try {
      return { check, state: 'ok', detail: await attempt() }
    } catch (error) {
      // Whatever it is, the other checks may say more.
      const text = error instanceof Error ? error.message : String(error)
      return { check, state: 'problem', detail: explainFault(error)?.message ?? text }
    } finally {
      clearTimeout(waiting)
    }
  }
}
