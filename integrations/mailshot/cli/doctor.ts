import type { MailshotConfig } from '../config.ts'
import { openLog } from '../log.ts'
import { domainOf } from '../email-address.ts'
import { openMailshot, requireSecret } from '../mailshot.ts'
import type { Transport } from '../transport.ts'
import { defineCommand, exitCodes } from './command.ts'
import { explainFault } from './fault.ts'
import { count } from './format.ts'
import { readProject } from './project.ts'
import { paint, type Terminal } from './terminal.ts'

interface Finding {
  check: string
  state: 'ok' | 'warning' | 'problem'
  /** What was found; for a problem also what to do. */
  detail: string
}

const marks = {
  ok: paint('green', '✔'),
  warning: paint('yellow', '!'),
  problem: paint('red', '✘'),
}

export const doctor = defineCommand({
  usage: ['doctor'],
  takes: 0,
  about:
    'Checks what a send needs before it is needed: settings, database, secret, sender, and the login at the mail server.\n' +
    'It changes nothing and mails nothing.',
  options: {},
  examples: [
    ['mailshot doctor', 'after each change of the settings, and on the server after a deploy'],
    ['mailshot doctor --json', 'one line of JSON a check'],
  ],
  exit: { [exitCodes.failed]: 'something is wrong; warnings alone leave it 0' },
  async run({ values, terminal }) {
    let hasProblem = false
    for await (const finding of examine(values, terminal)) {
      hasProblem ||= finding.state === 'problem'
      if (terminal.json) terminal.printJson(finding)
      else terminal.print(`${marks[finding.state]} ${finding.check.padEnd(10)} ${finding.detail}`)
    }
    return hasProblem ? exitCodes.failed : exitCodes.done
  },
})

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
  yield* transport('transport', config.transport, { config, tried })
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
  const reserved = /(?:^|\.)(?:example|test|invalid|localhost|local|example\.(?:com|net|org))$/
  yield reserved.test(domainOf(address))
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

async function* transport(
  check: string,
  way: Transport,
  { config, tried }: { config: MailshotConfig; tried: Trial },
): AsyncGenerator<Finding> {
  yield await tried(check, async () => {
    await way.verify?.(config.from.address)
    await way.close?.()
    return way.verify ? `${way.name}: works` : `${way.name}: nothing to check`
  })
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
