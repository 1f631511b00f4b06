import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { createApiToken, revokeApiToken } from '../integrations/mailshot/api-token.ts'
import { auditStatement, findAudit } from '../integrations/mailshot/audit.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { retryLetters } from '../integrations/mailshot/letter.ts'
import { mirrorLists } from '../integrations/mailshot/list.ts'
import { cancelSend, pauseSend, resumeSend } from '../integrations/mailshot/send.ts'
import { archiveSend, restoreSend, trashSend } from '../integrations/mailshot/send/trash.ts'
import {
  changePreferences,
  confirm,
  subscribe,
  undoUnsubscribe,
  unsubscribe,
} from '../integrations/mailshot/subscriber.ts'
import { askNewAddress, changeAddress } from '../integrations/mailshot/subscriber/address.ts'
import { erase } from '../integrations/mailshot/subscriber/erase.ts'
import { noteLeaveReason } from '../integrations/mailshot/subscriber/leave-reason.ts'
import { endPause, pausePerson } from '../integrations/mailshot/subscriber/pause.ts'
import { lift, suppress } from '../integrations/mailshot/suppression.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { startFixture } from './start-fixture.ts'
import { ask, asked, confirmationToken, lettersOf } from './subscriber/zoe.ts'

const entry = {
  actor: 'command',
  action: 'suppress',
  subject: 'address:zoe@example.org',
  detail: { reason: 'manual', note: "l'été" },
}

describe('auditStatement', () => {
  it('notes who did what, to what, and when', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(auditStatement(mailshot, entry))
    expect(await findAudit(mailshot, entry.subject)).toEqual([{ at: mailshot.now(), ...entry }])
  })

  it('notes nothing when its condition does not hold', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(auditStatement(mailshot, { ...entry, when: sql`1 > 2` }))
    expect(await findAudit(mailshot, entry.subject)).toEqual([])
  })
})

describe('findAudit', () => {
  it('answers the lines of the subjects asked for, oldest first', async () => {
    const mailshot = await openTestMailshot()
    for (const subject of ['list:a', 'list:b', 'list:c', 'list:a']) {
      mailshot.clock.advance(1000)
      await mailshot.db.write(auditStatement(mailshot, { ...entry, subject }))
    }
    const lines = await findAudit(mailshot, 'list:a', 'list:c')
    expect(lines.map((line) => line.subject)).toEqual(['list:a', 'list:c', 'list:a'])
  })
})

describe('each operation that changes something', () => {
  it('leaves a line that says who did it, of a person', async () => {
    const mailshot = await openTestMailshot({ tracking: { individual: true } })
    const { subscriberId } = await asked(mailshot)
    const by = { actor: 'command' }
    const change = (name: string, isAgreed: boolean) =>
      changePreferences(mailshot, {
        subscriberId,
        shown: [],
        chosen: [],
        name,
        lang: 'fr',
        tracking: { isAgreed, wording: 'Oui' },
        consent: {},
      })
    const steps: [string, () => Promise<unknown>][] = [
      ['ask by page', async () => undefined],
      ['confirm by subscriber', async () => confirm(mailshot, await confirmationToken(mailshot))],
      ['change by subscriber, agree-to-tracking by subscriber', () => change('Zoé Blanc', true)],
      ['withdraw-tracking by subscriber', () => change('Zoé Blanc', false)],
      ['pause by subscriber', () => pausePerson(mailshot, { subscriberId, day: '2026-12-24' })],
      ['end-pause by subscriber', () => endPause(mailshot, subscriberId)],
      [
        'ask-change-address by subscriber',
        () => askNewAddress(mailshot, { subscriberId, email: 'zoe@example.net' }),
      ],
      [
        'change-address by subscriber',
        async () => {
          const [letter] = await lettersOf(mailshot, 'change-address')
          return changeAddress(mailshot, letter?.values['url']?.split('/').at(-1) ?? '')
        },
      ],
      [
        'unsubscribe by subscriber',
        () => unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'page' }),
      ],
      [
        'leave-reason by subscriber',
        () =>
          noteLeaveReason(mailshot, { subscriberId, recipientId: 0, reason: 'often', text: '' }),
      ],
      [
        'undo-unsubscribe by subscriber',
        () => undoUnsubscribe(mailshot, { subscriberId, at: mailshot.now() }),
      ],
      [
        'subscribe by command',
        () =>
          subscribe(mailshot, {
            ...ask,
            email: 'ana@example.org',
            consent: { source: 'command' },
            confirmed: true,
          }),
      ],
      ['suppress by command', () => suppress(mailshot, ask.email, { reason: 'manual', ...by })],
      ['lift by command', () => lift(mailshot, ask.email, by)],
      ['erase by command', () => erase(mailshot, subscriberId, 'command')],
    ]
    expect(await walk(mailshot, steps)).toEqual(steps.map(([line]) => line))
  })

  it('leaves one of a send, a letter, a list and a token', async () => {
    const mailshot = await openTestMailshot()
    const by = { actor: 'command' }
    await subscribe(mailshot, { ...ask, consent: { source: 'command' }, confirmed: true })
    const { send } = await startFixture(mailshot, 'hello')
    const other = await startFixture(mailshot, 'hello', { as: 'other', edition: '2' })
    const token = await createApiToken(mailshot, { name: 'ci', scopes: ['send'], ...by })
    const { product: _, ...lists } = mailshot.config.lists
    const steps: [string, () => Promise<unknown>][] = [
      [
        'subscribe by command, start by test, start by test, token.create by command',
        async () => 0,
      ],
      ['pause by command', () => pauseSend(mailshot, send.id, { reason: 'a slip', ...by })],
      ['resume by command', () => resumeSend(mailshot, send.id, by)],
      ['cancel by command', () => cancelSend(mailshot, other.send.id, by)],
      ['begin by mailshot, end by mailshot', () => deliver(mailshot, { untilDone: true })],
      ['trash by command', () => trashSend(mailshot, send.id, by)],
      ['restore by command', () => restoreSend(mailshot, send.id, by)],
      ['purge by command', () => archiveSend(mailshot, send.id, by)],
      [
        'retry by command',
        async () => {
          await mailshot.db.write(sql`UPDATE letters SET status = 'failed'`)
          return retryLetters(mailshot)
        },
      ],
      [
        'close by config',
        () => mirrorLists({ ...mailshot, config: { ...mailshot.config, lists } }),
      ],
      ['reopen by config', () => mirrorLists(mailshot)],
      [
        'change by config, change by config',
        () => {
          const closed = Object.entries(mailshot.config.lists).map(
            ([id, list]) => [id, { ...list, public: false }] as const,
          )
          const config = { ...mailshot.config, lists: Object.fromEntries(closed) }
          return mirrorLists({ ...mailshot, config })
        },
      ],
      ['token.revoke by command', () => revokeApiToken(mailshot, token.id, 'command')],
    ]
    expect(await walk(mailshot, steps)).toEqual(steps.map(([line]) => line))
  })
})

/** What each step notes in the audit: `action by actor`. */
async function walk(
  mailshot: Awaited<ReturnType<typeof openTestMailshot>>,
  steps: readonly [string, () => Promise<unknown>][],
): Promise<string[]> {
  const noted: string[] = []
  let last = 0
  for (const [, step] of steps) {
    await step()
    const lines = await mailshot.db.all<{ id: number; line: string }>(
      sql`SELECT id, action || ' by ' || actor AS line FROM audit WHERE id > ${last} ORDER BY id`,
    )
    last = lines.at(-1)?.id ?? last
    noted.push(lines.map(({ line }) => line).join(', '))
  }
  return noted
}
