import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSend } from '../../integrations/mailshot/send.ts'
import { markdown } from '../campaign-folder.ts'
import { startFixture } from '../start-fixture.ts'
import { dated, openChangedSite } from './changed-site.ts'

const december = dated('# Décembre', '2026-12-01 09:00')

describe('a planned send whose commit was rewritten', () => {
  test('is cancelled when its file is deleted, which is said', async () => {
    const { planned, old, commit, run, forget, mailshot } = await openPlanned()
    const deleted = commit({ 'december.md': null })
    forget(old)

    const { code, lines } = await run(`${planned}..${deleted}`)

    const reason = `its file was deleted; its send was of commit ${old.slice(0, 12)}, which is not in this history: what was merged holds`
    expect(code).toBe(0)
    expect(lines).toMatchObject([{ action: 'cancelled', reason }])
    expect(await readSend(mailshot, 'december')).toMatchObject({ status: 'cancelled' })
  })

  test('is cancelled when its date is removed', async () => {
    const { planned, old, commit, run, forget, sends } = await openPlanned()
    const removed = commit({ 'december.md': markdown('# Décembre') })
    forget(old)

    const { actions } = await run(`${planned}..${removed}`)

    expect(actions).toEqual([['december', 'cancelled']])
    expect(await sends()).toEqual(['december cancelled 2026-12-01T08:00'])
  })

  test('is cancelled when its date is removed in the rewritten commit itself', async () => {
    const { first, commit, git, run } = await openPlanned()
    git('reset', '--quiet', '--hard', first)
    const amended = commit({ 'december.md': markdown('# Décembre') })

    const { actions } = await run(`${first}..${amended}`)

    expect(actions).toEqual([['december', 'cancelled']])
  })

  test('fails the job where nobody knows whether its file ever had a date', async () => {
    const { first, old, commit, git, run, forget, mailshot } = await openPlanned()
    git('reset', '--quiet', '--hard', first)
    const amended = commit({ 'december.md': markdown('# Décembre') })
    forget(old)

    const { code, lines } = await run(`${first}..${amended}`)

    const { id, status } = await readSend(mailshot, 'december')
    expect([code, status]).toEqual([1, 'scheduled'])
    expect(lines).toMatchObject([
      { action: 'failed', reason: expect.stringContaining(`to end it: mailshot cancel ${id}`) },
    ])
  })

  test('is left alone when it was planned by hand on another branch', async () => {
    const { commit, git, run, mailshot, first } = await openChangedSite()
    git('checkout', '--quiet', '-b', 'letter')
    const branch = commit({ 'hello.md': markdown('# Bonjour') })
    await startFixture(mailshot, 'hello', { at: mailshot.now() + 1e8, commit: branch })
    git('checkout', '--quiet', 'main')
    const squashed = commit({ 'hello.md': markdown('# Bonjour'), 'other.md': markdown('# Autre') })

    const { code, actions } = await run(`${first}..${squashed}`)

    expect(code).toBe(0)
    expect(actions).toEqual([
      ['hello', 'skipped'],
      ['other', 'skipped'],
    ])
    expect(await readSend(mailshot, 'hello')).toMatchObject({ status: 'scheduled' })
  })

  test('is replaced when its content changes, which is said', async () => {
    const { planned, old, commit, run, forget, sends } = await openPlanned()
    const edited = commit({ 'december.md': dated('# Corrigé', '2026-12-01 09:00') })
    forget(old)

    const { lines } = await run(`${planned}..${edited}`)

    expect(lines).toMatchObject([
      {
        action: 'replaced',
        reason: expect.stringContaining('which is not in this history: what was merged holds'),
      },
    ])
    expect(await sends()).toEqual([
      'december cancelled 2026-12-01T08:00',
      'december scheduled 2026-12-01T08:00',
    ])
  })
})

describe('a planned send whose commit was not fetched', () => {
  test('fails the job that would cancel it, and asks for the whole history', async () => {
    const { planned, old, commit, run, shorten, sends } = await openPlanned()
    const deleted = commit({ 'december.md': null })
    shorten(old, planned)

    const { code, lines } = await run(`${planned}..${deleted}`)

    expect(code).toBe(1)
    expect(lines).toMatchObject([
      {
        action: 'failed',
        reason: expect.stringContaining('"fetch-depth: 0" for actions/checkout'),
      },
    ])
    expect(await sends()).toEqual(['december scheduled 2026-12-01T08:00'])
  })

  test('fails the job that would replace it', async () => {
    const { planned, old, commit, run, shorten, sends } = await openPlanned()
    const edited = commit({ 'december.md': dated('# Corrigé', '2026-12-01 09:00') })
    shorten(old, planned)

    const { lines } = await run(`${planned}..${edited}`)

    expect(lines).toMatchObject([
      { action: 'failed', reason: expect.stringContaining('fetch all of it') },
    ])
    expect(await sends()).toEqual(['december scheduled 2026-12-01T08:00'])
  })

  test('fails the job that does not know what its file said then', async () => {
    const { first, old, commit, git, run, shorten } = await openPlanned()
    git('reset', '--quiet', '--hard', first)
    const begun = commit({ 'other.md': markdown('# Autre') })
    const removed = commit({ 'december.md': markdown('# Décembre') })
    shorten(old, begun)

    const { actions } = await run(`${begun}..${removed}`)

    expect(actions).toEqual([['december', 'failed']])
  })

  test('fails the job that would plan anew what was cancelled', async () => {
    const { planned, old, commit, run, shorten, sends } = await openPlanned()
    const removed = commit({ 'december.md': markdown('# Décembre') })
    await run(`${planned}..${removed}`)
    const back = commit({ 'december.md': december })
    shorten(old, removed)

    const { actions } = await run(`${removed}..${back}`)

    expect(actions).toEqual([['december', 'failed']])
    expect(await sends()).toEqual(['december cancelled 2026-12-01T08:00'])
  })
})

/** A send that was planned by a commit `old`, which then was rewritten as `planned`, with the same files. */
async function openPlanned() {
  const site = await openChangedSite()
  const { commit, run, git, first, folder } = site
  const old = commit({ 'december.md': december })
  await run(`${first}..${old}`)
  git('commit', '--quiet', '--amend', '--message=Change, said better')
  const forget = (gone: string) => {
    git('reflog', 'expire', '--expire=now', '--all')
    git('update-ref', '-d', 'ORIG_HEAD')
    git('gc', '--quiet', '--prune=now')
    expect(() => git('cat-file', '-e', gone)).toThrow(gone)
  }
  return {
    ...site,
    old,
    planned: git('rev-parse', 'HEAD'),
    /** As in a fresh clone. */
    forget,
    /** As in a fresh clone that begins at a commit. */
    shorten: (gone: string, begin: string) => {
      writeFileSync(join(folder, '.git/shallow'), `${begin}\n`)
      forget(gone)
    },
  }
}
