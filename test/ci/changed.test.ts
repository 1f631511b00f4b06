import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { cancelSend, listSends, pauseSend, readSend } from '../../integrations/mailshot/send.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { markdown } from '../campaign-folder.ts'
import { dated, onMerge, openChangedSite } from './changed-site.ts'

describe('send --changed', () => {
  test('starts what is to start on merge, plans what has a date, and names what is manual', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const pushed = commit({
      'june.md': onMerge('# Juin'),
      'july/fr.md': dated('# Juillet', '2026-12-01 09:00'),
      'july/en.md': markdown('# July'),
      'august.md': markdown('# Août'),
    })

    const { code, lines } = await run(`${first}..${pushed}`)

    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { slug: 'august', action: 'skipped', reason: 'not sent (manual)' },
      { slug: 'july', action: 'scheduled', send: { commit: pushed, status: 'scheduled' } },
      { slug: 'june', action: 'started', send: { commit: pushed } },
    ])
    expect(await sends()).toEqual([
      'july scheduled 2026-12-01T08:00',
      'june scheduled 2026-11-22T12:00',
    ])
  })

  test('starts each once however often the job is run, also when all have it', async () => {
    const { commit, run, deliver: mail, mailshot, first } = await openChangedSite()
    const pushed = commit({ 'june.md': onMerge('# Juin') })

    await run(`${first}..${pushed}`)
    const soon = await run(`${first}..${pushed}`)
    await mail()
    const late = await run(`${first}..${pushed}`)

    expect([soon.code, late.code]).toEqual([0, 0])
    expect(soon.lines).toMatchObject([{ action: 'existing', reason: 'it was planned before' }])
    expect(late.lines).toMatchObject([{ action: 'existing', reason: 'it was sent before' }])
    expect(await listSends(mailshot)).toMatchObject([{ sent: 3 }])
  })

  test('leaves alone what the commits do not touch', async () => {
    const { commit, run, sends } = await openChangedSite()
    const before = commit({ 'june.md': onMerge('# Juin') })
    const pushed = commit({ 'july.md': onMerge('# Juillet'), 'README.md': '# Campaigns' })

    const { lines } = await run(`${before}..${pushed}`)

    expect(lines).toMatchObject([{ slug: 'july' }])
    expect(await sends()).toHaveLength(1)
  })

  test('says that there is nothing to do', async () => {
    const { commit, run, first } = await openChangedSite()
    const pushed = commit({ 'layouts/plain.mjml': '<mjml></mjml>', '_draft.md': 'later' })

    const { code, lines, err } = await run(`${first}..${pushed}`)

    expect([code, lines]).toEqual([0, []])
    expect(err).toEqual([`No campaign was changed in ${first}..${pushed}: nothing to do.`])
  })

  test('tells of a campaign that was sent already, which is no failure', async () => {
    const { commit, run, deliver: mail, sends, first } = await openChangedSite()
    const sent = commit({ 'june.md': onMerge('# Juin') })
    await run(`${first}..${sent}`)
    await mail()
    const mended = commit({ 'june.md': onMerge('# Juin, sans faute') })

    const { code, lines } = await run(`${sent}..${mended}`)

    expect(code).toBe(0)
    expect(lines).toMatchObject([
      {
        slug: 'june',
        action: 'skipped',
        reason:
          'was sent already, and is not sent again; to bring this version to those who have none: mailshot send june --again',
      },
    ])
    expect(await sends()).toHaveLength(1)
  })

  test('tells of content that was sent under another name', async () => {
    const { commit, run, deliver: mail, sends, first } = await openChangedSite()
    const sent = commit({ 'june.md': onMerge('# Juin') })
    await run(`${first}..${sent}`)
    await mail()
    const renamed = commit({ 'june.md': null, '2026-06.md': onMerge('# Juin') })

    const { code, actions } = await run(`${sent}..${renamed}`)

    expect(code).toBe(0)
    expect(actions).toEqual([
      ['june', 'skipped'],
      ['2026-06', 'skipped'],
    ])
    expect(await sends()).toHaveLength(1)
  })

  test('starts the others when one fails its check, and fails in the end', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const pushed = commit({
      'april.md': onMerge('{{ nme }}'),
      'june.md': onMerge('# Juin'),
    })

    const { code, lines, err } = await run(`${first}..${pushed}`)

    expect(code).toBe(1)
    expect(lines).toMatchObject([
      { slug: 'april', action: 'failed', reason: 'april: 1 error, so it is not mailed' },
      { slug: 'june', action: 'started' },
    ])
    expect(err.join('\n')).toContain('unknown merge field "nme"')
    expect(await sends()).toHaveLength(1)
  })

  test('fails a date that has passed by more than the site allows', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const pushed = commit({
      // Noon in UTC is 13:00 there; two hours are allowed.
      'just.md': dated('# À midi', '2026-11-22 12:00'),
      'long.md': dated('# Hier', '2026-11-21 12:00'),
    })

    const { code, lines } = await run(`${first}..${pushed}`)

    expect(code).toBe(1)
    expect(lines).toMatchObject([
      { slug: 'just', action: 'started' },
      {
        slug: 'long',
        action: 'failed',
        reason:
          'its date passed 25 h 0 min ago; write a later one, or send: on-merge, into its file',
      },
    ])
    expect(await sends()).toEqual(['just scheduled 2026-11-22T11:00'])
  })

  test('finds a job that is run again days later as it left it', async () => {
    const { commit, run, deliver: mail, mailshot, first } = await openChangedSite()
    const pushed = commit({ 'june.md': dated('# Juin', '2026-11-22 14:00') })
    await run(`${first}..${pushed}`)
    mailshot.clock.advance(3_600_000)
    await mail()
    mailshot.clock.advance(72 * 3_600_000)

    const { code, lines } = await run(`${first}..${pushed}`)

    expect(code).toBe(0)
    expect(lines).toMatchObject([{ action: 'existing', send: { status: 'done' } }])
  })
})

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

  test('is not brought back by an old job that is run again', async () => {
    const { commit, run, git, sends, first } = await openChangedSite()
    const planned = commit({
      'december.md': december,
      'advent.md': dated('# A', '2026-12-01 09:00'),
    })
    const edited = commit({
      'december.md': dated('# Corrigé', '2026-12-02 09:00'),
      'advent.md': dated('# A', '2026-12-01 18:00'),
    })
    await run(`${planned}..${edited}`)
    git('checkout', '--quiet', planned)

    const { code, lines } = await run(`${first}..${planned}`)

    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { slug: 'advent', action: 'skipped' },
      {
        slug: 'december',
        action: 'skipped',
        reason: expect.stringContaining(
          `its latest send is of commit ${edited.slice(0, 12)}, which this one does not know`,
        ),
      },
    ])
    expect(await sends()).toEqual([
      'advent scheduled 2026-12-01T17:00',
      'december scheduled 2026-12-02T08:00',
    ])
  })

  test('is not cancelled by an old job that is run again', async () => {
    const { commit, run, git, sends } = await openChangedSite()
    const planned = commit({ 'december.md': december })
    const removed = commit({ 'december.md': markdown('# Décembre') })
    const back = commit({ 'december.md': december })
    await run(`${removed}..${back}`)
    git('checkout', '--quiet', removed)

    const { actions } = await run(`${planned}..${removed}`)

    expect(actions).toEqual([['december', 'skipped']])
    expect(await sends()).toEqual(['december scheduled 2026-12-01T08:00'])
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

describe('a send that has started, when its campaign changes', () => {
  test('goes on, and says how it can be corrected', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const started = commit({ 'june.md': onMerge('# Juin') })
    await run(`${first}..${started}`)
    await stopInTheMiddle(mailshot)
    const edited = commit({ 'june.md': onMerge('# Juin, corrigé') })

    const { code, lines } = await run(`${started}..${edited}`)

    const { id } = await readSend(mailshot, 'june')
    expect(code).toBe(0)
    expect(lines).toMatchObject([
      {
        action: 'skipped',
        reason: `its send is running, with the content or lists it had; to correct it: mailshot cancel ${id}, then mailshot send june --again`,
      },
    ])
  })

  test('goes on when its file is deleted, and says how to end it', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    const started = commit({ 'june.md': onMerge('# Juin') })
    await run(`${first}..${started}`)
    await stopInTheMiddle(mailshot)
    const deleted = commit({ 'june.md': null })

    const { lines } = await run(`${started}..${deleted}`)

    expect(lines).toMatchObject([
      { action: 'skipped', reason: expect.stringContaining('to end it: mailshot cancel') },
    ])
    expect(await readSend(mailshot, 'june')).toMatchObject({ status: 'running' })
  })
})

