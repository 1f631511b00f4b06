import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { subscribe, unsubscribe } from '../subscriber.ts'
import type { Subscription } from '../subscriber/read.ts'
import { readStory } from '../subscriber/story.ts'
import { isCountedByName, withdrawStatements } from '../tracking/consent.ts'
import { openLists, parseLists } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { formatTime } from './format.ts'
import { actor, readProject, withMailshot } from './project.ts'
import { countReaders, jsonOf, listPeople, listsNamed } from './subscriber-list.ts'
import { addressOf, personNamed } from './subscriber-named.ts'
import {
  erasePerson,
  handOut,
  privacyOptions,
  prove,
  unseen,
  verifyFile,
  withFiles,
} from './subscriber-privacy.ts'
import { storyJson, storyLines } from './subscriber-story.ts'
import { printable } from './terminal.ts'

const options = {
  list: {
    type: 'string',
    short: 'l',
    multiple: true,
    value: 'ID',
    about: 'list, count, add, unsubscribe, unseen: which list; several with commas, or repeat it.',
  },
  segment: {
    type: 'string',
    value: 'CONDITION',
    about:
      "list, count: only those, like 'lang = fr and city = Lyon', or a segment of the settings.",
  },
  status: {
    type: 'string',
    value: 'STATUS',
    about: 'list: only pending, active or unsubscribed ones.',
  },
  name: { type: 'string', value: 'NAME', about: 'add: the name.' },
  lang: { type: 'string', value: 'LANG', about: 'add: the language, like fr or pt-BR.' },
  set: { type: 'string', multiple: true, value: 'FIELD=VALUE', about: 'add: an attribute.' },
  confirmed: {
    type: 'boolean',
    about: 'add: the person has confirmed elsewhere; no confirmation is mailed.',
  },
  ...privacyOptions,
} as const

type SubscribersCall = Call<typeof options>
type Action = (call: SubscribersCall, mailshot: Mailshot) => Promise<ExitCode>

const actions: Record<string, Action> = {
  list: listPeople,
  count: countReaders,
  show,
  add,
  unsubscribe: leave,
  untrack,
  erase: erasePerson,
  data: handOut,
  proof: prove,
  unseen,
}

export const subscribers = defineCommand({
  usage: [
    'subscribers [list] [--list ID] [--status STATUS] [--segment CONDITION]',
    'subscribers count [--list ID…] [--segment CONDITION]',
    'subscribers show <address>',
    'subscribers add <address> --list ID… [--name NAME] [--lang LANG] [--set FIELD=VALUE…] [--confirmed]',
    'subscribers unsubscribe <address> [--list ID…]',
    'subscribers untrack <address>',
    'subscribers data <address> [--output FILE]',
    'subscribers proof <address> [--output FILE]',
    'subscribers proof --verify FILE',
    'subscribers erase <address> [--yes]',
    'subscribers unseen --months N [--list ID…] [--unsubscribe [--yes]]',
  ],
  takes: ([action = 'list']) => (['list', 'count', 'unseen'].includes(action) ? 1 : 2),
  about:
    'The people. "count" counts who gets mail on these lists (or on any), and of them those of a segment. "add" asks for a confirmation\n' +
    'where the list does (double opt-in), unless --confirmed; "unsubscribe" without --list ends everything and suppresses the address.\n' +
    '"untrack" takes back that the person is counted by name, and takes the name from what was counted. "data" hands out all that is held\n' +
    'about them (JSON); "proof" tells, signed, what the person agreed to in which words, and what happened since; "erase" takes the person\n' +
    'out of every table, "unseen" finds who was mailed and did nothing (docs/privacy.md). Many at once: mailshot import.',
  options,
  examples: [
    [
      'mailshot subscribers show bob@example.org',
      'lists, consents, sends, events, and why it ended',
    ],
    [
      "mailshot subscribers count --segment 'lang = fr and not received 2026-06-launch'",
      'how many a condition finds; docs/segments.md has the language',
    ],
    ['mailshot subscribers list --list weekly --json', 'one line of JSON a person'],
  ],
  run: (call) => {
    const name = call.positionals[0] ?? 'list'
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    const found = withFiles(call)
    const { verify } = found.values
    if (name === 'proof' && verify !== undefined) return verifyProofOf(found, verify)
    if (action) return withMailshot(call.values, (mailshot) => action(found, mailshot))
    throw new MailshotError(
      `subscribers: "${name}" is not known; say one of ${Object.keys(actions).join(', ')}`,
    )
  },
})

