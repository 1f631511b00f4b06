import { type Campaign } from '../campaign.ts'
import { parseSendTime } from '../campaign/send-time.ts'
import type { CompiledCampaign } from '../compile.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { findSend, type Send, startSend } from '../send.ts'
import { countAudience } from '../send/audience.ts'
import { openLists, parseAddress, parseLists, requireSlug } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { commitOf } from './commit.ts'
import { compileChecked } from './compiled.ts'
import { count, formatTime } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { sendView } from './send-view.ts'
import { printable } from './terminal.ts'

const options = {
  list: {
    type: 'string',
    multiple: true,
    short: 'l',
    value: 'ID',
    about: "Instead of the campaign's own lists; several with commas, or repeat it.",
  },
  at: {
    type: 'string',
    value: 'TIME',
    about:
      "When: 'now', or a time in the site's zone, '2026-12-01 09:00'. By default what the campaign says, else now.",
  },
  to: {
    type: 'string',
    value: 'ADDRESS',
    about: 'Only to this subscriber: a real send, counted as such.',
  },
  again: {
    type: 'boolean',
    about: 'The campaign was sent before: mail it to all who have not got it.',
  },
  'resend-all': {
    type: 'boolean',
    about: 'The campaign was sent before: mail it to everybody once more.',
  },
  commit: {
    type: 'string',
    value: 'SHA',
    about: 'The Git commit it comes from; by default the one checked out.',
  },
  yes: { type: 'boolean', short: 'y', about: 'Do not ask.' },
} as const

export const send = defineCommand({
  usage: ['send <slug> [options]'],
  takes: 1,
  about:
    'Starts a campaign: checks it, freezes its content and its images, and plans it. The running site, or "mailshot\n' +
    'deliver", mails it. On a terminal it shows subject, lists and audience and asks first; elsewhere it needs --yes.\n' +
    'The same campaign with the same content to the same lists is one send, however often this is run.',
  options,
  examples: [
    ['mailshot send 2026-06-launch', 'asks, and starts it'],
    ['mailshot send 2026-06-launch --at "2026-12-01 09:00" --yes', 'plans it, in a script'],
    ['mailshot send 2026-06-launch --again', 'a corrected version, to those who have none yet'],
  ],
  exit: { [exitCodes.done]: 'started, or it had been started before (--json says which: created)' },
  run: (call) => {
    const slug = requireSlug('send', call.positionals)
    return withMailshot(call.values, (mailshot) => start(call, mailshot, slug))
  },
})

type SendCall = Call<typeof options>

async function start(call: SendCall, mailshot: Mailshot, slug: string): Promise<ExitCode> {
  const { values, terminal } = call
  const { campaign, compiled, media } = await compileChecked(mailshot.config, slug, terminal)
  const request = requestOf(values, mailshot, compiled)
  const before = await sameSend(mailshot, compiled, request)
  if (before) return report(call, mailshot, { send: before, created: false })
  const { lists, audience, onlyTo } = request
  const people = await countAudience(mailshot, {
    slug,
    hash: compiled.hash,
    lists,
    audience,
    ...(onlyTo !== undefined && { onlyTo }),
  })
  terminal.note(
    describe(mailshot.config, campaign, { ...request, people, images: compiled.images.length }),
  )
  if (!(await isSure(call, people))) return exitCodes.wrongRequest
  const commit = values.commit ?? commitOf(Object.values(campaign.variants).map(({ file }) => file))
  return report(
    call,
    mailshot,
    await startSend(mailshot, compiled, media, { ...request, commit, actor: actor() }),
  )
}

interface SendRequest {
  lists: string[]
  audience: Send['audience']
  onlyTo: string | undefined
  at: number | undefined
}

function requestOf(
  values: SendCall['values'],
  mailshot: Mailshot,
  compiled: CompiledCampaign,
): SendRequest {
  return {
    lists: parseLists(values.list, openLists(mailshot)) ?? compiled.lists,
    audience: audienceOf(values),
    onlyTo: values.to === undefined ? undefined : parseAddress(values.to),
    at: values.at === undefined ? plannedAt(compiled) : parseAt(values.at, mailshot),
  }
}

