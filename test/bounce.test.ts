import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBounce } from '../integrations/mailshot/bounce.ts'

const fixtures = join(import.meta.dirname, 'fixtures/bounces')

describe('readBounce', () => {
  test('reads reports and notices of many mail systems, and nothing into other mails', async () => {
    const lines = (await readFile(join(fixtures, 'expected.jsonl'), 'utf8')).trim().split('\n')
    const expected = lines.map((line): { file: string } => JSON.parse(line))

    const told = []
    for (const { file } of expected) {
      const { kind, reports } = await readBounce(await fixture(file))
      const facts = reports.map(({ recipient = null, status = null, judgement }) => ({
        recipient,
        class: judgement?.class ?? null,
        status,
      }))
      told.push({ file, kind, reports: facts })
    }

    expect(told).toEqual(expected)
  })

  test('says what the other server said, which mail it was, and what stands in the address', async () => {
    const { reports } = await readBounce(await fixture('postfix-unknown-user.eml'))

    expect(reports).toMatchObject([
      {
        judgement: { class: 'hard', about: 'address' },
        isDelay: false,
        reason:
          '550 5.1.1 <zoe@example.net>: Recipient address rejected: User unknown in virtual mailbox table',
        messageId: '<12.345@example.org>',
        token: '0f3k9q2m7t',
      },
    ])
  })

  test('knows whom a mail was sent to that was passed on', async () => {
    const { reports } = await readBounce(await fixture('postfix-forwarded.eml'))

    expect(reports).toMatchObject([
      { recipient: 'zoe@elsewhere.example', original: 'zoe@example.net' },
    ])
  })

  test('knows whom a mail was sent to, also where the server forgot to decode it', async () => {
    const undecoded = (await fixture('postfix-forwarded.eml'))
      .toString()
      .replace(/^(Original-Recipient:.*)zoe@/im, '$1zoe+2Bnews@')

    const { reports } = await readBounce(Buffer.from(undecoded))

    expect(reports).toMatchObject([{ original: 'zoe+news@example.net' }])
  })

  test('reads the escapes of an address beyond ASCII', async () => {
    const escaped = (await fixture('internationalised.eml'))
      .toString()
      .replace('utf-8; ゾエ@例え.jp', String.raw`utf-8; \x{30BE}\x{30A8}@example.jp`)

    const { reports } = await readBounce(Buffer.from(escaped))

    expect(reports).toMatchObject([{ recipient: 'ゾエ@example.jp' }])
  })

  test('tells a delay from a failure', async () => {
    const { reports } = await readBounce(await fixture('exim-delay.eml'))

    expect(reports).toMatchObject([{ isDelay: true, judgement: { class: 'soft' } }])
  })

  test('reads the same with the line ends of any system', async () => {
    const unix = (await fixture('qmail-permanent.eml')).toString('latin1')
    const expected = await readBounce(Buffer.from(unix, 'latin1'))

    const readings = await Promise.all(
      ['\r\n', '\r', '\r\r\n'].map((end) =>
        readBounce(Buffer.from(unix.replaceAll('\n', end), 'latin1')),
      ),
    )

    expect(expected.reports).toHaveLength(2)
    expect(readings).toEqual([expected, expected, expected])
  })

  test('reads the first kilobytes of a mail of 20 MB', async () => {
    const notice = await fixture('postfix-unknown-user.eml')
    const huge = Buffer.concat([notice, Buffer.alloc(20 * 1024 * 1024, 'X-Trap: a@b.c <(\n')])

    expect((await readBounce(huge)).reports).toMatchObject([{ recipient: 'zoe@example.net' }])
  })

  test('reads a report without its multipart header as a notice', async () => {
    const broken = (await fixture('qmail-permanent.eml'))
      .toString()
      .replace('MIME-Version: 1.0', 'Content-Type: multipart/mixed;\nboundary="nowhere"')

    expect((await readBounce(Buffer.from(broken))).reports).toMatchObject([
      { recipient: 'zoe@example.net' },
      { recipient: 'bob@example.net' },
    ])
  })

  test('reads a part whose type is missing, or none', async () => {
    const mail = (await fixture('qmail-permanent.eml')).toString()
    const head = 'Content-Type: multipart/mixed; boundary=b'
    const inPart = (type: string) =>
      mail
        .replace('MIME-Version: 1.0', `MIME-Version: 1.0\n${head}`)
        .replace('\n\n', `\n\n--b\nContent-Type:${type}\n\n`)

    const readings = await Promise.all(
      ['', ' ', ' ;', ' a', ' /'].map((type) => readBounce(Buffer.from(inPart(type)))),
    )

    expect(readings.slice(0, 3).map(({ kind }) => kind)).toEqual(['bounce', 'bounce', 'bounce'])
  })

  test('reads whatever bytes it is given', async () => {
    const mails = await Promise.all(
      ['postfix-unknown-user.eml', 'qmail-permanent.eml', 'complaint.eml', 'html-only.eml'].map(
        fixture,
      ),
    )
    const harm = fc.record({
      mail: fc.constantFrom(...mails),
      cut: fc.nat(3000),
      at: fc.nat(3000),
      junk: fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...traps.map((trap) => Buffer.from(trap, 'latin1'))),
      ),
      times: fc.integer({ min: 1, max: 3000 }),
    })

    await fc.assert(
      fc.asyncProperty(harm, async ({ mail, cut, at, junk, times }) => {
        const inserted = Buffer.concat(Array<Uint8Array>(times).fill(junk)).subarray(0, 400_000)
        const raw = Buffer.concat([mail.subarray(0, at), inserted, mail.subarray(at)])
        const { kind, reports } = await readBounce(raw.subarray(0, raw.length - cut))
        expect(kinds).toContain(kind)
        expect(reports.every(({ reason = '' }) => reason.length <= 1000)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})

const kinds = ['bounce', 'complaint', 'autoreply', 'unsubscribe', 'none']

/** What costs careless readers the square of its length, or a crash. */
const traps = [
  '\0',
  '\r',
  '\n',
  '<',
  '@',
  'a@',
  'a@b.c ',
  '<@<@',
  '"',
  '(',
  'a:',
  ' ',
  '> ',
  '=\n',
  '=?utf-8?B?/w==?= ',
  '\u001b$B',
  '\xff\xfe',
  '--=_b\n',
  '--=_b\nContent-Type: message/delivery-status\n\nAction: failed\n\n',
  'Content-Type: message/rfc822\n\n',
  'Content-Type: multipart/mixed; boundary=x\n\n--x\n',
  'Content-Type: text/plain; charset=utf-7\n',
  'Content-Type: text/plain; charset=us-ascii\n\n\x83\xe9',
  '\x81\xff\xa4',
  'Content-Transfer-Encoding: base64\n',
  'Final-Recipient: rfc822;a@b.c\n',
  '550-5.1.1 ',
  '5.1.',
  'To: a:\n',
  '<div>',
]

async function fixture(file: string): Promise<Buffer> {
  return await readFile(join(fixtures, file))
}
