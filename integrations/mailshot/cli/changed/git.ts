import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, posix, resolve } from 'node:path'
import { MailshotError } from '../../error.ts'

/** The folder of campaigns as Git sees it. */
export interface Repository {
  /** What a command writes. @throws MailshotError when it fails, with what Git says */
  run: (...args: string[]) => string
  /** The same, but undefined when it fails. */
  find: (...args: string[]) => string | undefined
  /** The campaigns' folder, from the top of the repository, without a slash at its end; empty for the top itself. */
  folder: string
}

/**
 * Opens the repository around a folder, wherever in it the command is run.
 *
 * @throws MailshotError where there is none, or Git cannot be used
 */
export function openRepository(campaigns: string): Repository {
  // The campaigns may be gone: what is left above them knows the repository too.
  const { existing, rest } = nearest(resolve(campaigns), [])
  const run = (...args: string[]) => outputOf(existing, args)
  const find = (...args: string[]) => {
    const { status, stdout } = git(existing, args)
    return status === 0 ? stdout : undefined
  }
  const inside = run('rev-parse', '--show-prefix').replace(/\r?\n$/, '')
  const folder = posix.join(inside, ...rest).replace(/\/$/, '')
  return { run, find, folder: folder === '.' ? '' : folder }
}

/** The texts between NUL characters, as `-z` writes them. */
export function splitAtNul(output: string): string[] {
  return output.split('\0').filter((text) => text !== '')
}

function nearest(folder: string, rest: string[]): { existing: string; rest: string[] } {
  if (existsSync(folder) || dirname(folder) === folder) return { existing: folder, rest }
  return nearest(dirname(folder), [basename(folder), ...rest])
}

function outputOf(folder: string, args: string[]): string {
  const { status, stdout, stderr, error } = git(folder, args)
  if (error) {
    throw new MailshotError(
      `--changed: Git cannot be run (${error.message}); install it, since the commits say what has changed`,
      { cause: error },
    )
  }
  if (status === 0) return stdout
  const said = stderr.trim().split('\n')[0] ?? ''
  if (/not a git repository/.test(said)) {
    throw new MailshotError(
      `--changed: ${folder} is in no Git repository, and commits are what it compares; check the project out with Git`,
    )
  }
  throw new MailshotError(`--changed: git ${args[0]} failed: ${said}`)
}

function git(folder: string, args: string[]) {
  return spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    // What it says is looked at.
    env: { ...process.env, LC_ALL: 'C' },
  })
}
