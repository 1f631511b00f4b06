import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { freePort } from '../free-port.ts'

/** Why no real server can be started here; undefined where one can. */
export function whyNoMariadb(): string | undefined {
  const { error } = spawnSync('mariadbd', ['--version'], { env: { ...process.env, PATH: path } })
  return error
    ? 'MariaDB is not installed: apt-get install --no-install-recommends mariadb-server-core mariadb-client'
    : undefined
}

/** Why a server cannot be dumped here; undefined where it can. */
export function whyNoMariadbDump(): string | undefined {
  const { error } = spawnSync('mariadb-dump', ['--version'])
  return error
    ? 'mariadb-dump is not installed: apt-get install --no-install-recommends mariadb-client'
    : undefined
}

const path = `${process.env['PATH'] ?? ''}:/usr/sbin`

/** A server of its own on a loopback port, with these statements run; it ends with the test. Its address has no password. */
export async function startMariadb(script: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-mariadb-'))
  const port = await freePort()
  const env = { ...process.env, PATH: path }
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  const place = [`--datadir=${join(folder, 'data')}`, ...user]
  const made = spawnSync(
    'mariadb-install-db',
    ['--no-defaults', ...place, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { env, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stderr}`)
  const server = spawn(
    'mariadbd',
    [
      '--no-defaults',
      ...place,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 'socket')}`,
      '--skip-grant-tables',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=8M',
    ],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  onTestFinished(async () => {
    server.kill('SIGKILL')
    await once(server, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes('ready for connections')) break
  }
  server.stderr.resume()
  const client = spawnSync('mariadb', ['--no-defaults', `--socket=${join(folder, 'socket')}`], {
    env,
    input: script,
    encoding: 'utf8',
  })
  if (client.status !== 0) throw new Error(`mariadb: ${client.stderr}`)
  return `mysql://reader@127.0.0.1:${port}`
}

/** What mariadb-dump, with these options, makes of a database of such a server. */
export function dumpOfServer(address: string, database: string, options: string[] = []): Buffer {
  const { hostname, port, username } = new URL(address)
  const where = [`--host=${hostname}`, `--port=${port}`, `--user=${username}`]
  const dump = spawnSync('mariadb-dump', ['--no-defaults', ...where, ...options, database], {
    maxBuffer: 10_000_000,
  })
  if (dump.status !== 0)
    throw new Error(`mariadb-dump: ${dump.error?.message ?? String(dump.stderr)}`)
  return dump.stdout
}