async function verifyProofOf(call: SubscribersCall, file: string): Promise<ExitCode> {
  return verifyFile(file, call, await readProject(call.values))
}

async function show(call: SubscribersCall, mailshot: Mailshot): Promise<ExitCode> {
  const { terminal } = call
  const person = await personNamed(call, mailshot)
  const story = await readStory(mailshot, person)
  if (terminal.json) {
    terminal.printJson({ ...jsonOf(person), ...storyJson(story) })
    return exitCodes.done
  }
  const time = (ms: number | null) => formatTime(ms, mailshot.config.timeZone)
  const lines: [string, string][] = [
    ['address', person.email],
    ['name', person.name],
    ['language', person.lang ?? ''],
    ...Object.entries(person.attributes).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
    ['since', time(person.createdAt)],
    ...person.subscriptions.map((one): [string, string] => ['list', history(one, time)]),
    ...storyLines(story, time),
  ]
  const told = lines.filter(([, value]) => value !== '')
  terminal.print(told.map(([name, value]) => `${name.padEnd(11)} ${printable(value)}`).join('\n'))
  return exitCodes.done
}

async function add(call: SubscribersCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, terminal } = call
  const email = addressOf(call)
  const result = await subscribe(mailshot, {
    email,
    lists: requireLists(parseLists(values.list, openLists(mailshot))),
    attributes: Object.fromEntries((values.set ?? []).map(parseAttribute)),
    consent: { source: 'command', actor: actor() },
    confirmed: values.confirmed === true,
    ...(values.name !== undefined && { name: values.name }),
    ...(values.lang !== undefined && { lang: values.lang }),
  })
  if (result.status === 'invalid')
    throw new MailshotError(result.problems.map(({ text }) => text).join('\n'))
  if (result.status === 'suppressed') {
    throw new MailshotError(
      `${email} is suppressed (${result.reason}); if the person asked for it: mailshot lift ${email}`,
    )
  }
  const said = { asked: 'a confirmation is mailed', active: 'subscribed', unchanged: 'was already' }
  if (terminal.json) terminal.printJson({ email, status: result.status })
  else terminal.print(`${email}: ${said[result.status]}`)
  return exitCodes.done
}

async function leave(call: SubscribersCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, terminal } = call
  const person = await personNamed(call, mailshot)
  const { ended } = await unsubscribe(mailshot, {
    subscriberId: person.id,
    lists: (await listsNamed(values, mailshot)) ?? 'all',
    reason: 'operator',
    actor: actor(),
  })
  if (terminal.json) terminal.printJson({ email: person.email, ended })
  else
    terminal.print(
      `${person.email}: ${ended.length > 0 ? `left ${ended.join(', ')}` : 'was on none'}`,
    )
  return exitCodes.done
}

async function untrack(call: SubscribersCall, mailshot: Mailshot): Promise<ExitCode> {
  const { terminal } = call
  const { id: subscriberId, email } = await personNamed(call, mailshot)
  const wasCounted = await isCountedByName(mailshot, subscriberId)
  await mailshot.db.write(...withdrawStatements(mailshot, { subscriberId, actor: actor() }))
  if (terminal.json) terminal.printJson({ email, changed: wasCounted })
  else terminal.print(`${email}: ${wasCounted ? 'no longer' : 'was not'} counted by name`)
  return exitCodes.done
}

function requireLists(lists: string[] | undefined): string[] {
  if (lists) return lists
  throw new MailshotError(
    'subscribers add: on which list? Add --list ID; mailshot lists shows them',
  )
}

function parseAttribute(text: string): [string, string] {
  const [, field, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (field !== undefined && value !== undefined) return [field, value]
  throw new MailshotError(`--set ${text}: write it like city=Grenoble`)
}

function history(one: Subscription, time: (ms: number | null) => string): string {
  const since = one.status === 'unsubscribed' ? one.endedAt : (one.activeAt ?? one.askedAt)
  const why = one.endReason ? ` (${one.endReason})` : ''
  return `${one.list}: ${one.status} since ${time(since)}${why}`
}
