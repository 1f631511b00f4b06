import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  explainFault,
  type Known,
  readCondition,
  segmentSql,
} from '../integrations/mailshot/segment.ts'
import { parseCondition } from '../integrations/mailshot/segment/parse.ts'
import { printCondition } from '../integrations/mailshot/segment/print.ts'
import { openTestMailshot, testConfig } from './open-test-mailshot.ts'
import { conditions } from './segment/conditions.ts'
import { evaluate } from './segment/evaluate.ts'
import { inventPeople, writePeople } from './segment/people.ts'

const fields = {
  city: { type: 'text' as const },
  plan: { type: 'choice' as const, choices: ['free', 'pro'] },
  age: { type: 'number' as const },
  member: { type: 'boolean' as const },
  renewal: { type: 'date' as const },
}

describe('segmentSql', () => {
  it('selects exactly those whom the condition means, whoever they are and whatever it says', async () => {
    const mailshot = await openTestMailshot({ fields, tracking: { individual: true } })
    const now = mailshot.now()
    const people = inventPeople(40, now)
    await writePeople(mailshot, people)
    const known = { ...mailshot.config, segments: {} }
    const asked = { now, timeZone: 'Europe/Paris', lang: 'fr' }
    await fc.assert(
      fc.asyncProperty(conditions, async (condition) => {
        const text = printCondition(condition)
        const rows = await mailshot.db.all<{ id: number; result: number | null }>(
          sql`SELECT id, ${segmentSql(text, known, asked)} AS result FROM subscribers AS s ORDER BY id`,
        )
        const results = rows.map(({ result }) => (result === null ? null : result === 1))
        expect(results).toEqual(people.map((one) => evaluate(condition, one, now)))
        expect(parseCondition(text, known)).toEqual(condition)
      }),
      { numRuns: 400 },
    )
    expect(await mailshot.db.get(sql`SELECT count(*) AS n FROM subscribers`)).toEqual({ n: 40 })
  })

  it('takes the longest conditions, in whatever letters', async () => {
    const mailshot = await openTestMailshot({ fields })
    await writePeople(mailshot, inventPeople(40, mailshot.now()))
    const cities =
      'Ёлкино, Москва, Казань, Уфа, Хабаровск, Шахты, Юрга, Эльба, Съезд, Вязьма, Ирбит'
    const nested = Array.from({ length: 12 }).reduce<string>(
      (inner, _, level) => `lang = fr ${level % 2 ? 'or' : 'and'} not (${inner})`,
      `city in (${cities}) or subscribed`,
    )
    const langs = Array.from({ length: 400 }, (_, n) => `fr-${1000 + n}`).join()
    for (const text of [
      `city in (${cities})`,
      `city in (${Array(900).fill('Ё').join()})`,
      `city contains "${cities}"`,
      `lang in (${langs})`,
      `age in (${Array(950).fill('17').join()})`,
      Array(330).fill('age=17').join(' or '),
      nested.replace(' or subscribed', ''),
    ]) {
      const { lang, timeZone } = mailshot.config
      const condition = read(text)
      const where = segmentSql(condition, knownTo({}), { now: mailshot.now(), timeZone, lang })
      const row = await mailshot.db.get<{ n: number }>(
        sql`SELECT count(*) AS n FROM subscribers AS s WHERE ${where} OR (${where}) IS NOT TRUE`,
      )
      expect(row).toEqual({ n: 40 })
    }
  })
})

