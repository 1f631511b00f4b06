import { beforeEach, describe, expect, it } from 'vitest'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { formerPage } from '../../integrations/mailshot/pages/former.ts'
import { unsubscribePage } from '../../integrations/mailshot/pages/unsubscribe.ts'
import { placesOf, rowsFrom } from '../import/state.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { get, locationOf, post } from './visit.ts'

const uuid = '0b7a5d2e-1c3f-4a6b-8d9e-0f1a2b3c4d5e'
const [uniqid, key] = ['0123456789abcdef0123456789abcdef', 'c0ffee'.repeat(7).slice(0, 40)]
let mailshot: TestMailshot

beforeEach(async () => {
  mailshot = await openTestMailshot()
  const formerIds = [
    { source: 'listmonk', id: uuid },
    { source: 'phplist', id: uniqid },
    { source: 'spip', id: key },
  ]
  const rows = [{ email: 'zoe@example.org', lists: ['weekly'], formerIds }]
  await importSubscribers(mailshot, rowsFrom(rows), { actor: 'test' })
})

describe('formerPage', () => {
  it.each([
    ['listmonk', `listmonk/5a1b0c9d-0000-4000-8000-000000000000/${uuid}`, ''],
    ['phpList', 'phplist', `?p=unsubscribe&uid=${uniqid}`],
    ['SPIP', 'spip', `?action=unsubscribe_mailsubscriber&email=zoe%40example.org&arg=3-${key}`],
    ['SPIP, escaped once more', 'spip', `?email=zoe%2540example.org&amp;arg%253D${key}%22`],
  ])('leads from a link of %s to the page with its button', async (_, path, query) => {
    const answer = await formerPage(mailshot, get(`former/${path}${query}`), path)
    const location = locationOf(answer)
    const token = location.split('/').at(-1)
    const page = await unsubscribePage(mailshot, get(`unsubscribe/${token}`), token)
    expect(page).toMatchObject({ status: 200, view: { kind: 'leave', lists: [{ id: 'weekly' }] } })
    expect(await placesOf(mailshot)).toEqual(['zoe@example.org weekly active'])
  })

  it('leaves by the one-click POST of a mail service, and by nothing less', async () => {
    const path = `listmonk/x/${uuid}`
    const request = post(`former/${path}`, { 'List-Unsubscribe': 'One-Click' })
    expect(await formerPage(mailshot, request, path)).toMatchObject({ status: 200 })
    expect(await placesOf(mailshot)).toEqual(['zoe@example.org weekly unsubscribed'])
  })

  it.each([
    ['an id of another system', `phplist/${uuid}`, ''],
    ['an address alone', 'spip', '?email=zoe@example.org'],
    ['a part of an id', 'spip', `?arg=${key.slice(1)}`],
    ['nothing', '', ''],
  ])('tells nothing of anybody for %s', async (_, path, query) => {
    const page = await formerPage(mailshot, get(`former/${path}${query}`), path)
    expect(page).toMatchObject({ status: 404, view: { kind: 'notice' } })
    expect(JSON.stringify(page)).not.toContain('zoe@')
  })
})
