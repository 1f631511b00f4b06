import { parseSendTime } from '../campaign/send-time.ts'
import type { CompiledCampaign } from '../compile.ts'
import { MailshotError } from '../error.ts'
import type { AudienceCount } from '../send/audience.ts'
import type { ShownSend } from '../send/json.ts'
import { isSameSelection, readSelection, type SaidSelection } from '../send/selection.ts'
import { openLists, parseAddress, parseLists, requireSlug } from './arguments.ts'
import { sendChanged } from './changed.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { commitOf } from './commit.ts'
import { compileChecked } from './compiled.ts'
import { formatTime } from './format.ts'
import { type SendDesk, serverOption, warnIfHeld, withDesk } from './send-desk.ts'
import { sendView } from './send-view.ts'
import { describeSend, nobody, whom } from './send/describe.ts'

const options = {
  list: {
    type: 'string',
    multiple: true,
    short: 'l',
    value: 'ID',
    about: "Instead of the campaign's own lists; several with commas, or repeat it.",
  },
  segment: {
    type: 'string',
    value: 'CONDITION',
    about:
      "Instead of the campaign's own: a condition, 'lang = fr and city = Lyon', or a segment of the settings.",
  },
  exclude: {
    type: 'string',
    multiple: true,
    value: 'WHO',
    about:
      "Instead of the campaign's own: a list, a segment or a condition to leave out; repeat it for several.",
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
    about: 'Only to this subscriber, whatever the segment: a real send, counted as such.',
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
  changed: {
    type: 'string',
    value: 'A..B',
    about:
      'The campaigns whose files these commits touch, as each file says: on-merge ones now, dated ones for their date. ' +
      'No question is asked: the merge was the answer.',
  },
  'dry-run': {
    type: 'boolean',
    about: 'Say what would be done and to how many readers, and do nothing.',
  },
  ...serverOption,
} as const

export const send = defineCommand({
  usage: ['send <slug> [options] [--dry-run]', 'send --changed A..B [--server URL] [--dry-run]'],
  takes: 1,
  about:
    'Starts a campaign: checks it, freezes its content and its images, and plans it. The running site, or "mailshot\n' +
    'deliver", mails it. On a terminal it shows subject, lists and audience and asks first; elsewhere it needs --yes.\n' +
    'The same campaign with the same content to the same lists is one send, however often this is run.\n\n' +
    'With --changed it starts what a merge has brought, and can be run again at any time: a campaign whose content or\n' +
    'date changed replaces its planned send, one whose date or file is gone cancels it, and one that was sent already\n' +
    'is told and left alone. --json gives a line each: slug, action (started, existing, scheduled, replaced, cancelled,\n' +
    'skipped, failed), reason, send.',
  options,
  examples: [
    ['mailshot send 2026-06-launch', 'asks, and starts it'],
    ['mailshot send 2026-06-launch --at "2026-12-01 09:00" --yes', 'plans it, in a script'],
    ['mailshot send 2026-06-launch --again', 'a corrected version, to those who have none yet'],
    ["mailshot send 2026-06-launch --segment 'city = Lyon' --dry-run", 'how many that would be'],
    ['mailshot send --changed HEAD~1..HEAD --dry-run', 'what the last commit would start'],
    [
      'mailshot send --changed $BEFORE..$SHA --server https://example.org',
      'in CI, after a merge; docs/ci.md has whole workflows',
    ],
  ],
  exit: {
    [exitCodes.done]: 'started, or it had been started before (--json says which: created)',
    [exitCodes.wrongRequest]:
      'the request is wrong, or with --changed: a campaign has failed its check; the others were started',
  },
  run(call) {
    const { changed } = call.values
    if (changed !== undefined) return runChanged(call, changed)
    const slug = requireSlug('send', call.positionals)
    return withDesk(call, (desk) => start(call, desk, slug), { bringsLetters: true })
  },
})

type SendCall = Call<typeof options>

/** What a campaign's file says holds, so nothing else may be said. */
function runChanged({ values, positionals, terminal }: SendCall, range: string): Promise<ExitCode> {
  const others = [
    'list',
    'segment',
    'exclude',
    'at',
    'to',
    'again',
    'resend-all',
    'commit',
  ] as const
  const other = others.find((name) => values[name] !== undefined)
  if (other) throw new MailshotError(`--${other} does not go with --changed; the files say it all`)
  if (positionals.length > 0) {
    throw new MailshotError(
      `--changed finds the campaigns by itself; leave out "${positionals.join(' ')}"`,
    )
  }
  const dryRun = values['dry-run'] === true
  return withDesk({ values, terminal }, (desk) => sendChanged(desk, terminal, { range, dryRun }), {
    bringsLetters: !dryRun,
  })
}

async function start(call: SendCall, desk: SendDesk, slug: string): Promise<ExitCode> {
  const { values, terminal } = call
  const { campaign, compiled, media } = await compileChecked(desk.config, slug, terminal)
  const request = requestOf(values, desk, compiled)
  const before = await sameSend(desk, compiled, request)
  if (before) return report(call, desk, { send: before, created: false })
  const people = await desk.countAudience(compiled, request)
  const images = compiled.images.length
  terminal.note(describeSend(desk.config, campaign, { ...request, people, images }))
  if (people?.readers === 0) terminal.warn(nobody(compiled.slug, people))
  if (values['dry-run']) return reportDryRun(call, { slug, request, people })
  if (!(await isSure(call, people))) return exitCodes.wrongRequest
  const commit = values.commit ?? commitOf(Object.values(campaign.variants).map(({ file }) => file))
  return report(call, desk, await desk.start(compiled, media, { ...request, commit }))
}

interface SendRequest extends SaidSelection {
  audience: ShownSend['audience']
  onlyTo: string | undefined
  at: number | undefined
}

function requestOf(
  values: SendCall['values'],
  desk: SendDesk,
  compiled: CompiledCampaign,
): SendRequest {
  return {
    lists: parseLists(values.list, openLists(desk)) ?? compiled.lists,
    ...(values.to === undefined && {
      segment: values.segment ?? compiled.segment,
      exclude: values.exclude ?? compiled.exclude,
    }),
    audience: audienceOf(values),
    onlyTo: values.to === undefined ? undefined : parseAddress(values.to),
    at: values.at === undefined ? plannedAt(compiled) : parseAt(values.at, desk),
  }
}

function audienceOf(values: SendCall['values']): ShownSend['audience'] {
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

function parseAt(text: string, desk: SendDesk): number {
  if (text === 'now') return desk.now()
  const at = parseSendTime(text, desk.config.timeZone)
  if (typeof at === 'object') {
    const wrong = /^\s*\d/.test(text) ? at.wrong : `"${text}" is not a time`
    throw new MailshotError(`--at: ${wrong}; write it like "2026-12-01 09:00", or now`)
  }
  if (at >= desk.now()) return at
  throw new MailshotError(`--at ${text}: that is in the past; to start at once, leave it out`)
}

/** The send that this very request made before: nobody is asked whether it may start. */
async function sameSend(
  desk: SendDesk,
  compiled: CompiledCampaign,
  { audience, onlyTo, ...said }: SendRequest,
): Promise<ShownSend | undefined> {
  if (audience !== 'first' || onlyTo !== undefined) return undefined
  const [last] = await desk.list(compiled.slug)
  if (!last || last.onlyTo !== null || last.contentHash !== compiled.hash) return undefined
  const selection = readSelection(desk.config, said)
  return 'lists' in selection && isSameSelection(last, selection) ? last : undefined
}

async function isSure(
  { values, terminal }: SendCall,
  people: AudienceCount | undefined,
): Promise<boolean> {
  if (values.yes) return true
  if (!terminal.interactive) {
    throw new MailshotError(
      `send: it would go to ${whom(people)}; add --yes to start it without a question`,
    )
  }
  if (await terminal.confirm(`Send it to ${whom(people)}?`)) return true
  terminal.warn('Nothing was sent.')
  return false
}

function reportDryRun(
  { terminal }: SendCall,
  {
    slug,
    request,
    people,
  }: { slug: string; request: SendRequest; people: AudienceCount | undefined },
): ExitCode {
  const { lists, segment, exclude } = request
  if (terminal.json) terminal.printJson({ dryRun: true, slug, lists, segment, exclude, ...people })
  else terminal.print(`${slug} would go to ${whom(people)}`)
  return exitCodes.done
}

function report(
  { values, terminal }: SendCall,
  desk: SendDesk,
  { send: made, created }: { send: ShownSend; created: boolean },
): ExitCode {
  const { config } = desk
  warnIfHeld(desk, terminal)
  if (terminal.json) {
    terminal.printJson({ created, send: sendView(config).json(made) })
    return exitCodes.done
  }
  // Both times are of the same clock, which need not be this one.
  const isPlanned = made.scheduledAt > made.createdAt
  const when = isPlanned ? ` for ${formatTime(made.scheduledAt, config.timeZone)}` : ''
  const state = made.reason ? `${made.status}: ${made.reason}` : made.status
  terminal.print(
    created
      ? `${isPlanned ? 'planned' : 'started'} ${made.slug}${when}: send ${made.id}`
      : `${made.slug} was already started: send ${made.id} is ${state}`,
  )
  if (created && values.server === undefined) {
    terminal.note('The running site mails it; without one, run: mailshot deliver --until-done')
  }
  return exitCodes.done
}
