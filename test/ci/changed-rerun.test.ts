import { describe, expect, test, vi } from 'vitest'
import { markdown } from '../campaign-folder.ts'
import { dated, onMerge, openChangedSite } from './changed-site.ts'

const december = dated('# Décembre', '2026-12-01 09:00')

describe('an old job that is run again', () => {
  test('sends nothing that a newer commit has deleted', async () => {
    const { commit, first, rerun } = await openRerun()
    const added = commit({ 'june.md': onMerge('# Juin') })
    const deleted = commit({ 'june.md': null })

    const { code, lines, sends } = await rerun(`${first}..${added}`, { main: deleted })

    const where = `${deleted.slice(0, 12)}, origin/main`
    const reason = `a newer commit (${where}) says otherwise; what that one says is for its own job`
    expect(code).toBe(0)
    expect(lines).toMatchObject([{ slug: 'june', action: 'skipped', reason }])
    expect(sends).toEqual([])
  })

  test('sends nothing that a newer commit has made manual, on the main branch of origin', async () => {
    const { commit, git, first, rerun } = await openRerun()
    const added = commit({ 'june.md': onMerge('# Juin') })
    const manual = commit({ 'june.md': markdown('# Juin') })
    git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main')
    vi.stubEnv('GITHUB_REF_NAME', '')

    const { lines, sends } = await rerun(`${first}..${added}`, { main: manual })

    expect(lines).toMatchObject([{ slug: 'june', action: 'skipped' }])
    expect(sends).toEqual([])
  })

  test('sends what newer commits leave as it was', async () => {
    const { commit, first, rerun } = await openRerun()
    const added = commit({ 'june.md': onMerge('# Juin'), 'july.md': onMerge('# Juillet') })
    const later = commit({ 'july.md': null, 'layouts/plain.mjml': '<mjml></mjml>' })

    const { actions } = await rerun(`${first}..${added}`, { main: later })

    expect(actions).toEqual([
      ['july', 'skipped'],
      ['june', 'started'],
    ])
  })

  test('sends nothing when the branch was rewritten and says otherwise', async () => {
    const { commit, git, first, rerun } = await openRerun()
    const added = commit({ 'june.md': onMerge('# Juin') })
    git('reset', '--quiet', '--hard', first)
    const instead = commit({ 'july.md': onMerge('# Juillet') })

    const { actions } = await rerun(`${first}..${added}`, { main: instead })

    expect(actions).toEqual([['june', 'skipped']])
  })

  test('asks the branch that it was pushed to, and no other', async () => {
    const { commit, git, first, rerun } = await openRerun()
    const added = commit({ 'june.md': onMerge('# Juin') })
    const edited = commit({ 'june.md': onMerge('# Juin, plus tard') })
    git('update-ref', 'refs/remotes/origin/release', added)
    git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main')
    vi.stubEnv('GITHUB_REF_NAME', 'release')

    const { actions } = await rerun(`${first}..${added}`, { main: edited })

    expect(actions).toEqual([['june', 'started']])
  })

  test('cancels nothing that a newer commit has brought back', async () => {
    const { commit, git, run, first, rerun } = await openRerun()
    const planned = commit({ 'december.md': december })
    git('update-ref', 'refs/remotes/origin/main', planned)
    await run(`${first}..${planned}`)
    const removed = commit({ 'december.md': markdown('# Décembre') })
    const back = commit({ 'december.md': december })

    const { actions, sends } = await rerun(`${planned}..${removed}`, { main: back })

    expect(actions).toEqual([['december', 'skipped']])
    expect(sends).toEqual(['december scheduled 2026-12-01T08:00'])
  })

  test('brings back no plan that a newer commit has changed', async () => {
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
          `its latest send is of commit ${edited.slice(0, 12)}, which is newer`,
        ),
      },
    ])
    expect(await sends()).toEqual([
      'advent scheduled 2026-12-01T17:00',
      'december scheduled 2026-12-02T08:00',
    ])
  })

  test('cancels no plan that a newer commit has made', async () => {
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
})

/** A job on GitHub that is run again after its branch has moved on. */
async function openRerun() {
  const site = await openChangedSite()
  vi.stubEnv('GITHUB_REF_NAME', 'main')
  return {
    ...site,
    rerun: async (range: string, { main }: { main: string }) => {
      site.git('update-ref', 'refs/remotes/origin/main', main)
      site.git('checkout', '--quiet', range.replace(/.*\.\./, ''))
      return { ...(await site.run(range)), sends: await site.sends() }
    },
  }
}
