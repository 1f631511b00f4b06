import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ImapFlow } from 'imapflow'
import { onTestFinished } from 'vitest'
import { freePort } from '../free-port.ts'
import { testCa } from '../smtp-server.ts'

/** Why no IMAP server can be run here; `undefined` where it can. */
export function whyNoDovecot(): string | undefined {
  if (process.getuid?.() !== 0) return 'dovecot needs root'
  return isThere('/usr/sbin/dovecot')
    ? undefined
    : 'apt-get install --no-install-recommends dovecot-imapd'
}

export const isThere = existsSync
/** nobody and nogroup: whose files the mails are. */
export const mailOwner = { uid: 65_534, gid: 65_534 }

export interface ImapServer {
  port: number
  /** Where mails may be put by another program, as a Maildir. */
  maildir: string
  user: string
  password: string
  /** A second client, to look and to put mails in. */
  client: () => Promise<ImapFlow>
  stop: () => Promise<void>
}

/**
 * A real IMAP server with one mailbox, on a port and in a folder of its own.
 *
 * @param accessToken what its provider, which a server here stands in for, calls valid
 */
export async function startDovecot(accessToken = ''): Promise<ImapServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-imap-'))
  const home = join(folder, 'home')
  mkdirSync(home)
  chmodSync(folder, 0o755)
  chownSync(home, mailOwner.uid, mailOwner.gid)
  const port = await freePort()
  const file = join(folder, 'dovecot.conf')
  writeFileSync(file, configOf(folder, port))
  writeFileSync(
    join(folder, 'oauth2'),
    `${await startProvider(accessToken)}\nusername_attribute = email\n`,
  )
  const child = spawn('/usr/sbin/dovecot', ['-F', '-c', file], {
    stdio: 'ignore',
    detached: true,
  })
  const stop = () => end(child)
  onTestFinished(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await listening(port)
  const [user, password] = ['bounces', 'secret']
  const client = async () => {
    const auth = { user, pass: password }
    const tls = { ca: testCa }
    const flow = new ImapFlow({ host: 'localhost', port, secure: true, auth, tls, logger: false })
    flow.on('error', () => {})
    await flow.connect()
    onTestFinished(() => flow.close())
    return flow
  }
  return { port, maildir: join(home, 'Maildir'), user, password, client, stop }
}

/** Tells whose an access token is (RFC 7662 in spirit). Answers the settings that name it. */
async function startProvider(accessToken: string): Promise<string> {
  const provider = createServer((request, response) => {
    const isValid = accessToken !== '' && request.url === `/${accessToken}`
    response.writeHead(isValid ? 200 : 401, { 'content-type': 'application/json' })
    response.end(isValid ? '{"email":"bounces"}' : '{}')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void provider.close())
  await once(provider, 'listening')
  const address = provider.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `tokeninfo_url = http://127.0.0.1:${address.port}/`
}

/** Ends a program that this test started, at once and with all it has started: in order, dovecot takes a second. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const isGone = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await isGone
}

/** Waits until something listens there. */
export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await wait(25)
  }
  throw new Error(`nothing listens at port ${port}`)
}

const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))

function configOf(folder: string, port: number): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = ${folder}
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
first_valid_uid = 1
mail_location = maildir:${folder}/home/Maildir
ssl = required
ssl_cert = <${pem('test-only-server.pem')}
ssl_key = <${pem('test-only-server-key.pem')}
auth_failure_delay = 0
auth_mechanisms = plain xoauth2
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = ${folder}/oauth2
}
passdb {
  driver = static
  mechanisms = plain
  args = password=secret
}
userdb {
  driver = static
  args = uid=${mailOwner.uid} gid=${mailOwner.gid} home=${folder}/home
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${port}
    ssl = yes
  }
}
`
}
