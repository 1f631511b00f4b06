import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { exportKinds } from '../integrations/mailshot/export.ts'
import { openSite, type Site } from './run-mailshot.ts'
import { fillSite, siteWithPeople } from './site-with-people.ts'
import { dumpOf } from './sources/table-rows.ts'

describe('mailshot import', () => {
  test('brings in a SPIP site from a dump, with what it has sent', async () => {
    const site = await emptySite()
    const file = join(site.folder, 'spip.sql')
    writeFileSync(
      file,
      dumpOf({
        spip_mailsubscribers: {
          columns: ['id_mailsubscriber', 'email', 'listes', 'statut'],
          rows: [
            [1, 'zoe@example.org', 'newsletter::weekly', 'valide'],
            [2, `${'0'.repeat(32)}@example.org`, '', 'refuse'],
          ],
        },
        spip_mailshots: {
          columns: ['id_mailshot', 'sujet', 'html', 'date_start', 'statut'],
          rows: [[3, 'Été', '<p>@nom@</p>', '2019-01-01 10:00:00', 'end']],
        },
        spip_mailshots_destinataires: {
          columns: ['id_mailshot', 'email', 'statut'],
          rows: [[3, 'zoe@example.org', 'sent']],
        },
      }),
    )
    const rehearsed = await site.mailshot('import', file, '--source', 'spip', '--dry-run')
    expect(rehearsed.out).toContain('suppressed: 1 more address\nhistory: 1 send, 1 recipient\n')
    const { code, out } = await site.mailshot('import', file, '--source', 'spip')
    expect({ code, out }).toEqual({
      code: 0,
      out: '1 row: 1 new\nsuppressed: 1 more address\nhistory: 1 send, 1 recipient\n',
    })
    const recipients = await site.mailshot('recipients', 'spip-3')
    expect(recipients.out).toMatch(/zoe@example\.org +sent/)
  })

  test('brings the good lines in, lists the bad ones with number and cause, and says so by its code', async () => {
    const site = await emptySite()
    const file = writeCsv(site, 'email;name\nzoe@example.org;Zoë\nnobody\nbob@example.org;Bob\n')

    const { code, out, err } = await site.mailshot('import', file, '--list', 'weekly', '--quiet')

    expect(out).toBe('3 rows: 2 new, 1 could not be read\n')
    expect(err).toMatch(/^people\.csv:3: .*nobody.*\n$/)
    expect(code).toBe(2)
  })

  test('changes nothing when it is run again', async () => {
    const site = await emptySite()
    const file = writeCsv(site, 'email,name\nzoe@example.org,Zoë\n')
    await site.mailshot('import', file, '--list', 'weekly')

    const [summary] = await site.json('import', file, '--list', 'weekly')

    expect(summary).toMatchObject({ read: 1, created: 0, updated: 0, unchanged: 1, faultCount: 0 })
  })

  test('reads from stdin', async () => {
    const site = await emptySite()

    const child = site.start('import', '-', '--list', 'weekly')
    child.stdin.write('email\nzoe@example.org\n')
    const { code, out } = await site.ended(child)

    expect(out).toBe('1 row: 1 new\n')
    expect(code).toBe(0)
  })

  test('finds the file where it was called from', async () => {
    const site = await emptySite()
    writeCsv(site, 'email\nzoe@example.org\n')

    const { code } = await site.mailshot('import', 'people.csv', '--list', 'weekly')

    expect(code).toBe(0)
  })

  test('refuses an unknown list before anything is written', async () => {
    const site = await emptySite()
    const file = writeCsv(site, 'email\nzoe@example.org\n')

    const { code, err } = await site.mailshot('import', file, '--list', 'weeky')

    expect(code).toBe(1)
    expect(err).toContain('--list weeky: there is no such list; did you mean "weekly"?')
    expect(await site.mailshot('subscribers')).toMatchObject({ out: '' })
  })

  test('says what would come of it, list by list, and writes nothing', async () => {
    const site = await emptySite()
    const file = writeCsv(
      site,
      'Who;Groups\nzoe@example.org;Our news,Shop\nbob@example.org;Shop,\n',
    )
    const call = ['import', file, '--column', 'email=Who', '--column', 'lists=Groups', '--dry-run']

    const refused = await site.mailshot(...call, '--skip-list', 'Shop')
    const { out } = await site.mailshot(...call, '--skip-list', 'Shop', '--map', 'Our news=weekly')

    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('--map "Our news"=ID, or leave it out, --skip-list "Our news"'),
    })
    expect(out.split('\n')).toEqual([
      '2 rows: 1 new, 1 on no list that is wanted',
      '  weekly: 1 active',
      'This is what would come of it; nothing was written.',
      '',
    ])
    expect(await site.mailshot('subscribers')).toMatchObject({ out: '' })
  })

  test('keeps what it rejected, to be corrected and imported', async () => {
    const site = await emptySite()
    const file = writeCsv(
      site,
      'email;name\nzoe at example.org;"Zoë; or\nnot"\nbob@example.org;"Bob\n',
    )
    const wrong = join(site.folder, 'wrong.csv')

    const first = await site.mailshot('import', file, '-l', 'weekly', '--rejects', wrong)
    const kept = readFileSync(wrong, 'utf8')
    const corrected = kept.replace(';zoe at ', ';zoe@').replace(';"Bob', ';Bob')
    writeFileSync(wrong, corrected)
    const second = await site.mailshot('import', wrong, '-l', 'weekly')

    expect(first).toMatchObject({ code: 2, out: '2 rows: 2 could not be read\n' })
    expect(first.err).toContain(`2 rejected rows in ${wrong}, kept for 90 days`)
    expect(statSync(wrong).mode & 0o777).toBe(0o600)
    expect(kept.split('\n')).toEqual([
      'mailshot_line;mailshot_cause;email;name',
      '2;"""zoe at example.org"" is not an e-mail address";zoe at example.org;"Zoë; or',
      'not"',
      expect.stringMatching(/^4;"a quote is not closed, .*";bob@example\.org;"Bob$/),
      '',
    ])
    expect(second).toMatchObject({ code: 0, out: '2 rows: 2 new\n', err: '' })
    const refused = await site.mailshot('import', file, '--rejects', file)
    expect(refused.err).toContain('this is the file that is imported')
  })

  test('says so when there is no such file', async () => {
    const { code, err } = await (await emptySite()).mailshot('import', 'nowhere.csv')

    expect(code).toBe(1)
    expect(err).toBe('mailshot: nowhere.csv: there is no such file\n')
  })
})

