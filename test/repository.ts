import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface TestRepository {
  folder: string
  /** Writes files, `null` deleting one, and commits them; answers the commit. */
  commit: (files: Record<string, string | Uint8Array | null>) => string
  git: (...args: string[]) => string
}

/** A real Git repository in a folder of its own, with one empty commit. */
export function openTestRepository(): TestRepository {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mailshot-git-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const git = (...args: string[]) => runGit(folder, args)
  git('init', '--quiet', '--initial-branch=main')
  git('commit', '--quiet', '--allow-empty', '--message=Begin')
  return {
    folder,
    git,
    commit(files) {
      for (const [name, content] of Object.entries(files))
        writeOrDelete(join(folder, name), content)
      git('add', '--all')
      git('commit', '--quiet', '--message=Change')
      return git('rev-parse', 'HEAD')
    },
  }
}

/** Nothing of the machine's own settings or of the repository around the tests. */
export const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ana',
  GIT_AUTHOR_EMAIL: 'ana@example.org',
  GIT_COMMITTER_NAME: 'Ana',
  GIT_COMMITTER_EMAIL: 'ana@example.org',
}

function runGit(folder: string, args: string[]): string {
  const env = { ...process.env, ...gitEnv }
  return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' }).trim()
}

function writeOrDelete(file: string, content: string | Uint8Array | null): void {
  if (content === null) return rmSync(file, { recursive: true })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
