import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mailchimp } from '../../integrations/mailshot/sources/mailchimp.ts'
import { describeImportSource } from '../import-contract.ts'

const header =
  '"Email Address","First Name","Last Name",City,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,TIMEZONE'
const zoe =
  'Zoe@Example.org,Zoé,Martin,Aix,2,"2026-01-30 10:00:00",1.2.3.4,"2026-01-31 00:00:00",Europe/Paris'

const audience = {
  'cleaned_email_audience_export_1.csv': `${header},CLEAN_TIME\ngone@example.org,,,,2,,,,,"2026-02-01 00:00:00"\n`,
  'nonsubscribed_email_audience_export_1.csv': `${header}\nshop@example.org,,,,,,,,\n`,
  'subscribed_email_audience_export_1.csv': `${header}\n${zoe}\nbroken,"line\n`,
  'unsubscribed_email_audience_export_1.csv': `${header},UNSUB_TIME\nbob@example.org,Bob,,,,,,,Nowhere,2026-02-02 00:00:00\n`,
}

const expected = [
  {
    row: {
      email: 'gone@example.org',
      status: 'unsubscribed',
      suppressed: 'hard-bounce',
      suppressedAt: Date.UTC(2026, 1, 1),
    },
    line: 2,
  },
  {
    notice:
      'nonsubscribed_email_audience_export_1.csv is left out: its people never asked for mail',
  },
  {
    row: {
      email: 'Zoe@Example.org',
      name: 'Zoé Martin',
      timeZone: 'Europe/Paris',
      status: 'active',
      consentAt: Date.UTC(2026, 0, 30, 10),
      confirmedAt: Date.UTC(2026, 0, 31),
      attributes: { city: 'Aix' },
    },
    line: 4,
  },
  {
    fault: {
      line: 5,
      cause: expect.stringMatching(/^subscribed_.*\.csv:3: a quote is not closed/),
    },
  },
  {
    row: { email: 'bob@example.org', status: 'unsubscribed', endedAt: Date.UTC(2026, 1, 2) },
    line: 7,
  },
]

describeImportSource(
  'mailchimp',
  () => {
    const path = join(newFolder(), 'audience.zip')
    const quoted = zoe.replace('Zoé,', '"Zoé ""Z""",')
    const contract = {
      'subscribed_1.csv': `${header},Language\n${quoted},fr\nbroken,"line\n`,
      'unsubscribed_1.csv': `${header},Language\nbob@example.org,,,,,,,,,en\neve@example.org,,,Lyon,,,,,,en\n`,
    }
    writeFileSync(path, zipOf(contract))
    return mailchimp(path, { fields: ['city'] })
  },
  { without: ['lists', 'pending'] },
)

describe('mailchimp', () => {
  it('reads the folder of an export, each person by the file that they are in', async () => {
    const folder = newFolder()
    for (const [name, text] of Object.entries(audience)) writeFileSync(join(folder, name), text)
    expect(await entriesOf(folder)).toMatchObject(expected)
  })

  it('reads the zip file itself, without what macOS adds to it', async () => {
    const path = join(newFolder(), 'audience.zip')
    writeFileSync(path, zipOf({ '__MACOSX/._subscribed.csv': 'x', ...audience }))
    expect(await entriesOf(path)).toMatchObject(expected)
    expect(await entriesOf(path)).toHaveLength(expected.length)
  })

  it('reads one file of an export', async () => {
    const path = join(newFolder(), 'subscribed_members_export_a1b2.csv')
    writeFileSync(path, `${header}\n${zoe}\n`)
    expect(await entriesOf(path)).toMatchObject([{ row: { name: 'Zoé Martin' }, line: 2 }])
  })

  it('says when it is no export', async () => {
    const folder = newFolder()
    const name = basename(folder)
    await expect(entriesOf(folder)).rejects.toThrow(`${name}: it holds no CSV file`)
    writeFileSync(join(folder, 'broken.zip'), 'PK')
    await expect(entriesOf(join(folder, 'broken.zip'))).rejects.toThrow(
      /^broken\.zip: it is no whole zip archive \(.*\); download it again$/,
    )
    writeFileSync(join(folder, 'people.csv'), 'a\n')
    expect(await entriesOf(join(folder, 'people.csv'))).toEqual([
      {
        notice:
          'people.csv is left out: its name begins with none of subscribed, unsubscribed, cleaned',
      },
    ])
  })
})

async function entriesOf(path: string) {
  return Array.fromAsync(mailchimp(path, { fields: ['city'] }))
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-mailchimp-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A zip archive (PKWARE's APPNOTE 4.3), each file deflated. */
function zipOf(files: Record<string, string>): Buffer {
  const entries = Object.entries(files).map(([name, text]) => {
    const [bytes, packed] = [Buffer.from(text), deflateRawSync(text)]
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    return { name: Buffer.from(name), packed, common }
  })
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, packed, common } of entries) {
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, name)
    parts.push(local)
    at += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, central, end])
}
