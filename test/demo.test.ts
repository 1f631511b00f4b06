import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createTransport } from 'nodemailer'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asCsv, inventPeople, type Person } from './demo/invented-people.ts'
import { startMailbox } from './demo/mailbox.ts'
import { verify } from './demo/verify.ts'
import { type ReceivedMail, receivedMail, startSmtpServer } from './smtp-server.ts'

describe('npm run demo -- --once', () => {
  test('sends by the real site and commands, finds every mail right, and leaves by real links', async () => {
    const folder = temporaryFolder()

    const { code, out, err } = await runDemo('--once', '--people', '12', '--folder', folder)

    expect(out).toContain('$ mailshot send 2026-10-automne --yes')
    expect(err).toMatch(/^images +1; it starts once http:.*\/media serves them$/m)
    expect(err).toContain('2026-10-automne: 12 of 12 (done)')
    expect(out.match(/^✔ +12 of 12 .*$/gm)).toHaveLength(6)
    expect(out.match(/^✔ (?:the|one) .*$/gm)).toHaveLength(5)
    expect(out).not.toContain('✘')
    expect(code).toBe(0)
  })
})

describe('inventPeople', () => {
  test('invents the same people each time, with an address and a name of their own', () => {
    const people = inventPeople(300)

    expect(inventPeople(300)).toEqual(people)
    expect(new Set(people.map(({ email }) => email)).size).toBe(300)
    const names = people.map(({ name }) => name).filter((name) => name !== '')
    expect(new Set(names).size).toBe(names.length)
    expect(people.filter(({ lang }) => lang === 'fr')).toHaveLength(200)
  })

  test('gives names that are hard on a mail: quotes, apostrophes, accents, ampersands, none at all', () => {
    const names = inventPeople(300).map(({ name }) => name)

    for (const hard of ['"', "'", '’', 'é', 'Œ', '&']) {
      expect(names.some((name) => name.includes(hard))).toBe(true)
    }
    expect(names).toContain('')
  })
})

describe('asCsv', () => {
  test('quotes what a spreadsheet would', () => {
    const person = {
      email: 'jo@example.org',
      name: 'Jo "J;o" Lee',
      lang: 'en',
      city: 'Leeds',
      plan: 'pro',
    } as const

    expect(asCsv([person])).toBe(
      '\uFEFFemail;name;lang;city;plan\r\njo@example.org;"Jo ""J;o"" Lee";en;Leeds;pro\r\n',
    )
  })
})

describe('startMailbox', () => {
  test('tells of each mail as it arrives, and shows its parts', async () => {
    const { smtp, get } = await openMailbox()
    const stream = (await get('/events')).body?.getReader()

    await mailTo(smtp.port, 'Zoë <zoe@example.org>')
    const told = new TextDecoder().decode((await stream?.read())?.value)
    const parts: unknown = await (await get('/mails/0/parts')).json()

    expect(JSON.parse(told.replace('data: ', ''))).toMatchObject({ number: 0, subject: 'Bonjour' })
    expect(parts).toMatchObject({ subject: 'Bonjour', text: 'Bonjour, Zoë.' })
    await stream?.cancel()
  })

  test('shows the HTML where no script of it can run', async () => {
    const { smtp, get } = await openMailbox()
    await mailTo(smtp.port, 'zoe@example.org')

    const response = await get('/mails/0/html')

    expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/)
    expect(await response.text()).toContain('<p>Bonjour, Zoë.</p>')
  })

  test('takes another port when its own is taken', async () => {
    const { url, smtp } = await openMailbox()
    const { port } = new URL(url)

    const second = await startMailbox(smtp, Number(port))
    onTestFinished(() => second.close())

    expect(second.url).not.toBe(url)
    expect((await fetch(second.url)).status).toBe(200)
  })
})

