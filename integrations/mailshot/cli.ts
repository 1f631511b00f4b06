import { closest } from './closest.ts'
import { type Command, type ExitCode, exitCodes } from './cli/command.ts'
import { explainFault } from './cli/fault.ts'
import { commandHelp, overview } from './cli/help.ts'
import { openTerminal } from './cli/terminal.ts'
import { keepHeapSmall } from './cli/small-heap.ts'
import { MailshotError } from './error.ts'

/** A command before it is loaded. */
export interface Entry {
  summary: string
  /** Loaded when it is called: `--help` must not wait for the MJML compiler. */
  load: () => Promise<Command>
}

/** All commands, by what they are about. */
export const groups: Record<string, Record<string, Entry>> = {
  'Set up': {
    init: {
      summary: 'create the database and bring it up to date',
      load: async () => (await import('./cli/init.ts')).init,
    },
    doctor: {
      summary: 'check settings, database, secret, sender and mail server',
      load: async () => (await import('./cli/doctor.ts')).doctor,
    },
    backup: {
      summary: 'copy the database, also while it sends',
      load: async () => (await import('./cli/backup.ts')).backup,
    },
    restore: {
      summary: 'put a backup in the place of the database, with its sends paused',
      load: async () => (await import('./cli/restore.ts')).restoreCommand,
    },
    sender: {
      summary: 'register senders at the mail provider',
      load: async () => (await import('./cli/sender.ts')).sender,
    },
    webhooks: {
      summary: 'have the mail provider report what becomes of mails',
      load: async () => (await import('./cli/webhooks.ts')).webhooks,
    },
    token: {
      summary: 'create, list and revoke API tokens',
      load: async () => (await import('./cli/token.ts')).token,
    },
  },
  Campaigns: {
    check: {
      summary: 'find the mistakes in campaigns before anybody gets them',
      load: async () => (await import('./cli/check.ts')).check,
    },
    preview: {
      summary: 'write a campaign as .html, .txt and .eml to look at',
      load: async () => (await import('./cli/preview.ts')).preview,
    },
    test: {
      summary: 'mail a campaign to addresses of your own',
      load: async () => (await import('./cli/test-send.ts')).testSend,
    },
  },
  Sends: {
    send: {
      summary: 'start a campaign, now or at a time',
      load: async () => (await import('./cli/send.ts')).send,
    },
    deliver: {
      summary: 'be a worker: mail what is waiting',
      load: async () => {
        keepHeapSmall()
        return (await import('./cli/deliver.ts')).deliverCommand
      },
    },
    status: {
      summary: 'show how far the sends are',
      load: async () => (await import('./cli/status.ts')).status,
    },
    recipients: {
      summary: 'list who got a send, and what the mail server said',
      load: async () => (await import('./cli/recipients.ts')).recipients,
    },
    pause: {
      summary: 'stop a send for now',
      load: async () => (await import('./cli/control.ts')).pause,
    },
    resume: {
      summary: 'let a paused send go on',
      load: async () => (await import('./cli/control.ts')).resume,
    },
    cancel: {
      summary: 'end a send for good',
      load: async () => (await import('./cli/control.ts')).cancel,
    },
    settle: {
      summary: 'say what became of uncertain recipients',
      load: async () => (await import('./cli/settle.ts')).settle,
    },
    resend: {
      summary: 'mail a send once more to those who have not got it',
      load: async () => (await import('./cli/resend.ts')).resend,
    },
    bounces: {
      summary: 'say what a mail that came back says, or record it',
      load: async () => (await import('./cli/bounces.ts')).bounces,
    },
    letters: {
      summary: 'list confirmations and alarms that could not be mailed; retry them',
      load: async () => (await import('./cli/letters.ts')).letters,
    },
  },
  'What comes back': {
    sends: {
      summary: 'archive sends that have ended, or put them in the trash',
      load: async () => (await import('./cli/sends.ts')).sends,
    },
    purge: {
      summary: 'delete who got old sends, and keep what was counted',
      load: async () => (await import('./cli/purge.ts')).purgeCommand,
    },
    stats: {
      summary: 'show what came of a send: delivered, bounced, opened, clicked, left',
      load: async () => (await import('./cli/stats.ts')).stats,
    },
    events: {
      summary: 'list what was reported of mails: bounces, complaints, opens',
      load: async () => (await import('./cli/events.ts')).events,
    },
  },
  People: {
    import: {
      summary: 'bring subscribers in from a file',
      load: async () => (await import('./cli/import.ts')).importCommand,
    },
    export: {
      summary: 'write people, suppressions, sends, recipients or events to a file',
      load: async () => (await import('./cli/export.ts')).exportCommand,
    },
    subscribers: {
      summary: 'list, show, add and unsubscribe people',
      load: async () => (await import('./cli/subscribers.ts')).subscribers,
    },
    reconsent: {
      summary: 'ask a list whether its readers want to stay, and take off who does not answer',
      load: async () => (await import('./cli/reconsent.ts')).reconsent,
    },
    form: {
      summary: 'print a sign-up form for another site',
      load: async () => (await import('./cli/form.ts')).form,
    },
    lists: {
      summary: 'show the lists and how many are on them',
      load: async () => (await import('./cli/lists.ts')).lists,
    },
    suppress: {
      summary: 'never mail these addresses',
      load: async () => (await import('./cli/suppression.ts')).suppressCommand,
    },
    suppressions: {
      summary: 'list, export and import all suppressed addresses',
      load: async () => (await import('./cli/suppressions.ts')).suppressions,
    },
    lift: {
      summary: 'allow suppressed addresses to be mailed again',
      load: async () => (await import('./cli/suppression.ts')).liftCommand,
    },
  },
}

