import { sql } from 'drizzle-orm/sql'
import { countAttempt } from '../../integrations/mailshot/abuse/limit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { startReconsent } from '../../integrations/mailshot/reconsent.ts'
import {
  findLeaving,
  undoUnsubscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { askNewAddress, changeAddress } from '../../integrations/mailshot/subscriber/address.ts'
import { freshLink } from '../../integrations/mailshot/subscriber/own-link.ts'
import { pauseDays, pausePerson } from '../../integrations/mailshot/subscriber/pause.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import type { BuiltSite } from '../built-site.ts'
import { testClock, testConfig } from '../open-test-mailshot.ts'
import { addReader, ask, type Seed, tokenPath } from './seeded-reader.ts'

/** A page that readers meet, in one of its states. */
export interface ReaderPage {
  name: string
  /** Below the base of our pages, or from the root of the site. */
  path: string
  /** What is posted there; without it, the page is asked for. */
  fields?: [string, string][]
  /** With which the form comes. */
  headers?: Record<string, string>
}

const day = 86_400_000

/**
 * Fills the database of a site that is still to be started with a reader for each page in each language. Answers all these pages,
 * in all states that look different from each other.
 */
export async function seedReaderPages(
  { folder, url }: Pick<BuiltSite, 'folder' | 'url'>,
  langs: readonly string[],
): Promise<Map<string, ReaderPage[]>> {
  const clock = testClock()
  const transport = memory()
  const config = testConfig({ site: url, transport, signUp: { invitations: true } }, folder)
  const mailshot = await openMailshot(config, { clock })
  const now = Date.now()
  clock.set(now - 400 * day)
  for (const lang of langs) {
    await addReader({ mailshot, lang, now }, 'asked')
    await addReader({ mailshot, lang, now }, 'stayed')
  }
  clock.set(now)
  await startReconsent(mailshot, { list: 'weekly', days: 30, actor: 'test' })
  await deliver(mailshot, { untilDone: true })
  const stayLink = (reader: string) => {
    const mail = transport.messages.find(({ to }) => to.address.startsWith(`${reader}@`))
    return /stay\/[\w-]+/.exec(mail?.text ?? '')?.[0] ?? ''
  }
  const pages = new Map<string, ReaderPage[]>()
  for (const lang of langs) {
    const seed = { mailshot, lang, now }
    pages.set(lang, [
      ...formPages(lang),
      ...refusals(lang),
      { name: 'stay', path: stayLink(`asked-${lang}`) },
      { name: 'stayed', path: stayLink(`stayed-${lang}`), fields: [] },
      ...(await preferencesPages(seed)),
      ...(await confirmPages(seed)),
      ...(await leavingPages(seed)),
      ...(await addressPages(seed)),
      ...(await otherPages(seed)),
    ])
  }
  await mailshot.close()
  return pages
}

function formPages(lang: string): ReaderPage[] {
  const typed = (email: string, ...more: [string, string][]): [string, string][] => [
    ['lang', lang],
    ['asked', 'city'],
    ['name', 'Zoë'],
    ['email', email],
    ...more,
  ]
  const robot: [string, string] = ['comments', 'buy']
  return [
    { name: 'subscribe', path: 'subscribe' },
    { name: 'subscribe-mistakes', path: 'subscribe', fields: typed('') },
    {
      name: 'subscribe-mistyped',
      path: 'subscribe',
      fields: typed('zoe@gmial.com', ['list', 'weekly']),
    },
    {
      name: 'subscribe-again',
      path: 'subscribe',
      fields: typed('zoe@example.org', ['list', 'weekly'], robot),
    },
    { name: 'subscribe-closed-list', path: 'subscribe?list=none' },
    { name: 'subscribed', path: 'subscribe?asked=1' },
    { name: 'links', path: 'links' },
    { name: 'links-mistakes', path: 'links', fields: typed('zoe') },
    { name: 'links-again', path: 'links', fields: typed('zoe@example.org', robot) },
    { name: 'links-asked', path: 'links?asked=1' },
  ]
}

function refusals(lang: string): ReaderPage[] {
  const form: [string, string][] = [['email', 'often@example.org']]
  return [
    { name: 'lost', path: 'unsubscribe/cut' },
    { name: 'archive-empty', path: '/newsletters' },
    { name: 'letter-unknown', path: '/newsletters/none' },
    { name: 'view-test', path: 'view/sample' },
    { name: 'view-gone', path: tokenPath('view', [1_000_000]) },
    { name: 'test', path: 'preferences/sample' },
    {
      name: 'gone',
      path: tokenPath('preferences', [1_000_000]),
    },
    {
      name: 'erased',
      path: `${tokenPath('preferences', [1_000_000])}?erased=1`,
    },
    {
      name: 'no-form',
      path: 'links',
      fields: form,
      headers: { 'content-type': 'text/plain' },
    },
    {
      name: 'foreign-form',
      path: 'links',
      fields: form,
      headers: { origin: 'https://elsewhere.example' },
    },
    {
      name: 'too-many',
      path: 'links',
      fields: [
        ['lang', lang],
        ['email', `often-${lang}@example.org`],
      ],
    },
  ]
}

async function preferencesPages(seed: Seed): Promise<ReaderPage[]> {
  const { mailshot, now } = seed
  const id = await addReader(seed, 'reader')
  await ask(seed, 'reader', ['product'])
  const resting = await addReader(seed, 'resting')
  await pausePerson(mailshot, { subscriberId: resting, day: pauseDays(mailshot).last })
  const own = tokenPath('preferences', [id])
  const email = `reader-${seed.lang}@example.org`
  const fresh = freshLink(mailshot.config, { id, email }, now).url.replace(/^.*\/mailshot\//, '')
  const invite = tokenPath('invite', [id])
  const post = (path: string, ...fields: [string, string][]) => ({ path, fields })
  return [
    { name: 'preferences', path: own },
    { name: 'preferences-saved', path: `${own}?saved=1` },
    { name: 'preferences-link-mailed', path: `${own}?mailed=1` },
    { name: 'preferences-link-over', path: `${own}?over=1` },
    { name: 'preferences-mistakes', ...post(own, ['do', 'pause'], ['until', '2020-02-30']) },
    { name: 'preferences-pause', path: tokenPath('preferences', [resting]) },
    { name: 'preferences-fresh', path: fresh },
    {
      name: 'preferences-wrong-address',
      ...post(fresh, ['do', 'change-address'], ['email', 'zoe@gmial.com']),
    },
    { name: 'own-data', path: `${fresh}?data=1` },
    { name: 'own-data-document', ...post(fresh, ['do', 'export-html']) },
    { name: 'erase', path: `${fresh}?erase=1` },
    { name: 'erase-sure', path: `${fresh}?erase=sure` },
    { name: 'invite', path: invite },
    { name: 'invite-mistakes', ...post(invite, ['email', 'zoe'], ['email', 'zoe@gmial.com']) },
    { name: 'invited', path: `${invite}?done=1` },
  ]
}

async function confirmPages(seed: Seed): Promise<ReaderPage[]> {
  const { mailshot, now } = seed
  const waiting = await ask(seed, 'waiting', ['weekly', 'product'])
  const known = await addReader(seed, 'known')
  const left = await addReader(seed, 'left-before')
  await unsubscribe(mailshot, { subscriberId: left, lists: 'all', reason: 'page' })
  const soon = now + day
  const late = tokenPath('confirm', [waiting, now], now - day)
  return [
    { name: 'confirm', path: tokenPath('confirm', [waiting, now], soon) },
    { name: 'confirmed', path: tokenPath('confirm', [known, now], soon) },
    { name: 'confirm-expired', path: late },
    { name: 'confirm-renewed', path: `${late}?renewed=1` },
    { name: 'confirm-lapsed', path: tokenPath('confirm', [0, now], now - day) },
    { name: 'confirm-ended', path: tokenPath('confirm', [left, now], soon) },
  ]
}

async function leavingPages(seed: Seed): Promise<ReaderPage[]> {
  const { mailshot } = seed
  const one = await addReader(seed, 'leaver')
  const two = await addReader(seed, 'leaver-of-two', ['weekly', 'product'])
  const [left, everything, undone] = [
    await addReader(seed, 'left'),
    await addReader(seed, 'left-everything'),
    await addReader(seed, 'undone'),
  ]
  const leave = (subscriberId: number, lists: string[] | 'all') =>
    unsubscribe(mailshot, { subscriberId, lists, reason: 'page' })
  await leave(left, ['weekly'])
  await leave(everything, 'all')
  await leave(undone, ['weekly'])
  const { at = 0 } = (await findLeaving(mailshot, undone)) ?? {}
  await undoUnsubscribe(mailshot, { subscriberId: undone, at })
  const none = await addReader(seed, 'on-no-list')
  await unsubscribe(mailshot, { subscriberId: none, lists: 'all', reason: 'one-click' })
  const path = (id: number) => tokenPath('unsubscribe', [id, 0])
  return [
    { name: 'unsubscribe', path: path(one) },
    { name: 'unsubscribe-many', path: path(two) },
    { name: 'unsubscribe-mistakes', path: path(two), fields: [['leave', 'chosen']] },
    { name: 'unsubscribed', path: `${path(left)}?left=1` },
    { name: 'unsubscribed-told', path: `${path(left)}?left=1&told=1` },
    { name: 'unsubscribed-everything', path: `${path(everything)}?left=1` },
    { name: 'undone', path: `${path(undone)}?undone=1` },
    { name: 'undone-too-late', path: path(one), fields: [['undo', '1']] },
    { name: 'unsubscribe-none', path: path(none) },
  ]
}

async function addressPages(seed: Seed): Promise<ReaderPage[]> {
  const { mailshot, now } = seed
  const [mover, moved] = [await addReader(seed, 'mover'), await addReader(seed, 'moved')]
  const ready = await mailNewAddress(seed, { subscriberId: mover, name: 'mover-now' })
  const changed = await mailNewAddress(seed, { subscriberId: moved, name: 'moved-now' })
  await changeAddress(mailshot, changed.replace(/^.*\//, ''))
  return [
    { name: 'change-address', path: ready },
    { name: 'change-address-changed', path: changed },
    { name: 'change-address-expired', path: tokenPath('change-address', [mover, now], now - day) },
    { name: 'change-address-ended', path: tokenPath('change-address', [mover, 1], now + day) },
  ]
}

/** The path of the link that the new address is mailed. */
async function mailNewAddress(
  { mailshot, lang }: Seed,
  { subscriberId, name }: { subscriberId: number; name: string },
): Promise<string> {
  await askNewAddress(mailshot, { subscriberId, email: `${name}-${lang}@example.org` })
  const row = await mailshot.db.get<{ url: string }>(sql`
    SELECT "values" ->> 'url' AS url FROM letters
    WHERE kind = 'change-address' AND subscriber_id = ${subscriberId}`)
  return /change-address\/.*$/.exec(row?.url ?? '')?.[0] ?? ''
}

async function otherPages(seed: Seed): Promise<ReaderPage[]> {
  const { mailshot, lang } = seed
  const often = `often-${lang}@example.org`
  const request = new Request('https://example.org/mailshot/links', { method: 'POST' })
  for (let count = 0; count < 6; count += 1) {
    await countAttempt(mailshot, { request, emails: [often] })
  }
  const bounced = await addReader(seed, 'bounced')
  const blocked = await addReader(seed, 'blocked')
  await suppress(mailshot, `bounced-${lang}@example.org`, { reason: 'hard-bounce', actor: 'test' })
  await suppress(mailshot, `blocked-${lang}@example.org`, { reason: 'complaint', actor: 'test' })
  return [
    { name: 'bounced', path: tokenPath('preferences', [bounced]) },
    { name: 'blocked', path: tokenPath('preferences', [blocked]) },
    { name: 'unsubscribe-already', path: tokenPath('unsubscribe', [blocked, 0]) },
    { name: 'invite-closed', path: tokenPath('invite', [blocked]) },
  ]
}
