import { describe, expect, test } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { listSends, readSend } from '../../integrations/mailshot/send.ts'
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

  test('sends nothing for other lists alone once it was sent, and says how', async () => {
    const { commit, run, deliver: mail, sends, first } = await openChangedSite()
    const sent = commit({ 'june.md': onMerge('# Juin') })
    await run(`${first}..${sent}`)
    await mail()
    const more = markdown('# Juin', 'lists: [product, weekly]\nsend: on-merge')
    const widened = commit({ 'june.md': more })

    const { code, lines } = await run(`${sent}..${widened}`)
    const { lines: foreseen } = await run(`${sent}..${widened}`, true)

    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { action: 'skipped', reason: expect.stringContaining('mailshot send june --again') },
    ])
    expect(foreseen).toMatchObject([{ action: 'skipped' }])
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

describe('send --changed where the database is held', () => {
  test('says so with each campaign', async () => {
    const { commit, run, mailshot, first } = await openChangedSite()
    Object.assign(mailshot, { held: 'the config says hold' })
    const pushed = commit({ 'june.md': onMerge('# Juin'), 'july.md': markdown('# Juillet') })

    const { lines } = await run(`${first}..${pushed}`)

    expect(lines).toMatchObject([
      { slug: 'july', action: 'skipped', held: 'the config says hold' },
      { slug: 'june', action: 'started', held: 'the config says hold' },
    ])
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