/** The command line of this process: runs it and leaves its exit code behind. */
export async function main(argv: string[]): Promise<void> {
  process.exitCode = await runCommandLine(argv)
}

async function runCommandLine(argv: string[]): Promise<ExitCode> {
  try {
    return await dispatch(argv)
  } catch (error) {
    const fault = explainFault(error)
    const text = error instanceof Error ? error.stack : String(error)
    process.stderr.write(`mailshot: ${fault?.message ?? text}\n`)
    return fault?.exit ?? exitCodes.failed
  }
}

async function dispatch(argv: string[]): Promise<ExitCode> {
  const [name, ...args] = argv
  if (name === undefined) return help(overview(summaries()), exitCodes.wrongRequest)
  if (name === '--version' || name === '-v') return help(await version())
  if (name === 'help' || name === '--help' || name === '-h') return await helpFor(args[0])
  if (name.startsWith('-')) {
    throw new MailshotError(
      `${name}: options follow the command: mailshot <command> ${name}; mailshot --help lists the commands`,
    )
  }
  const { load } = findEntry(name)
  const rest = args.slice(0, [...args, '--'].indexOf('--'))
  if (rest.includes('--help') || rest.includes('-h')) return await helpFor(name)
  const command = await load()
  return await command.run(args, openTerminal)
}

async function helpFor(name: string | undefined): Promise<ExitCode> {
  if (name === undefined || name.startsWith('-')) return help(overview(summaries()))
  const { summary, load } = findEntry(name)
  return help(commandHelp(name, summary, await load()))
}

function help(text: string, code: ExitCode = exitCodes.done): ExitCode {
  const { print, warn } = openTerminal({})
  if (code === exitCodes.done) print(text)
  else warn(text)
  return code
}

function findEntry(name: string): Entry {
  for (const entries of Object.values(groups)) {
    const entry = entries[name]
    if (entry && Object.hasOwn(entries, name)) return entry
  }
  const meant = closest(name, Object.values(groups).flatMap(Object.keys))
  const hint = meant ? `did you mean ${meant}?` : 'mailshot --help lists them'
  throw new MailshotError(`there is no command "${name}"; ${hint}`)
}

function summaries(): Record<string, [string, string][]> {
  return Object.fromEntries(
    Object.entries(groups).map(([title, entries]) => [
      title,
      Object.entries(entries).map(([name, { summary }]) => [name, summary]),
    ]),
  )
}

async function version(): Promise<string> {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
  return manifest.version
}
