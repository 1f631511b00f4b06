import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openRepository } from '../../integrations/mailshot/cli/changed/git.ts'
import { readRange } from '../../integrations/mailshot/cli/changed/range.ts'
import { gitEnv, openTestRepository } from '../repository.ts'

describe('readRange', () => {
  test('reads two commits, by whatever names Git knows', () => {
    const { folder, first, commit, git } = openRepositoryWithFile()
    const second = commit({ 'campaigns/june.md': 'two' })
    git('tag', 'v1', first)

    expect(read(folder, `${first}..${second}`)).toEqual({ from: first, to: second })
    expect(read(folder, 'HEAD~1..HEAD')).toEqual({ from: first, to: second })
    expect(read(folder, 'v1..')).toEqual({ from: first, to: second })
  })

  test('reads three dots as what has come since the branch began', () => {
    const { folder, first, commit, git } = openRepositoryWithFile()
    git('checkout', '--quiet', '-b', 'letter')
    const letter = commit({ 'campaigns/letter.md': 'a letter' })
    git('checkout', '--quiet', 'main')
    commit({ 'campaigns/june.md': 'two' })
    git('checkout', '--quiet', 'letter')

    expect(read(folder, 'main...letter')).toEqual({ from: first, to: letter })
  })

  test('works in a folder below the top, which may hold any characters', () => {
    const repository = openTestRepository()
    const first = repository.commit({ 'sites/l’été [1]*/campaigns/june.md': 'one' })
    const folder = join(repository.folder, 'sites/l’été [1]*')

    expect(openRepository(join(folder, 'campaigns')).folder).toBe('sites/l’été [1]*/campaigns')
    expect(read(folder, `HEAD~1..${first}`).to).toBe(first)
  })

  test('works when the last campaign was deleted, and their folder with it', () => {
    const { folder, first, commit } = openRepositoryWithFile()
    const second = commit({ campaigns: null })

    expect(openRepository(join(folder, 'campaigns')).folder).toBe('campaigns')
    expect(read(folder, `${first}..${second}`)).toEqual({ from: first, to: second })
  })

  test('says what a new branch has to compare itself with', () => {
    const { folder, first } = openRepositoryWithFile()
    const zeros = '0'.repeat(40)

    expect(() => read(folder, `${zeros}..${first}`)).toThrow(
      `--changed ${zeros}..${first}: the first commit is all zeros, as CI says for a new branch: there is nothing to ` +
        `compare with; name the commit that the branch began at, --changed <commit>..${first}, or start campaigns by ` +
        'hand: mailshot send <slug>',
    )
  })

  test('says what to do when a forced push has removed the first commit', () => {
    const { folder, first } = openRepositoryWithFile()
    const gone = 'c0ffee'.padEnd(40, '0')

    expect(() => read(folder, `${gone}..${first}`)).toThrow(
      `commit ${gone} is not here; after a forced push the commit before it is gone; name one that is still there, or ` +
        'start campaigns by hand: mailshot send <slug>',
    )
  })

  test('asks for the whole history where only a part of it was fetched', () => {
    const { folder, first, commit } = openRepositoryWithFile()
    const second = commit({ 'campaigns/june.md': 'two' })
    const clone = shallowCloneOf(folder)

    expect(() => read(clone, `${first}..${second}`)).toThrow(
      `commit ${first} is not here; only a part of the history was fetched; fetch all of it: "fetch-depth: 0" for ` +
        'actions/checkout, GIT_DEPTH: 0 for GitLab, or git fetch --unshallow',
    )
  })

  test('compiles no other commit than what is checked out', () => {
    const { folder, first, commit } = openRepositoryWithFile()
    commit({ 'campaigns/june.md': 'two' })

    expect(() => read(folder, `${first}~1..${first}`)).toThrow(
      `${first} is not what is checked out, and only that can be compiled; git checkout ${first} first`,
    )
  })

  test('compiles nothing that is not committed', () => {
    const { folder } = openRepositoryWithFile()
    writeFileSync(join(folder, 'campaigns/new.md'), 'not committed')

    expect(() => read(folder, 'HEAD~1..HEAD')).toThrow(
      '--changed: campaigns/new.md differs from what is committed; commit it, or put it away (git stash)',
    )
  })

  test('minds nothing outside the folder of campaigns', () => {
    const { folder, first } = openRepositoryWithFile()
    writeFileSync(join(folder, 'elsewhere.txt'), 'not committed')

    expect(read(folder, 'HEAD~1..HEAD').to).toBe(first)
  })

  test('refuses what is no range, and what would be an option of Git', () => {
    const { folder } = openRepositoryWithFile()

    expect(() => read(folder, 'HEAD')).toThrow('--changed HEAD: write two commits, A..B')
    expect(() => read(folder, '..HEAD')).toThrow('--changed ..HEAD: write two commits, A..B')
    expect(() => read(folder, '--output=/tmp/x..HEAD')).toThrow(
      'commit --output=/tmp/x is not here',
    )
  })

  test('says where there is no repository', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailshot-no-git-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(join(folder, 'campaigns'))

    expect(() => read(folder, 'A..B')).toThrow(
      `--changed: ${folder}/campaigns is in no Git repository, and commits are what it compares; check the project out with Git`,
    )
  })
})

function openRepositoryWithFile() {
  const repository = openTestRepository()
  const first = repository.commit({ 'campaigns/june.md': 'one' })
  return { ...repository, first }
}

function read(project: string, text: string) {
  for (const [name, value] of Object.entries(gitEnv)) vi.stubEnv(name, value)
  return readRange(openRepository(join(project, 'campaigns')), text)
}

/** As actions/checkout makes one by default. */
function shallowCloneOf(folder: string): string {
  const clone = mkdtempSync(join(tmpdir(), 'mailshot-shallow-'))
  onTestFinished(() => rmSync(clone, { recursive: true, force: true }))
  const env = { ...process.env, ...gitEnv }
  execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${folder}`, clone], { env })
  return clone
}
