import { beforeEach, describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { stopPage } from '../../integrations/mailshot/pages/stop.ts'
import { readSend, type Send } from '../../integrations/mailshot/send.ts'
import { sendIdNumbers } from '../../integrations/mailshot/send/id.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'
import { dump, get, head, locationOf, noticeOf, pageOf, post } from './visit.ts'

const day = 86_400_000
let mailshot: TestMailshot
let send: Send
let token: string

beforeEach(async () => {
  mailshot = await openTestMailshot()
  await addReaders(mailshot, 3)
  ;({ send } = await startFixture(mailshot, 'hello'))
  token = sign(mailshot.now() + 90 * day)
})

describe('stopPage by GET', () => {
  it('shows the send in the operator’s language, with what can be done', async () => {
    const { status, texts, view } = pageOf(await visit(get(`stop/${token}`)))
    expect([status, texts.lang]).toEqual([200, 'fr'])
    expect(view).toMatchObject({
      kind: 'send',
      heading: 'Envoi de hello',
      status: 'Programmé',
      facts: [
        { label: 'Objet', value: expect.stringContaining('Camille Martin') },
        { label: 'Listes', value: '«\u00a0Hebdo\u00a0»' },
        { label: 'Prévu le', value: '22 novembre 2026 à 13:00' },
      ],
      buttons: [{ action: 'pause' }],
      cancel: `/mailshot/stop/${token}?cancel=1`,
    })
  })

  it('shows the figures of a send that has ended, and nothing to press', async () => {
    await deliver(mailshot, { untilDone: true })
    const { view } = pageOf(await visit(get(`stop/${token}`)))
    expect(view).toMatchObject({
      status: 'Terminé',
      progress: { settled: 3, total: 3 },
      counts: [
        { label: 'Destinataires', value: '3' },
        { label: 'Envoyés', value: '3' },
        { label: 'En attente', value: '0' },
      ],
      buttons: [],
      cancel: undefined,
    })
    expect(pageOf(await visit(get(`stop/${token}?cancel=1`))).view.kind).toBe('send')
  })

  it('asks once more before a send is cancelled', async () => {
    const notice = noticeOf(await visit(get(`stop/${token}?cancel=1`)))
    expect(notice.form).toEqual({
      fields: { do: 'cancel' },
      button: 'Arrêter définitivement',
      isFinal: true,
    })
    expect(notice.links).toEqual([{ label: 'Revenir à l’envoi', href: `/mailshot/stop/${token}` }])
  })

  it('changes nothing for a scanner, by HEAD or by GET', async () => {
    const before = await dump(mailshot)
    await visit(head(`stop/${token}`))
    await visit(get(`stop/${token}?do=cancel`))
    await visit(get(`stop/${token}?cancel=1&do=cancel`))
    expect(await dump(mailshot)).toEqual(before)
  })

  it('speaks English, from left to right, on a site whose language we have no texts in', async () => {
    mailshot = { ...mailshot, config: { ...mailshot.config, lang: 'he' } }
    const { texts } = pageOf(await visit(get(`stop/${token}`)))
    expect([texts.lang, texts.dir]).toEqual(['en', 'ltr'])
  })

  it('says when nothing leaves from here at all', async () => {
    mailshot = { ...mailshot, held: 'the config says hold' }
    const { view } = pageOf(await visit(get(`stop/${token}`)))
    expect(view).toHaveProperty('held', expect.stringContaining('the config says hold'))
  })

  it('refuses a link that is wrong, too old, or of no send', async () => {
    const other = signToken([testSecret], 'stop', [1, 2], mailshot.now() + day)
    const wrong = [token.slice(0, -2), sign(mailshot.now() - 1), other, 'sample']
    const pages = await Promise.all(wrong.map((one) => visit(get(`stop/${one}`))))
    expect(pages.map(({ status }) => status)).toEqual([404, 404, 404, 404])
  })
})

describe('stopPage by POST', () => {
  it('pauses, says why, and resumes', async () => {
    expect(locationOf(await press('pause'))).toBe(`/mailshot/stop/${token}`)
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'paused' })
    const { view } = pageOf(await visit(get(`stop/${token}`)))
    expect(view).toMatchObject({
      status: 'Suspendu',
      facts: expect.arrayContaining([{ label: 'Raison', value: 'vous l’avez demandé' }]),
      buttons: [{ action: 'resume' }],
    })
    await press('resume')
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
    expect(await findAudit(mailshot, `send:${send.id}`)).toMatchObject([
      { action: 'start' },
      { action: 'pause', actor: 'operator:link' },
      { action: 'resume', actor: 'operator:link' },
    ])
  })

  it('cancels, and mails nobody', async () => {
    await press('cancel')
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'cancelled', sent: 0 })
    expect(await statusCounts(mailshot, send.id)).not.toHaveProperty('sent')
  })

  it('changes nothing when it is pressed again, or says nothing that we know', async () => {
    await press('pause')
    const before = await dump(mailshot)
    await press('pause')
    await press('explode')
    await press('')
    expect(await dump(mailshot)).toEqual(before)
  })

  it('shows the page when the send has ended meanwhile', async () => {
    await deliver(mailshot, { untilDone: true })
    const before = await dump(mailshot)
    expect(locationOf(await press('cancel'))).toBe(`/mailshot/stop/${token}`)
    expect(locationOf(await press('pause'))).toBe(`/mailshot/stop/${token}`)
    expect(await dump(mailshot)).toEqual(before)
  })

  it('leads to our own host, whatever the address asked for looks like', async () => {
    const url = `https://example.org//mailshot/stop/${token}`
    const body = new URLSearchParams({ do: 'pause' })
    const posted = await visit(new Request(url, { method: 'POST', body }))
    expect(locationOf(posted)).toBe(`/mailshot/stop/${token}`)
    const { view } = pageOf(await visit(new Request(url)))
    expect(view).toMatchObject({ refresh: `/mailshot/stop/${token}` })
  })

  it('changes nothing by a link that is wrong', async () => {
    const before = await dump(mailshot)
    const answer = await visit(post(`stop/${token.slice(0, -2)}`, { do: 'cancel' }))
    expect(answer.status).toBe(404)
    expect(await dump(mailshot)).toEqual(before)
  })
})

function sign(expiresAt: number): string {
  return signToken([testSecret], 'stop', sendIdNumbers(send.id) ?? [], expiresAt)
}

async function visit(request: Request) {
  return stopPage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}

async function press(action: string) {
  return visit(post(`stop/${token}`, { do: action }))
}
