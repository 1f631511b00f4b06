import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../free-port.ts'
import { end, isThere, listening, mailOwner } from './dovecot.ts'

const programs = '/usr/lib/postfix/sbin'

/** Why no mail server can be run here; `undefined` where it can. */
export function whyNoPostfix(): string | undefined {
  if (process.getuid?.() !== 0) return 'postfix needs root'
  return isThere(`${programs}/master`)
    ? undefined
    : 'apt-get install --no-install-recommends postfix'
}

/**
 * A real mail server on loopback, with its queue in a folder of its own. It takes mail to anybody at `readers.example`, of whom
 * nobody exists, so that it sends each back; what comes to `news.example.org` goes into the Maildir.
 */
export async function startPostfix(maildir: string): Promise<{ port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-mta-'))
  chmodSync(folder, 0o755)
  for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name))
  execFileSync('chown', ['postfix', join(folder, 'data')])
  const port = await freePort()
  const config = join(folder, 'etc')
  writeFileSync(join(config, 'main.cf'), mainOf(folder, maildir))
  writeFileSync(join(config, 'master.cf'), masterOf(port))
  // It makes the folders of its queue.
  execFileSync('postfix', ['-c', config, 'check'], { stdio: 'ignore' })
  const child = spawn(`${programs}/master`, ['-c', config, '-d'], {
    stdio: 'ignore',
    detached: true,
  })
  onTestFinished(async () => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  })
  await listening(port)
  return { port }
}

function mainOf(folder: string, maildir: string): string {
  return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
mail_owner = postfix
myhostname = mx.readers.example
mydestination = readers.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
local_recipient_maps =
alias_maps =
recipient_delimiter = +
default_transport = error:5.1.2 no mail leaves a test
virtual_mailbox_domains = news.example.org
virtual_mailbox_base = ${dirname(maildir)}
virtual_mailbox_maps = static:Maildir/
virtual_uid_maps = static:${mailOwner.uid}
virtual_gid_maps = static:${mailOwner.gid}
`
}

function masterOf(port: number): string {
  return `
127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
}
