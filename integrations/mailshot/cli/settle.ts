import { MailshotError } from '../error.ts'
import { askProvider } from '../send/ask.ts'
import { sendJson } from '../send/json.ts'
import type { SettleRequest } from '../send/settle.ts'
import { parseAddress, requireSendName } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { type SendDesk, serverOption, withDesk } from './send-desk.ts'

const options = {
  as: { type: 'string', value: 'sent|failed', about: 'What became of them.' },
  all: { type: 'boolean', about: 'All uncertain recipients of the send.' },
  ask: { type: 'boolean', about: 'Settle those whom the provider knows; it is asked about each.' },
  reason: { type: 'string', value: 'TEXT', about: 'How you know, for whoever looks later.' },
  yes: { type: 'boolean', short: 'y', about: 'Do not ask.' },
  ...serverOption,
} as const

type SettleCall = Call<typeof options>

export const settle = defineCommand({
  usage: [
    'settle <send> --as sent|failed <address>… [--reason TEXT] [--server URL]',
    'settle <send> --as sent|failed --all [--reason TEXT] [--server URL]',
    'settle <send> --ask',
  ],
  takes: Infinity,
  about:
    'Says what became of uncertain recipients, once you know it from the log of the mail server: those who may have got\n' +
    'the mail when a connection broke or a process died (mailshot recipients <send> --status uncertain). Nobody is mailed;\n' +
    'the counts of the send follow; who said so is noted. Only who is uncertain can be settled. All who are named are, or\n' +
    'nobody. A provider whose API can tell (Mailjet, SparkPost, Mandrill) is asked with --ask.',
  options,
  examples: [
    ['mailshot settle 2026-06-launch --as sent bob@example.org', 'the log says that he got it'],
    [
      'mailshot settle 2026-06-launch --as failed --all --reason "the relay was down"',
      'then mailshot resend 2026-06-launch --failed mails them',
    ],
  ],
  exit: { [exitCodes.done]: 'settled, or it had been so before (--json says which: settled)' },
  run(call) {
    const { values, positionals } = call
    const [name, ...addresses] = positionals
    if (values.ask) return ask(call)
    const which = whichOf(values.all === true, addresses)
    const as = parseAs(values.as)
    const sendName = requireSendName(name === undefined ? [] : [name])
    const reason = values.reason?.trim() || undefined
    return withDesk(call, (desk) => run(call, desk, { name: sendName, as, which, reason }))
  },
})

async function run(
  call: SettleCall,
  desk: SendDesk,
  { name, ...request }: Omit<SettleRequest, 'actor'> & { name: string },
): Promise<ExitCode> {
  const { terminal } = call
  const { id, slug, uncertain } = await desk.read(name)
  const question = `Settle ${count(uncertain, 'uncertain recipient')} of ${slug} as ${request.as}?`
  const isAsked = request.which === 'all' && uncertain > 0
  if (isAsked && !(await isSure(call, question))) return exitCodes.wrongRequest
  const { send, ...counts } = await desk.settle(id, request)
  if (terminal.json) {
    terminal.printJson({ ...counts, send: sendJson(send) })
    return exitCodes.done
  }
  const already = counts.already > 0 ? `, ${counts.already} had been before` : ''
  const left = send.uncertain > 0 ? `; ${send.uncertain} of ${slug} are still uncertain` : ''
  terminal.print(`${count(counts.settled, 'recipient')} settled as ${request.as}${already}${left}`)
  if (request.as === 'failed' && counts.settled > 0) {
    terminal.note(`To mail them once more: mailshot resend ${id} --failed`)
  }
  return exitCodes.done
}

async function ask({ values, positionals, terminal }: SettleCall): Promise<ExitCode> {
  const { as, all, server } = values
  if (positionals.length > 1 || as !== undefined || all || server !== undefined) {
    throw new MailshotError(
      'settle: --ask asks about all uncertain ones, from where the database and the keys are; leave all else out',
    )
  }
  return await withMailshot(values, async (mailshot) => {
    const { send, by, ...counts } = await askProvider(
      mailshot,
      requireSendName(positionals),
      actor(),
    )
    if (terminal.json) terminal.printJson({ ...counts, send: sendJson(send) })
    else {
      const { asked, sent, failed } = counts
      const who = `${by.join(' and ')} ${by.length > 1 ? 'know' : 'knows'}`
      const known = `${sent} were sent, ${failed} failed, by what ${who}`
      terminal.print(
        `${count(asked, 'uncertain recipient')}: ${known}; ${asked - sent - failed} still are`,
      )
    }
    return exitCodes.done
  })
}

async function isSure({ values, terminal }: SettleCall, question: string): Promise<boolean> {
  if (values.yes || !terminal.interactive || (await terminal.confirm(question))) return true
  terminal.warn('Nothing changed.')
  return false
}

function parseAs(text: string | undefined): 'sent' | 'failed' {
  if (text === 'sent' || text === 'failed') return text
  const what = text === undefined ? 'what became of them?' : `"${text}" is not known;`
  throw new MailshotError(`settle: ${what} Say --as sent, or --as failed`)
}

function whichOf(all: boolean, addresses: string[]): string[] | 'all' {
  if (all && addresses.length > 0) {
    throw new MailshotError('settle: --all is all of them; leave it or the addresses out')
  }
  if (all) return 'all'
  if (addresses.length > 0) return addresses.map(parseAddress)
  throw new MailshotError('settle: whom? Name addresses after the send, or say --all')
}