describe('send --changed --dry-run', () => {
  test('says what would be done, and does nothing', async () => {
    const { commit, run, sends, first } = await openChangedSite()
    const planned = commit({
      'a.md': dated('# A', '2026-12-01 09:00'),
      'b.md': dated('# B', '2026-12-01 09:00'),
    })
    await run(`${first}..${planned}`)
    const before = await sends()
    const pushed = commit({
      'a.md': dated('# A', '2026-12-02 09:00'),
      'b.md': null,
      'c.md': onMerge('# C'),
      'd.md': dated('# D', '2026-12-24 18:00'),
    })

    const { code, lines, actions } = await run(`${planned}..${pushed}`, true)

    expect(code).toBe(0)
    expect(actions).toEqual([
      ['b', 'cancelled'],
      ['a', 'replaced'],
      ['c', 'started'],
      ['d', 'scheduled'],
    ])
    expect(lines.every(({ dryRun }) => dryRun)).toBe(true)
    expect(await sends()).toEqual(before)
  })
})

/** Newest first. */
async function statusesOf(mailshot: Mailshot): Promise<string[]> {
  return (await listSends(mailshot)).map(({ status }) => status)
}

/** Leaves the only send running, with nobody mailed yet. */
async function stopInTheMiddle(mailshot: Mailshot): Promise<void> {
  const [send] = await listSends(mailshot)
  const stop = new AbortController()
  const watching = {
    ...mailshot,
    config: { ...mailshot.config, transport: { ...mailshot.config.transport, send: refuse } },
  }
  const working = deliver(watching, { signal: stop.signal })
  while ((await readSend(mailshot, send?.id ?? '')).status !== 'running') {
    await new Promise((resolve) => setImmediate(resolve))
  }
  stop.abort()
  await working
}

const refuse = (messages: readonly unknown[]) =>
  Promise.resolve(
    messages.map(() => ({ status: 'deferred' as const, scope: 'relay' as const, reason: 'busy' })),
  )
