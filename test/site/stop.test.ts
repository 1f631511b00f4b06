import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type BuiltSite, spawnServer, startBuiltSite } from '../built-site.ts'
import { asCsv, inventPeople } from '../demo/invented-people.ts'

const people = inventPeople(150)
const slug = '2026-10-automne'

describe('SIGTERM in the middle of a send', () => {
  it('cuts no request, leaves nothing in hand, and the next server mails the rest once', async () => {
    const site = await startBuiltSite({ smtp: { delayMs: 50 }, prepare: importPeople })
    await site.mailshot('send', slug, '--yes')
    await site.smtp.waitForMessages(20)

    const request = await beginRequest(site)
    const stopped = site.stop()
    await expect.poll(() => takesConnections(site), { timeout: 30_000 }).toBe(false)
    expect(await request.finish()).toMatch(/^HTTP\/1\.1 422 [^]*<\/html>/)
    expect(await stopped).toBe(0)

    const half = await statusOf(site)
    expect(half.status).toBe('running')
    expect(half.sent).toBe(newsletters(site).length)
    expect(half.remaining).toBe(people.length - half.sent)
    expect(half.remaining).toBeGreaterThan(0)
    expect(await site.json('recipients', slug, '--status', 'in-hand')).toEqual([])
    expect(await site.json('recipients', slug, '--status', 'claimed')).toEqual([])

    const next = spawnServer(site.env)
    await next.listening
    // And the operator's mail that it has ended.
    await site.smtp.waitForMessages(people.length + 2)
    expect(newsletters(site).toSorted()).toEqual(people.map(({ email }) => email).toSorted())
    expect(await next.stop()).toBe(0)
  })
})

async function importPeople({ folder, mailshot }: Pick<BuiltSite, 'folder' | 'mailshot'>) {
  const file = join(folder, 'people.csv')
  writeFileSync(file, asCsv(people))
  await mailshot('import', file, '--list', 'weekly')
}

/** A form whose last bytes are still to come; the server is reading it. */
async function beginRequest({ url }: BuiltSite) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const body = 'email=nobody&lists=weekly'
  const head = [
    'POST /mailshot/subscribe HTTP/1.1',
    `Host: ${new URL(url).host}`,
    `Origin: ${url}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`)
  const [proceed] = await once(socket, 'data')
  expect(String(proceed)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  return {
    finish: () => {
      socket.write(body.slice(5))
      return text(socket)
    },
  }
}

async function takesConnections({ url }: BuiltSite): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function statusOf(site: BuiltSite) {
  const [status] = await site.json('status', slug)
  return z.object({ status: z.string(), sent: z.number(), remaining: z.number() }).parse(status)
}

/** Whom the campaign has reached; the operator's own mails are left out. */
function newsletters({ smtp }: BuiltSite): string[] {
  return smtp.messages
    .filter((mail) => mail.header('List-Id') !== undefined)
    .flatMap((mail) => mail.envelope.to)
}