describe('verify', () => {
  const people = inventPeople(3)
  const [first, ...others] = people
  const right = people.map((person) => mailFor(person))

  test('finds mails that are right', async () => {
    expect(await counts(right)).toEqual([3, 3, 3, 3, 3, 3])
  })

  test('misses a mail, and sees one too many', async () => {
    const [missing] = await counts(right.slice(1))
    const [doubled] = await counts([...right, ...right.slice(1, 2)])

    expect([missing, doubled]).toEqual([2, 2])
  })

  test('sees a mail in the wrong language', async () => {
    expect(await countsWith({ lang: 'en' })).toEqual([3, 2, 2, 3, 3, 3])
  })

  test("sees another reader's name", async () => {
    expect(await countsWith({ name: 'Somebody Else' })).toEqual([3, 3, 2, 3, 3, 3])
  })

  test('sees a placeholder', async () => {
    expect(await countsWith({ name: '{{ nom }}' })).toEqual([3, 3, 2, 2, 3, 3])
  })

  test('sees a Message-ID that comes twice, and a mail that cannot be left', async () => {
    expect(await countsWith({ id: 'other' })).toEqual([3, 3, 3, 3, 3, 3])
    expect(await countsWith({ id: others[0]?.email ?? '' })).toEqual([3, 3, 3, 3, 2, 2])
    expect(await countsWith({ isLeavable: false })).toEqual([3, 3, 3, 3, 3, 2])
  })

  async function countsWith(change: Partial<MailPlan>): Promise<number[]> {
    return counts([
      ...(first ? [mailFor({ ...first, ...change })] : []),
      ...others.map((person) => mailFor(person)),
    ])
  }

  async function counts(mails: ReceivedMail[]): Promise<number[]> {
    const findings = await verify(mails, people, 'test/fixtures/site/campaigns/2026-06-launch')
    return findings.map(({ found }) => found)
  }
})

interface MailPlan extends Person {
  id?: string
  isLeavable?: boolean
}

/** The fixture campaign as it would arrive. */
function mailFor({ email, name, lang, id = email, isLeavable = true }: MailPlan): ReceivedMail {
  const [hello, rest] = lang === 'fr' ? ['Bonjour', 'le bateau part'] : ['Hello', 'the boat leaves']
  const shown = name.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  const lines = [
    `To: ${email}`,
    `Subject: ${name || hello}, ${rest}`,
    `Message-ID: <${id}>`,
    ...(isLeavable ? leaving(id) : []),
    'Content-Type: multipart/alternative; boundary=b',
    '',
    ...part('text/plain', `${hello} ${name}`),
    ...part('text/html', `<p>${hello} ${shown}</p>`),
    '--b--',
  ]
  return receivedMail(Buffer.from(lines.join('\r\n')), { from: '', to: [email] })
}

function leaving(id: string): string[] {
  return [
    `List-Unsubscribe: <https://example.org/${id}>`,
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  ]
}

function part(type: string, content: string): string[] {
  return [
    '--b',
    `Content-Type: ${type}; charset=utf-8`,
    'Content-Transfer-Encoding: 8bit',
    '',
    content,
  ]
}

async function openMailbox() {
  const smtp = await startSmtpServer()
  const mailbox = await startMailbox(smtp, 0)
  onTestFinished(async () => {
    await mailbox.close()
    await smtp.close()
  })
  const get = (path: string) => fetch(mailbox.url + path)
  return { smtp, url: mailbox.url, get }
}

async function mailTo(port: number, to: string): Promise<void> {
  await createTransport({ host: '127.0.0.1', port, ignoreTLS: true }).sendMail({
    from: 'redac@example.org',
    to,
    subject: 'Bonjour',
    text: 'Bonjour, Zoë.',
    html: '<html><head></head><body><p>Bonjour, Zoë.</p></body></html>',
  })
}

async function runDemo(...args: string[]) {
  const child = spawn(process.execPath, ['test/demo/demo.ts', ...args], { stdio: 'pipe' })
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { out, err, code }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
