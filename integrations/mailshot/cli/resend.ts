import { MailshotError } from '../error.ts'
import { sendJson } from '../send/json.ts'
import type { ResendChoice, ResendPlan } from '../send/resend.ts'
import { parseAddress, requireSendName } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { type SendDesk, serverOption, type Shown, warnIfHeld, withDesk } from './send-desk.ts'

const options = {
  failed: { type: 'boolean', about: 'All whom the mail server refused, for good or too often.' },
  uncertain: { type: 'boolean', about: 'All who may have got it: some may then get it twice.' },
  again: { type: 'boolean', about: 'With addresses: also those who got it.' },
  reason: { type: 'string', value: 'TEXT', about: 'Why, for whoever looks later.' },
  'dry-run': { type: 'boolean', about: 'Say how many it would be, and do nothing.' },
  yes: { type: 'boolean', short: 'y', about: 'Do not ask.' },
  ...serverOption,
} as const

type ResendCall = Call<typeof options>
type Plan = Shown<ResendPlan>

export const resend = defineCommand({
  usage: [
    'resend <send> --failed|--uncertain [--dry-run] [--yes] [--server URL]',
    'resend <send> <address>… [--again] [--dry-run] [--yes] [--server URL]',
  ],
  takes: Infinity,
  about:
    'Mails a send once more to those who have not got it: they wait again, with all their tries, and a send that was done\n' +
    'runs again; one that is paused stays so. Nobody who has left or was suppressed meanwhile gets anything, nor whom\n' +
    'another send of the campaign has reached. What became of each time before stays in the history (mailshot recipients\n' +
    '<send> --email ADDRESS). On a terminal it shows how many and asks first; elsewhere it needs --yes.\n\n' +
    'To send a corrected version to those who have not got the first: mailshot send <slug> --again.',
  options,
  examples: [
    ['mailshot resend 2026-06-launch --failed --dry-run', 'how many would it be?'],
    ['mailshot resend 2026-06-launch --failed --yes', 'the relay works again'],
    [
      'mailshot resend 2026-06-launch bob@example.org --again',
      'he has deleted it, and asks for it',
    ],
  ],
  exit: { [exitCodes.done]: 'they wait again, or there was nobody (--json says which: resent)' },
  run(call) {
    const [name, ...addresses] = call.positionals
    const choice = choiceOf(call.values, addresses)
    const sendName = requireSendName(name === undefined ? [] : [name])
    return withDesk(call, (desk) => run(call, desk, { name: sendName, choice }))
  },
})

async function run(
  call: ResendCall,
  desk: SendDesk,
  { name, choice }: { name: string; choice: ResendChoice },
): Promise<ExitCode> {
  const { values, terminal } = call
  const { id } = await desk.read(name)
  const plan = await desk.planResend(id, choice)
  describe(call, plan)
  const planned = plannedBy(plan)
  if (values['dry-run'] || planned === 0) return tell(call, { ...plan, resent: 0 })
  if (!(await isSure(call, planned))) return exitCodes.wrongRequest
  const reason = values.reason?.trim() || undefined
  const done = await desk.resend(id, { choice: { ...choice, asOf: plan.asOf }, reason })
  warnIfHeld(desk, terminal)
  return tell(call, done)
}

function plannedBy({ failed, uncertain, skipped, sent }: Plan): number {
  return failed + uncertain + skipped + sent
}

function describe({ terminal }: ResendCall, plan: Plan): void {
  const { send, uncertain, sent, waiting, elsewhere } = plan
  const parts = (['failed', 'uncertain', 'skipped', 'sent'] as const)
    .filter((status) => plan[status] > 0)
    .map((status) => `${plan[status].toLocaleString('en')} ${status}`)
  const what = parts.length > 0 ? ` (${parts.join(', ')})` : ''
  terminal.note(
    `${send.slug}, send ${send.id}: ${count(plannedBy(plan), 'recipient')} to mail once more${what}`,
  )
  if (waiting > 0) terminal.note(`${count(waiting, 'more', 'more')} wait for it anyway`)
  if (elsewhere > 0) {
    terminal.note(`left out: ${elsewhere}, since another send of the campaign has reached them`)
  }
  if (uncertain === 1) terminal.warn('The uncertain one may have got it, and then gets it twice.')
  if (uncertain > 1) {
    terminal.warn(`Some of the ${uncertain} uncertain ones may have got it, and then get it twice.`)
  }
  if (sent > 0) terminal.warn(`${count(sent, 'recipient')} got it already: they get it twice.`)
}

async function isSure({ values, terminal }: ResendCall, planned: number): Promise<boolean> {
  if (values.yes) return true
  if (!terminal.interactive) {
    throw new MailshotError(
      `resend: it would go to ${count(planned, 'recipient')}; add --yes to mail them without a question`,
    )
  }
  if (await terminal.confirm(`Mail ${count(planned, 'recipient')} once more?`)) return true
  terminal.warn('Nothing changed.')
  return false
}

function tell({ values, terminal }: ResendCall, done: Plan & { resent: number }): ExitCode {
  const { send, resent, ...counts } = done
  if (terminal.json) {
    terminal.printJson({
      resent,
      ...counts,
      asOf: new Date(counts.asOf).toISOString(),
      send: sendJson(send),
    })
    return exitCodes.done
  }
  if (values['dry-run']) return exitCodes.done
  if (resent === 0) {
    terminal.print(`Nobody is mailed again; ${send.slug} (${send.id}) is ${send.status}`)
    return exitCodes.done
  }
  const isOrAre = resent === 1 ? 'waits' : 'wait'
  terminal.print(
    `${count(resent, 'recipient')} ${isOrAre} again; ${send.slug} (${send.id}) is ${send.status}`,
  )
  terminal.note(
    send.status === 'paused'
      ? `It stays paused: mailshot resume ${send.id} lets it go on`
      : `To watch: mailshot status ${send.id} --watch`,
  )
  return exitCodes.done
}

function choiceOf(values: ResendCall['values'], addresses: string[]): ResendChoice {
  const statuses = (['failed', 'uncertain'] as const).filter((status) => values[status])
  if (statuses.length > 0 && addresses.length > 0) {
    throw new MailshotError(
      `resend: --${statuses[0]} is all of them; leave it or the addresses out`,
    )
  }
  if (statuses.length > 0 && values.again) {
    throw new MailshotError('resend: --again goes with addresses: who got it is named one by one')
  }
  if (statuses.length > 0) return { statuses }
  if (addresses.length > 0) {
    return { emails: addresses.map(parseAddress), again: values.again === true }
  }
  throw new MailshotError(
    'resend: whom? Say --failed, --uncertain, or name addresses after the send',
  )
}