describe('mailshot export', () => {
  test('writes a history that comes in the same from a folder, in whatever order its files are', async () => {
    const { site } = await siteWithPeople()
    await site.mailshot('send', '2026-06-launch', '--yes')
    await site.mailshot('deliver', '--until-done')
    const folder = join(site.folder, 'exported')
    const exported = await site.mailshot('export', 'all', '-o', folder)
    expect(exported).toMatchObject({ code: 0, out: '' })
    expect(exported.err).toMatch(/^3 rows of recipients in .*exported$/m)
    expect(
      [folder, join(folder, 'sends.jsonl')].map((path) => statSync(path).mode & 0o777),
    ).toEqual([0o700, 0o600])
    const there = await emptySite()
    const rehearsed = await there.mailshot('import', folder, '--dry-run')
    expect(rehearsed.out).toMatch(/^sends: 1 row$/m)
    const { code, out } = await there.mailshot('import', folder)
    expect({ code, kinds: out.match(/^\w+(?=:)/gm) }).toEqual({
      code: 0,
      kinds: [...exportKinds],
    })
    const [of, again] = await Promise.all(
      [site, there].map((one) => one.mailshot('stats', '2026-06-launch', '--json')),
    )
    expect(again?.out).toBe(of?.out)
    expect(again?.out).toContain('"sent":3')
    const twice = await site.mailshot('export', 'all', '-o', folder)
    expect(twice.err).toContain('there is something of that name already')
    const wrong = await there.mailshot('import', `${folder}/sends.jsonl`, `${folder}/no.jsonl`)
    expect(wrong.err).toContain('no.jsonl: here is no export of a mailshot')
    expect(readdirSync(site.folder).filter((name) => name.includes('partial'))).toEqual([])
  })

  test('writes to what a link leads to and to a pipe, and puts no file in their place', async () => {
    const { site } = await siteWithPeople()
    const [file, link] = [join(site.folder, 'people.jsonl'), join(site.folder, 'latest.jsonl')]
    writeFileSync(file, 'old')
    symlinkSync(file, link)
    // Of a process of that number that was killed: none can have it.
    writeFileSync(`${file}.partial-${hostname().replaceAll(/[^\w.]/g, '_')}-99999999`, 'half')

    const { code, out, err } = await site.mailshot('export', 'subscribers', '-o', link)
    const pipe = join(site.folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const [piped] = await Promise.all([
      text(createReadStream(pipe)),
      site.mailshot('export', 'subscribers', '-o', pipe),
    ])

    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toMatch(/^3 rows of subscribers in .*latest\.jsonl\n$/)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(piped.split('\r\n')).toHaveLength(5)
    expect(readdirSync(site.folder).filter((name) => name.includes('partial'))).toEqual([])
  })

  test('says what it knows, and leaves no file behind where it cannot go on', async () => {
    const site = await emptySite()

    const unknown = await site.mailshot('export', 'subscriber')
    const nowhere = await site.mailshot('export', 'sends', '-o', 'nowhere/sends.csv')

    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('did you mean') })
    expect(nowhere.err).toMatch(/nowhere\/sends\.csv: cannot be written: its folder is not there;/)
  })
})