function audienceOf(values: SendCall['values']): Send['audience'] {
  if (values.again && values['resend-all']) {
    throw new MailshotError(
      'send: --again mails those who have not got it, --resend-all everybody once more; choose one',
    )
  }
  if (values['resend-all']) return 'all'
  return values.again ? 'again' : 'first'
}

function plannedAt({ send: planned }: CompiledCampaign): number | undefined {
  return typeof planned === 'object' ? planned.at : undefined
}

function parseAt(text: string, mailshot: Mailshot): number {
  if (text === 'now') return mailshot.now()
  const at = parseSendTime(text, mailshot.config.timeZone)
  if (typeof at === 'object') {
    const wrong = /^\s*\d/.test(text) ? at.wrong : `"${text}" is not a time`
    throw new MailshotError(`--at: ${wrong}; write it like "2026-12-01 09:00", or now`)
  }
  if (at >= mailshot.now()) return at
  throw new MailshotError(`--at ${text}: that is in the past; to start at once, leave it out`)
}

/** The send that this very request made before: nobody is asked whether it may start. */
async function sameSend(
  mailshot: Mailshot,
  compiled: CompiledCampaign,
  { audience, onlyTo, lists }: SendRequest,
): Promise<Send | undefined> {
  if (audience !== 'first' || onlyTo !== undefined) return undefined
  const last = await findSend(mailshot, { slug: compiled.slug })
  if (!last || last.onlyTo !== null || last.contentHash !== compiled.hash) return undefined
  const isSame = last.lists.toSorted().join() === lists.toSorted().join()
  return isSame ? last : undefined
}

function describe(
  config: MailshotConfig,
  campaign: Campaign,
  { lists, people, at, onlyTo, images }: SendRequest & { people: number; images: number },
): string {
  const titles = lists.map((id) => {
    const title = config.lists[id]?.title
    return title === undefined ? id : `${id} (${localize(title, config.lang, config.lang)})`
  })
  const when = at === undefined ? 'now' : `${formatTime(at, config.timeZone)} (${config.timeZone})`
  const subjects = Object.values(campaign.variants).map(({ lang, subject }): [string, string] => [
    `subject ${lang}`,
    printable(subject.text),
  ])
  const lines: [string, string][] = [
    ...subjects,
    ['lists', titles.join(', ')],
    ['to', onlyTo ?? count(people, 'person', 'people')],
    ['when', when],
    ...(images > 0 ? [imagesLine(config, images)] : []),
  ]
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n')
}

function imagesLine({ site, base }: MailshotConfig, images: number): [string, string] {
  return ['images', `${images}; it starts once ${site}${base}/media serves them`]
}

async function isSure({ values, terminal }: SendCall, people: number): Promise<boolean> {
  if (values.yes) return true
  const who = count(people, 'person', 'people')
  if (!terminal.interactive) {
    throw new MailshotError(`send: it would go to ${who}; add --yes to start it without a question`)
  }
  if (await terminal.confirm(`Send it to ${who}?`)) return true
  terminal.warn('Nothing was sent.')
  return false
}

function report(
  { terminal }: SendCall,
  mailshot: Mailshot,
  { send: made, created }: { send: Send; created: boolean },
): ExitCode {
  if (mailshot.held) terminal.warn(`Nothing is being sent: ${mailshot.held}`)
  if (terminal.json) {
    terminal.printJson({ created, send: sendView(mailshot.config).json(made) })
    return exitCodes.done
  }
  const isPlanned = made.scheduledAt > mailshot.now()
  const when = isPlanned ? ` for ${formatTime(made.scheduledAt, mailshot.config.timeZone)}` : ''
  const state = made.reason ? `${made.status}: ${made.reason}` : made.status
  terminal.print(
    created
      ? `${isPlanned ? 'planned' : 'started'} ${made.slug}${when}: send ${made.id}`
      : `${made.slug} was already started: send ${made.id} is ${state}`,
  )
  if (created) {
    terminal.note('The running site mails it; without one, run: mailshot deliver --until-done')
  }
  return exitCodes.done
}
