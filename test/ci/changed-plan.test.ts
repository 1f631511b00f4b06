import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { cancelSend, listSends, pauseSend, readSend } from '../../integrations/mailshot/send.ts'
import { markdown } from '../campaign-folder.ts'
import { dated, onMerge, openChangedSite } from './changed-site.ts'

describe('a planned send, when its campaign changes', () => {
  const december = dated('# Décembre', '2026-12-01 09:00')

  test('is replaced by one with the new content', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const edited = commit({ 'december.md': dated('# Décembre, corrigé', '2026-12-01 09:00') })

    const { lines } = await run(`${planned}..${edited}`)
    const { lines: again } = await run(`${planned}..${edited}`)

    expect(lines).toMatchObject([
      {
        action: 'replaced',
        reason: expect.stringMatching(
          /^send \w+, planned for 2026-12-01 09:00, is cancelled; planned for 2026-12-01 09:00$/,
        ),
        send: { commit: edited },
      },
    ])
    expect(again).toMatchObject([{ action: 'existing' }])
    expect(await statusesOf(mailshot)).toEqual(['scheduled', 'cancelled'])
  })

  test('is replaced by one for the new date, though the content is the same', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const moved = commit({ 'december.md': dated('# Décembre', '2026-12-02 09:00') })

    const { lines } = await run(`${planned}..${moved}`)

    expect(lines).toMatchObject([{ action: 'replaced' }])
    expect(await sends()).toEqual([
      'december cancelled 2026-12-01T08:00',
      'december scheduled 2026-12-02T08:00',
    ])
  })

  test('is replaced by one for the first date, when that comes back', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const moved = commit({ 'december.md': dated('# Décembre', '2026-12-02 09:00') })
    await run(`${planned}..${moved}`)
    const back = commit({ 'december.md': december })

    await run(`${moved}..${back}`)

    expect((await sends()).filter((one) => one.includes(' scheduled '))).toEqual([
      'december scheduled 2026-12-01T08:00',
    ])
  })

  test('is replaced by one that starts now, when it says on-merge', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const now = commit({ 'december.md': onMerge('# Décembre') })

    const { lines } = await run(`${planned}..${now}`)

    expect(lines).toMatchObject([
      { action: 'replaced', reason: expect.stringContaining('it starts now') },
    ])
    expect((await sends()).filter((one) => one.includes(' scheduled '))).toEqual([
      'december scheduled 2026-11-22T12:00',
    ])
  })

  test('is replaced when its file now keeps it out of the archive', async () => {
    const { commit, run, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const send = 'send: 2026-12-01 09:00'
    const secret = commit({ 'december.md': markdown('# Décembre', send, 'archive: false') })

    const { lines } = await run(`${planned}..${secret}`)
    const { lines: again } = await run(`${planned}..${secret}`)

    expect(lines).toMatchObject([{ action: 'replaced', send: { commit: secret } }])
    expect(again).toMatchObject([{ action: 'existing' }])
  })

  test('is replaced when a picture or a text beside the campaign changes', async () => {
    const { commit, run, first } = await openChangedSite()
    const picture = (colour: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: colour } })
        .png()
        .toBuffer()
    const planned = commit({
      'single.md': dated('![Un port](pictures/a%20port.png)', '2026-12-01 09:00'),
      'pictures/a port.png': await picture('teal'),
      'folder/fr.md': dated('![Un lac](lac.png)', '2026-12-01 09:00'),
      'folder/lac.png': await picture('navy'),
      'texts.md': dated('# Textes', '2026-12-01 09:00'),
      'texts.txt': 'Textes',
    })
    await run(`${first}..${planned}`)
    const painted = commit({
      'pictures/a port.png': await picture('red'),
      'folder/lac.png': await picture('orange'),
      'texts.txt': 'Des textes',
    })

    const { actions } = await run(`${planned}..${painted}`)

    expect(actions).toEqual([
      ['folder', 'replaced'],
      ['single', 'replaced'],
      ['texts', 'replaced'],
    ])
  })

  test('is cancelled when its date is removed, once', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const removed = commit({ 'december.md': markdown('# Décembre') })

    const { code, lines } = await run(`${planned}..${removed}`)
    const { lines: again } = await run(`${planned}..${removed}`)

    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { action: 'cancelled', reason: 'its file says no more when to send it' },
    ])
    expect(again).toMatchObject([{ action: 'skipped', reason: 'not sent (manual)' }])
    expect(await readSend(mailshot, 'december')).toMatchObject({
      status: 'cancelled',
      reason: expect.stringContaining(': its file says no more when to send it'),
    })
  })

  test('is planned again when its date comes back after that', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const removed = commit({ 'december.md': markdown('# Décembre') })
    await run(`${planned}..${removed}`)
    const back = commit({ 'december.md': december })

    const { lines } = await run(`${removed}..${back}`)
    const { lines: again } = await run(`${removed}..${back}`)

    expect(lines).toMatchObject([{ action: 'scheduled', send: { commit: back } }])
    expect(again).toMatchObject([{ action: 'existing' }])
    expect(await statusesOf(mailshot)).toEqual(['scheduled', 'cancelled'])
  })

  test('is cancelled when its file is deleted', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const deleted = commit({ 'december.md': null })

    const { lines } = await run(`${planned}..${deleted}`)

    expect(lines).toMatchObject([{ action: 'cancelled', reason: 'its file was deleted' }])
    expect(await readSend(mailshot, 'december')).toMatchObject({ status: 'cancelled' })
  })

  test('moves to the new name of its file', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const renamed = commit({ 'december.md': null, 'advent.md': december })

    const { actions } = await run(`${planned}..${renamed}`)

    expect(actions).toEqual([
      ['december', 'cancelled'],
      ['advent', 'scheduled'],
    ])
    expect(await sends()).toEqual([
      'advent scheduled 2026-12-01T08:00',
      'december cancelled 2026-12-01T08:00',
    ])
  })

  test('keeps its content when the new one fails its check', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const broken = commit({ 'december.md': dated('{{ nme }}', '2026-12-01 09:00') })

    const { code, lines } = await run(`${planned}..${broken}`)

    expect(code).toBe(1)
    expect(lines).toMatchObject([
      {
        action: 'failed',
        reason:
          'december: 1 error, so it is not mailed; its planned send keeps the content and the date it had',
        send: { status: 'scheduled' },
      },
    ])
    expect(await sends()).toEqual(['december scheduled 2026-12-01T08:00'])
  })

  test('is left to the operator who paused it, and the job fails', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const { id } = await readSend(mailshot, 'december')
    await pauseSend(mailshot, id, { reason: 'operator', actor: 'test' })
    const edited = commit({ 'december.md': dated('# Corrigé', '2026-12-01 09:00') })

    const { code, lines } = await run(`${planned}..${edited}`)

    expect(code).toBe(1)
    expect(lines).toMatchObject([
      {
        action: 'failed',
        reason: `its planned send is paused (operator), with the content and the date it had; to plan this one: mailshot cancel ${id}, and run this again`,
        send: { id },
      },
    ])
    expect(await statusesOf(mailshot)).toEqual(['paused'])
  })

  test('is planned anew once the operator has cancelled what was held for being late', async () => {
    const { commit, run, deliver: mail, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    mailshot.clock.set(Date.UTC(2026, 11, 2))
    await mail()
    const moved = commit({ 'december.md': dated('# Décembre', '2026-12-03 09:00') })

    const { lines: refused } = await run(`${planned}..${moved}`)
    const { id } = await readSend(mailshot, 'december')
    await cancelSend(mailshot, id, { actor: 'test' })
    const { lines } = await run(`${planned}..${moved}`)

    expect(refused).toMatchObject([{ action: 'failed', send: { id, status: 'paused' } }])
    expect(lines).toMatchObject([{ action: 'scheduled', send: { commit: moved } }])
  })

  test('is left to the operator who cancelled it, however often the job is run', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const { id } = await readSend(mailshot, 'december')
    await cancelSend(mailshot, id, { actor: 'test' })

    const { lines } = await run(`${first}..${planned}`)

    expect(lines).toMatchObject([
      { action: 'existing', reason: expect.stringContaining('was cancelled') },
    ])
    expect(await statusesOf(mailshot)).toEqual(['cancelled'])
  })

  test('is planned anew when a content comes back that was cancelled before', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    await run(`${first}..${planned}`)
    const edited = commit({ 'december.md': dated('# Autre', '2026-12-01 09:00') })
    await run(`${planned}..${edited}`)
    const deleted = commit({ 'december.md': null })
    await run(`${edited}..${deleted}`)
    const back = commit({ 'december.md': december })

    const { actions } = await run(`${deleted}..${back}`)

    expect(actions).toEqual([['december', 'scheduled']])
    expect(await statusesOf(mailshot)).toEqual(['scheduled', 'cancelled', 'cancelled'])
  })
})

/** Newest first. */
async function statusesOf(mailshot: Mailshot): Promise<string[]> {
  return (await listSends(mailshot)).map(({ status }) => status)
}