describe('mailshot lists', () => {
  test('asks the functions of automatic lists, and says what came of it', async () => {
    const site = openSite('site', { STAFF: '[{"email":"ann@example.org"},{"email":"?"}]' })
    await fillSite(site)

    const synced = await site.mailshot('lists', 'sync')
    const failed = await site.mailshot('lists', 'sync', 'weekly')
    const { out } = await site.mailshot('lists')

    expect(synced).toMatchObject({
      code: 0,
      out: 'staff: 2 rows: 1 joined, 0 left, 1 row with mistakes\n',
      err: expect.stringContaining('staff, row 2: "?" is not an e-mail address'),
    })
    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('is not automatic') })
    expect(out).toMatch(/^staff +Staff +open, private, automatic +1 /m)
  })

  test('says of a list why its function could not be asked', async () => {
    const site = openSite('site', { STAFF: 'closed' })
    await fillSite(site)

    const failed = await site.mailshot('lists', 'sync', '--json')
    const { err } = await site.mailshot('lists')

    expect(failed.code).toBe(2)
    expect(JSON.parse(failed.out)).toMatchObject({ list: 'staff', status: 'failed' })
    expect(err).toContain('staff is not in line with its function (in line never yet): ')
  })
})

describe('mailshot subscribers', () => {
  test('lists and counts those of a segment, and shows where its condition is wrong', async () => {
    const { site } = await siteWithPeople()

    const listed = await site.json('subscribers', '--segment', 'city is set and lang = en')
    const { out } = await site.mailshot('subscribers', 'count', '--segment', 'lang = en')
    const wrong = await site.mailshot('subscribers', 'count', '--segment', 'lang = en and cty = x')

    expect(listed).toMatchObject([{ email: 'bob@example.org' }])
    expect(out).toBe('2 readers of 3 (weekly, product)\n')
    expect(wrong).toMatchObject({
      code: 1,
      err:
        'mailshot: --segment: unknown field "cty" (column 15 of: lang = en and cty = x); ' +
        'did you mean "city"?\n',
    })
  })

  test('lists people as a line of JSON each, also of one list', async () => {
    const { site } = await siteWithPeople()

    const everybody = await site.json('subscribers')
    const { out: onProduct } = await site.mailshot('subscribers', 'list', '--list', 'product')

    expect(everybody).toHaveLength(3)
    expect(everybody[0]).toMatchObject({
      email: 'zoe@example.org',
      name: "Zoë d'Alembert",
      lang: 'fr',
      attributes: { city: "L'Haÿ-les-Roses" },
      subscriptions: [{ list: 'weekly', status: 'active' }],
      suppressed: null,
    })
    expect(onProduct).toBe('')
  })

  test('shows where a consent comes from', async () => {
    const { site } = await siteWithPeople()

    const { out } = await site.mailshot('subscribers', 'show', 'ZOE@example.org')

    expect(out).toMatch(
      /^address +zoe@example\.org\nname +Zoë d'Alembert\nlanguage +fr\ncity +L'Haÿ/,
    )
    expect(out).toMatch(/^list +weekly: active since \d{4}-/m)
    expect(out).toMatch(/^consent +weekly: \d{4}-.* by import/m)
  })

  test('adds a person, who waits for the confirmation where the list asks for one', async () => {
    const site = await emptySite()

    const add = ['subscribers', 'add', 'ana@example.org', '--name', 'Ana', '--set', 'plan=pro']
    const weekly = await site.mailshot(...add, '--list', 'weekly')
    const product = await site.mailshot(...add, '--list', 'product')
    const [ana] = await site.json('subscribers', 'show', 'ana@example.org')

    expect(weekly.out).toBe('ana@example.org: a confirmation is mailed\n')
    expect(product.out).toBe('ana@example.org: subscribed\n')
    expect(ana).toMatchObject({
      attributes: { plan: 'pro' },
      subscriptions: [
        { list: 'product', status: 'active' },
        { list: 'weekly', status: 'pending' },
      ],
      consents: [{ source: 'command' }, { source: 'command' }],
    })
  })

  test('refuses what the settings do not know', async () => {
    const site = await emptySite()

    const add = ['subscribers', 'add', 'ana@example.org', '--list', 'weekly']
    const { code, err } = await site.mailshot(...add, '--set', 'plan=gold')

    expect(code).toBe(1)
    expect(err).toContain('plan: "gold" is not one of free, pro')
  })

  test('ends subscriptions, and with all of them suppresses the address', async () => {
    const { site } = await siteWithPeople()

    const { out } = await site.mailshot('subscribers', 'unsubscribe', 'zoe@example.org')
    const [zoe] = await site.json('subscribers', 'show', 'zoe@example.org')

    expect(out).toBe('zoe@example.org: left weekly\n')
    expect(zoe).toMatchObject({
      subscriptions: [{ status: 'unsubscribed', endReason: 'operator' }],
      suppressed: 'unsubscribe',
    })
  })

  test('prove what somebody agreed to, erase them, and find who was not seen', async () => {
    const site = openSite()
    await fillSite(site)

    const made = await site.mailshot(
      'subscribers',
      'proof',
      'zoe@example.org',
      '--output',
      'zoe.md',
    )
    const file = join(site.folder, 'zoe.md')
    writeFileSync(file, readFileSync(file, 'utf8').replace('import', 'form'))
    const changed = await site.mailshot('subscribers', 'proof', '--verify', 'zoe.md')
    const [erased] = await site.json('subscribers', 'erase', 'zoe@example.org')
    const unseen = await site.mailshot('subscribers', 'unseen', '--months', '6')

    expect(made.code).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(changed).toMatchObject({ code: 1, out: expect.stringContaining('not as this site') })
    expect(erased).toEqual({ email: 'zoe@example.org', status: 'erased' })
    expect(unseen.err).toContain('Nobody here is counted by name')
  })

  test('says so when nobody has the address', async () => {
    const { code, err } = await (await emptySite()).mailshot('subscribers', 'show', 'x@example.org')

    expect(code).toBe(1)
    expect(err).toBe('mailshot: x@example.org: nobody has this address here\n')
  })
})