describe('readCondition', () => {
  it('answers one way of writing, with every segment spelled out', () => {
    expect(read("LANG = fr  AND city='Saint Étienne'")).toBe('lang = fr and city = "Saint Étienne"')
    expect(read('lyon')).toBe('city = Lyon')
    expect(read('not segment = lyon or segment in (lyon, adults)')).toBe(
      'not city = Lyon or (city = Lyon or age >= 18)',
    )
    expect(read('not received "2026-06-launch" since 3 Weeks ago')).toBe(
      'not received 2026-06-launch since 3 weeks ago',
    )
    expect(read('renewal != today and renewal <= 1 month ahead and plan = PRO')).toBe(
      'not renewal on today and renewal until 1 months ahead and plan = pro',
    )
    expect(read('not (not member = no)')).toBe('member = no')
    expect(read("clicked june LINK '/shop?a=1' since today")).toBe(
      'clicked june link "/shop?a=1" since today',
    )
    expect(read('clicked "link" and clicked link /shop')).toBe(
      'clicked "link" and clicked link /shop',
    )
  })

  it('binds "not" before "and", and "and" before "or"', () => {
    const parsed = parseCondition('not lang = fr and lang = en or lang = de', knownTo({}))
    expect(parsed).toMatchObject({
      kind: 'or',
      parts: [{ kind: 'and', parts: [{ kind: 'not' }, { values: ['en'] }] }, { values: ['de'] }],
    })
  })

  it('reads a field that is called as a word of ours by its full name', () => {
    const known = knownTo({ fields: { domain: { type: 'number' } } })
    expect(readCondition('fields.domain > 3 and domain = example.org', known)).toEqual({
      condition: 'fields.domain > 3 and domain = example.org',
    })
  })

  it('points at an unknown name, and says the closest one', () => {
    expect(fault('lang = fr and cty = Lyon')).toEqual([
      'unknown field "cty"',
      15,
      'did you mean "city"?',
    ])
    expect(fault('list = wekly')).toEqual(['unknown list "wekly"', 8, 'did you mean "weekly"?'])
    expect(fault('subscribed wekly')).toEqual([
      'unknown list "wekly"',
      12,
      'did you mean "weekly"?',
    ])
    expect(fault('lion')).toEqual(['unknown segment "lion"', 1, 'did you mean "lyon"?'])
    expect(fault('plan = prro')).toEqual([
      '"prro" is none of the choices',
      8,
      'did you mean "pro"?',
    ])
    expect(fault('received x within 3 moths')).toEqual([
      '"moths" is no unit of time',
      21,
      'did you mean "months"?',
    ])
  })

  it('points at a value or an operator that does not go with the field', () => {
    expect(fault('age > young')).toEqual(['"young" is not a number', 7, 'write it like 12 or 1.5'])
    expect(fault('member = maybe')).toEqual([
      '"maybe" is neither yes nor no',
      10,
      'write yes or no',
    ])
    expect(fault('city < 3')).toEqual([
      '"<" cannot stand here',
      6,
      'it goes with numbers and days; use = or in here',
    ])
    expect(fault('renewal = 2026-02-30')?.slice(0, 2)).toEqual([
      '"2026-02-30" cannot stand here',
      11,
    ])
    expect(fault('lang = french!')?.slice(0, 2)).toEqual(['"!" has no meaning here', 14])
    expect(fault('opened link "/shop"')).toEqual([
      '"link" cannot stand here',
      8,
      'write it behind "clicked"',
    ])
    expect(fault('lang = f')).toEqual(['"f" is not a language', 8, 'write it like fr or pt-BR'])
  })

  it('points at where a condition cannot be read', () => {
    expect(fault('city = Saint Étienne')).toEqual([
      '"Étienne" cannot stand here',
      14,
      'write "and" or "or"; a value of several words goes in quotes: "Saint Étienne"',
    ])
    expect(fault('city = "Lyon')?.slice(0, 2)).toEqual(['a quote is never closed', 8])
    expect(fault('city = “Lyon”')).toEqual([
      '"“" has no meaning here',
      8,
      'use straight quotes, " or \'',
    ])
    expect(fault('(city = Lyon')?.slice(0, 2)).toEqual(['it ends too early', 13])
    expect(fault('city = Lyon && age > 3')).toEqual(['"&" has no meaning here', 13, 'write "and"'])
    expect(fault('')?.slice(0, 2)).toEqual(['it ends too early', 1])
    expect(fault('lang = fr or '.repeat(400))?.slice(0, 2)).toEqual([
      'it is longer than 4000 characters',
      4001,
    ])
    expect(fault('renewal within 90')).toEqual([
      'it ends too early',
      18,
      'write days, weeks, months or years behind 90',
    ])
    expect(fault('city == Lyon')).toEqual(['"==" has no meaning here', 6, 'write one "="'])
    expect(fault('city <> Lyon')).toEqual(['"<>" has no meaning here', 6, 'write !='])
  })

  it('points at a word that is mistyped where a name may stand', () => {
    expect(fault('opened withn 90 days')).toEqual([
      '"withn" cannot stand here',
      8,
      'did you mean "within"?',
    ])
    expect(fault('not received 90 days and lyon')).toEqual([
      '"90" cannot stand here',
      14,
      'write "within 90 days"',
    ])
    expect(read('received 2026 within 90 days')).toBe('received 2026 within 90 days')
    expect(fault('lang = fr and lyon')).toEqual([
      'unknown field "lyon"',
      15,
      'write segment = lyon',
    ])
    expect(fault('weekly or lang = fr')?.[2]).toBe('write list = weekly')
  })

  it('refuses what SQLite could not take, and no more than that', () => {
    const nested = (levels: number) =>
      Array.from({ length: levels }).reduce<string>(
        (inner, _, level) => `age = 1 ${level % 2 ? 'or' : 'and'} not (${inner})`,
        'age = 2',
      )
    expect(read(nested(12))).toContain('age = 2')
    expect(fault(nested(13))).toEqual([
      'it is nested more than 12 deep',
      1,
      'say it with fewer parentheses',
    ])
    expect(read(`${'('.repeat(1900)}age = 1${')'.repeat(1900)}`)).toBe('age = 1')
    expect(fault(Array(51).fill('received').join(' or '))?.[0]).toBe(
      'it asks about lists and mails more than 50 times',
    )
  })

  it('quotes of a long condition only what stands around its fault', () => {
    const text = `${'lang = fr or '.repeat(50)}cty = Lyon${' or lang = fr'.repeat(50)}`
    const found = readCondition(text, knownTo({}))
    expect('wrong' in found && explainFault(text, found.wrong)).toBe(
      'unknown field "cty" (column 651 of: … lang = fr or lang = fr or lang = fr or cty = Lyon or lang = fr or lang = fr or lang = fr or lang = …); did you mean "city"?',
    )
  })

  it('refuses segments that are made of themselves', () => {
    const known = knownTo({ segments: { a: 'segment = b', b: 'not segment = a' } })
    expect(readCondition('a', known)).toEqual({
      wrong: {
        what: 'a segment is made of itself: a → b → a',
        column: 1,
        cure: 'take one of these names out of the other',
      },
    })
  })

  it('refuses opens and clicks where nobody is known by name', () => {
    expect(
      readCondition('opened within 90 days', knownTo({ tracking: { individual: false } })),
    ).toEqual({
      wrong: {
        what: 'nobody is known by name to have opened anything',
        column: 1,
        cure: 'set tracking: { individual: true }, which asks readers if they agree; whoever does not never matches',
      },
    })
  })
})

describe('defineConfig', () => {
  it('refuses segments that are wrong, or are called as a list', () => {
    const segments = { lyon: 'cty = Lyon', weekly: 'lang = fr', adults: 'city is set' }
    expect(() => testConfig({ segments }, '/unused')).toThrow(
      '✖ unknown field "cty" (column 1 of: cty = Lyon); did you mean "city"?\n  → at segments.lyon\n' +
        '✖ "weekly" is a list too; give one of them another name\n  → at segments.weekly',
    )
  })
})

function knownTo(given: object): Known {
  return {
    fields,
    lists: { weekly: list, product: list },
    segments: { lyon: 'city = Lyon', adults: 'age >= 18' },
    tracking: { individual: true },
    ...given,
  }
}

const list = { title: 'List', public: true, doubleOptIn: true, syncHours: 23 }

function read(text: string): string {
  const found = readCondition(text, knownTo({}))
  return 'condition' in found ? found.condition : found.wrong.what
}

function fault(text: string): [string, number, string] | undefined {
  const found = readCondition(text, knownTo({}))
  return 'wrong' in found ? [found.wrong.what, found.wrong.column, found.wrong.cure] : undefined
}
