import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface SmallDisk {
  /** Where the database is to be; anywhere without. */
  folder?: string
  /** Leaves no room for what a process writes. */
  fill(pid: number): void
  clear(pid: number): void
}

/**
 * A disk of so many megabytes in memory; where this user may not mount one, the limit of a process's file sizes (`prlimit`),
 * which fails its writes as a disk does. Undefined where there is neither.
 */
export function openSmallDisk(megabytes: number): SmallDisk | undefined {
  return mountSmallDisk(megabytes) ?? limitFiles()
}

function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-disk-'))
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'mailshot', folder]
  if (!succeeds('mount', options)) {
    rmSync(folder, { recursive: true })
    return undefined
  }
  onTestFinished(() => {
    // Lazily: a process that was killed may still be going.
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  const ballast = join(folder, 'ballast')
  return { folder, fill: () => fill(ballast), clear: () => rmSync(ballast) }
}

function limitFiles(): SmallDisk | undefined {
  const limit = (pid: number, bytes: string) =>
    succeeds('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`])
  if (!limit(process.pid, 'unlimited')) return undefined
  return {
    fill: (pid) => void limit(pid, '4096'),
    clear: (pid) => void limit(pid, 'unlimited'),
  }
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function fill(file: string): void {
  const handle = openSync(file, 'w')
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    const bytes = Buffer.alloc(size)
    try {
      for (;;) writeSync(handle, bytes)
    } catch {
      // No room for so much: less may fit.
    }
  }
  closeSync(handle)
}