describe('mailshot lists', () => {
  test('counts who is on each list', async () => {
    const { site } = await siteWithPeople()

    const lists = await site.json('lists')

    expect(lists).toMatchObject([
      { id: 'weekly', active: 3 },
      { id: 'product', active: 0 },
    ])
  })
})

describe('mailshot reconsent', () => {
  test('asks nobody who came lately', async () => {
    const site = openSite()
    await fillSite(site)

    const { code, err } = await site.mailshot('reconsent', 'weekly', '--days', '30', '--yes')

    expect({ code, err }).toEqual({
      code: 1,
      err: 'mailshot: list "weekly": nobody is to be asked, all 3 signed up or confirmed within 6 months\n',
    })
  })
})

describe('mailshot suppress and lift', () => {
  test('keep every mail from an address, and allow it again', async () => {
    const { site } = await siteWithPeople()

    const suppressed = await site.json('suppress', 'Zoe@example.org', '--note', 'asked by phone')
    const listed = await site.mailshot('suppress', '--list')
    const counted = await site.json('lists')
    const lifted = await site.mailshot('lift', 'zoe@example.org')

    expect(suppressed).toMatchObject([
      { email: 'zoe@example.org', reason: 'manual', changed: true },
    ])
    expect(listed.out).toMatch(/zoe@example\.org +manual +\d{4}-.* asked by phone\n$/)
    expect(counted[0]).toMatchObject({ active: 2, suppressed: 1 })
    expect(lifted.out).toBe('zoe@example.org: lifted (it was manual)\n')
  })

  test('ask for an address', async () => {
    const { code, err } = await (await emptySite()).mailshot('suppress')

    expect(code).toBe(1)
    expect(err).toContain('suppress: which address?')
  })
})

