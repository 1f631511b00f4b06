import { describe, expect, it } from 'vitest'
import { storyJson, storyLines } from '../../integrations/mailshot/cli/subscriber-story.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { readStory } from '../../integrations/mailshot/subscriber/story.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { askNewAddress, changeAddress } from '../../integrations/mailshot/subscriber/address.ts'
import { lift, suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { pastSends, report } from '../past-sends.ts'
import { lettersOf } from './zoe.ts'

const zoe = 'reader1@example.net'
const hour = 3_600_000

describe('readStory', () => {
  it('tells consents, sends, answers, events and why it ended, with its causes', async () => {
    const { mailshot, story } = await refusedPerson()
    expect(story.consents).toMatchObject([{ list: 'weekly', source: 'command' }])
    expect(story.sends).toMatchObject([
      { send: 's1', campaign: 's1', status: 'sent', delivery: 'bounced', deliveryClass: 'hard' },
      { send: 's2', delivery: 'bounced' },
      { send: 's3', delivery: 'bounced' },
      { send: 's4', delivery: 'bounced' },
    ])
    expect(story.events.map(({ id, type, send }) => [id, type, send])).toEqual([
      [1, 'bounced', 's1'],
      [2, 'bounced', 's2'],
      [3, 'bounced', 's3'],
      [4, 'bounced', 's4'],
      [5, 'unsubscribed', null],
    ])
    expect(story.history).toMatchObject([
      { action: 'subscribe', actor: 'command' },
      { action: 'unsubscribe', detail: { reason: 'bounces', events: [1, 2, 3] } },
      { action: 'suppress', detail: { reason: 'hard-bounce', events: [4] } },
    ])
    expect(story.suppression).toMatchObject({ reason: 'hard-bounce', note: 'no such user' })
    await lift(mailshot, zoe, { actor: 'cli:eve' })
    expect((await storyOf(mailshot)).history.at(-1)).toMatchObject({ action: 'lift' })
  })
})

describe('readStory, after a change of address', () => {
  it('tells of the mails to the old address whose they were, and of nobody else', async () => {
    const { mailshot } = await refusedPerson()
    await move(mailshot, { subscriberId: 2, email: 'new@example.net' })
    const consent = { source: 'command' as const }
    const old = 'reader2@example.net'
    await subscribe(mailshot, { email: old, lists: ['weekly'], consent, confirmed: true })
    await pastSends(mailshot, ['s5'])
    await report(mailshot, { send: 's5', email: old }, { class: 'soft' })
    const moved = await storyOf(mailshot, 'new@example.net')
    expect(moved.sends.map(({ send }) => send)).toEqual(['s1', 's2', 's3', 's4', 's5'])
    expect(moved.events).toEqual([])
    const later = await storyOf(mailshot, old)
    expect(later.sends.map(({ send }) => send)).toEqual(['s5'])
    expect(later.events).toMatchObject([{ send: 's5', recipient: old }])
  })

  it('tells of events and of the history of an address that nobody else has now', async () => {
    const mailshot = await peopleMailed()
    await report(mailshot, { send: 's1', email: zoe }, { class: 'soft' })
    await suppress(mailshot, zoe, { reason: 'manual', actor: 'cli:eve' })
    await lift(mailshot, zoe, { actor: 'cli:eve' })
    await move(mailshot, { subscriberId: 1, email: 'new@example.net' })
    const story = await storyOf(mailshot, 'new@example.net')
    expect(story.events).toMatchObject([{ send: 's1', recipient: zoe }])
    expect(story.history.map(({ action }) => action)).toEqual([
      'subscribe',
      'suppress',
      'lift',
      'ask-change-address',
      'change-address',
    ])
  })
})

describe('storyLines', () => {
  it('says it in a line each', async () => {
    const { story } = await refusedPerson()
    const lines = storyLines(story, (ms) => (ms === null ? '' : `day ${day(ms)}`))
    expect(lines.map((line) => line.join(' '))).toEqual([
      'suppressed hard-bounce since day 4 (no such user)',
      'consent weekly: day 0 by command (confirmed day 0, ended day 3)',
      'send day 1 s1: sent then bounced hard',
      'send day 2 s2: sent then bounced hard',
      'send day 3 s3: sent then bounced hard',
      'send day 4 s4: sent then bounced hard',
      'event day 1 1: bounced hard 5.2.1 of s1',
      'event day 2 2: bounced hard 5.2.1 of s2',
      'event day 3 3: bounced hard 5.2.1 of s3',
      'event day 4 4: bounced hard of s4 (no such user)',
      'event day 44 5: unsubscribed of no mail that is known',
      'history day 0 subscribe by command (lists: weekly)',
      'history day 4 unsubscribe by mailshot (lists: all; bounces; by events 1, 2, 3)',
      'history day 4 suppress by mailshot (hard-bounce; no such user; by event 4)',
    ])
  })
})

describe('storyJson', () => {
  it('gives the same to programs', async () => {
    const { story } = await refusedPerson()
    expect(storyJson(story)).toMatchObject({
      suppression: { reason: 'hard-bounce', at: expect.stringMatching(/^2026-11-26T/) },
      events: [{ id: 1, type: 'bounced', campaign: 's1', matched: true }, {}, {}, {}, { id: 5 }],
      history: [{ actor: 'command' }, { detail: { events: [1, 2, 3] } }, { actor: 'mailshot' }],
    })
  })
})

/** Zoé’s mailbox refused three sends, and does not exist at the fourth. */
async function refusedPerson() {
  const mailshot = await peopleMailed()
  mailshot.clock.advance(2 * hour)
  const disabled = { class: 'hard', about: 'mailbox', status: '5.2.1' } as const
  for (const send of ['s1', 's2', 's3']) await report(mailshot, { send, email: zoe }, disabled)
  const unknown = { class: 'hard', about: 'address', reason: 'no such user' } as const
  await report(mailshot, { send: 's4', email: zoe }, unknown)
  mailshot.clock.advance(40 * 24 * hour)
  const nothing = { type: 'unsubscribed', messageId: '<1@elsewhere>', at: mailshot.now() } as const
  await report(mailshot, { send: 's4', email: zoe }, nothing)
  return { mailshot, story: await storyOf(mailshot) }
}

async function peopleMailed() {
  const mailshot = await openTestMailshot()
  for (const number of [1, 2]) {
    const email = `reader${number}@example.net`
    const consent = { source: 'command' as const }
    await subscribe(mailshot, { email, lists: ['weekly'], consent, confirmed: true })
  }
  await pastSends(mailshot, ['s1', 's2', 's3', 's4'])
  return mailshot
}

async function move(mailshot: TestMailshot, to: { subscriberId: number; email: string }) {
  await askNewAddress(mailshot, to)
  const [letter] = await lettersOf(mailshot, 'change-address')
  await changeAddress(mailshot, letter?.values['url']?.split('/').at(-1) ?? '')
}

async function storyOf(mailshot: TestMailshot, email = zoe) {
  const person = await findSubscriber(mailshot, email)
  if (!person) throw new Error('nobody')
  return readStory(mailshot, person)
}

function day(ms: number): number {
  return Math.floor((ms - Date.UTC(2026, 10, 22, 12)) / (24 * hour))
}