describe('mailshot suppressions', () => {
  test('takes a list in, and gives it out again as lines of JSON', async () => {
    const { site } = await siteWithPeople()
    writeCsv(site, 'zoe@example.org\nnobody\n')

    const taken = await site.mailshot(
      'suppressions',
      'import',
      'people.csv',
      '--reason',
      'complaint',
    )
    const [head, zoe] = await site.json('suppressions', 'export')

    expect(taken).toMatchObject({
      code: 2,
      out: '2 lines: 1 suppressed, 0 were already, 1 could not be read\n',
    })
    expect(taken.err).toContain('people.csv:2: "nobody" is neither')
    expect(head).toMatchObject({ mailshot: 'suppressions', keys: [expect.any(String)] })
    expect(zoe).toMatchObject({
      email: 'zoe@example.org',
      reason: 'complaint',
      note: 'from people.csv',
    })
  })
})

describe('mailshot token', () => {
  test('shows a token once, and ends it', async () => {
    const site = await emptySite()

    const made = await site.mailshot('token', 'create', 'github', '--scope', 'send')
    const listed = await site.mailshot('token', 'list')
    const revoked = await site.mailshot('token', 'revoke', 'github')
    const [row] = await site.json('token', 'list')

    expect(made.out).toMatch(/^mailshot_[\w-]{43}\n$/)
    expect(listed.out).toMatch(/\ngithub|\w+ +github +send/)
    expect(listed.out).not.toContain(made.out.trim())
    expect(revoked.out).toBe('revoked github\n')
    expect(row).toMatchObject({ name: 'github', revokedAt: expect.any(String) })
  })

  test('refuses a scope that does not exist', async () => {
    const site = await emptySite()

    const { code, err } = await site.mailshot('token', 'create', 'x', '--scope', 'everything')

    expect(code).toBe(1)
    expect(err).toBe(
      'mailshot: --scope everything: there is no such scope (read, send, people, subscribe, export)\n',
    )
  })
})

async function emptySite(): Promise<Site> {
  const site = openSite()
  await site.mailshot('init')
  return site
}

function writeCsv(site: Site, content: string): string {
  const file = join(site.folder, 'people.csv')
  writeFileSync(file, content)
  return file
}
