import { type SQL, sql } from 'drizzle-orm/sql'
import type { Condition, Subject } from './condition.ts'
import { globOf, isAscii } from './glob.ts'
import { joined, listed } from './joined.ts'
import { type Days, daysOf, type Range, startOfDay, todayIn } from './range.ts'

/** What a condition is asked against. */
export interface Asked {
  /** Milliseconds since 1970. */
  now: number
  /** The zone of its days. */
  timeZone: string
  /** The language of those who named none. */
  lang: string
}

/**
 * A condition as an SQL expression about the row `s` of subscribers: true, false, or NULL where nobody may know. Whatever the condition
 * says is a parameter.
 */
export function conditionSql(condition: Condition, asked: Asked): SQL {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return joined(
        condition.kind,
        condition.parts.map((part) => conditionSql(part, asked)),
      )
    case 'not':
      return sql`NOT ${conditionSql(condition.of, asked)}`
    case 'text':
      return textSql(condition)
    case 'number': {
      const value = attribute(condition.field)
      const { op, values } = condition
      const fits =
        op === '=' ? sql`IN ${listed(values)}` : sql`${numberOrders[op]} ${values[0] ?? null}`
      return sql`(typeof(${value}) IN ('integer', 'real') AND ${value} ${fits})`
    }
    case 'flag':
      return sql`((s.attributes -> ${condition.field}) IS ${condition.value ? 'true' : 'false'})`
    case 'days':
      return attributeDays(condition.field, daysIn(condition.range, asked))
    case 'set':
      return sql`(ifnull(${textOf(condition.subject)}, '') <> '')`
    case 'lang':
      return langSql(condition.values, asked)
    case 'list':
      return sql`EXISTS (SELECT 1 FROM subscriptions AS sl
        WHERE sl.subscriber_id = s.id AND sl.status = 'active' AND sl.list_id IN ${listed(condition.values)})`
    case 'happening':
      return happeningSql(condition, asked)
  }
}

const numberOrders = {
  '=': sql.raw('='),
  '<': sql.raw('<'),
  '<=': sql.raw('<='),
  '>': sql.raw('>'),
  '>=': sql.raw('>='),
} as const

/** By its label: no path is made of a name. */
function attribute(field: string): SQL {
  return sql`s.attributes ->> ${field}`
}

function textOf(subject: Subject): SQL {
  switch (subject) {
    case 'email':
      return sql`s.email`
    case 'domain':
      return sql`substr(s.email, instr(s.email, '@') + 1)`
    case 'name':
      return sql`s.name`
    case 'lang':
      return sql`s.lang`
    default:
      // What was kept as a number, under another type of field, is compared as it is written.
      return sql`CAST(${attribute(subject.field)} AS TEXT)`
  }
}

function textSql({ subject, op, values }: Extract<Condition, { kind: 'text' }>): SQL {
  const text = sql`ifnull(${textOf(subject)}, '')`
  switch (op) {
    case 'is':
      return isAnyOf(text, values)
    case 'contains':
      return joined(
        'or',
        values.map((value) => hasIn(text, value)),
      )
    case 'starts':
      return joined(
        'or',
        values.map((value) => sql`${text} GLOB ${`${globOf(value)}*`}`),
      )
    case 'ends':
      return joined(
        'or',
        values.map((value) => sql`${text} GLOB ${`*${globOf(value)}`}`),
      )
  }
}

function hasIn(text: SQL, value: string): SQL {
  return isAscii(value)
    ? sql`instr(lower(${text}), ${value.toLowerCase()}) > 0`
    : sql`${text} GLOB ${`*${globOf(value)}*`}`
}

/** Patterns are looked at one after the other, so that the text of a row is made once for all of them. */
function isAnyOf(text: SQL, values: readonly string[]): SQL {
  const plain = values.filter(isAscii)
  const patterns = values.filter((value) => !isAscii(value)).map(globOf)
  if (patterns.length === 0) return sql`(${text} COLLATE NOCASE IN ${listed(plain)})`
  const tests = [
    ...(plain.length > 0 ? [sql`t.v COLLATE NOCASE IN ${listed(plain)}`] : []),
    ...patterns.map((pattern) => sql`t.v GLOB ${pattern}`),
  ]
  return sql`(WITH t (v) AS MATERIALIZED (SELECT ${text}) SELECT ${joined('or', tests)} FROM t)`
}

/** A language stands for its regions, too. */
function langSql(values: readonly string[], asked: Asked): SQL {
  const langs = values.map((value) => value.toLowerCase())
  const own = sql`lower(coalesce(s.lang, ${asked.lang}))`
  const whole = langs.filter((lang) => !lang.includes('-'))
  const regions = langs.filter((lang) => lang.includes('-')).map((lang) => `${lang}-`)
  return joined('or', [
    ...(whole.length > 0
      ? [sql`substr(${own}, 1, instr(${own} || '-', '-') - 1) IN ${listed(whole)}`]
      : []),
    ...regions.map((region) => sql`substr(${own} || '-', 1, length(${region})) = ${region}`),
  ])
}

/** What is no day, as it may have been kept under another type of field, is in none. */
function attributeDays(field: string, { from, to }: Days): SQL {
  const day = attribute(field)
  const [first, end] = [from, to].map((one) => (one === undefined ? one : comparable(one)))
  const isDay = sql`${day} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'`
  return sql`ifnull(${isDay}
    ${first === undefined ? sql`` : sql`AND ${day} >= ${first}`} ${end === undefined ? sql`` : sql`AND ${day} < ${end}`}, 0)`
}

/** As a text beside days of four-digit years: the day after 9999-12-31, which stands for never, is behind all of them. */
function comparable(day: string): string {
  return day.startsWith('+') ? '9999-12-32' : day
}

type Happened = Extract<Condition, { kind: 'happening' }>

function happeningSql(condition: Happened, asked: Asked): SQL {
  const { what, of, range } = condition
  const days = range ? daysIn(range, asked) : {}
  const within = (time: SQL) => timeSql(time, days, asked.timeZone)
  switch (what) {
    case 'subscribed':
      return sql`EXISTS (SELECT 1 FROM subscriptions AS sl
        WHERE sl.subscriber_id = s.id AND sl.status = 'active' ${isOf(sql`sl.list_id`, of)} ${within(sql`sl.active_at`)})`
    case 'confirmed':
      return sql`EXISTS (SELECT 1 FROM consents AS sc
        WHERE sc.subscriber_id = s.id AND sc.list_id <> '' AND sc.list_id NOT LIKE 'field:%' AND sc.confirmed_at IS NOT NULL
          AND NOT (sc.source = 're-consent' AND sc.form = 'leave')
          ${isOf(sql`sc.list_id`, of)} ${within(sql`sc.confirmed_at`)})`
    case 'received':
      return sql`EXISTS (SELECT 1 FROM recipients AS sr
        WHERE sr.email = s.email AND sr.status IN ('sent', 'uncertain', 'in-hand')
          AND ifnull(sr.delivery, '') NOT IN ('bounced', 'rejected')
          ${isOfSend(sql`sr.send_id`, of)} ${within(sql`ifnull(sr.settled_at, sr.in_hand_at)`)})`
    case 'opened':
    case 'clicked':
      return reportedSql(condition, days, asked)
  }
}

/** Of those who do not agree to be counted by name it is not known; nor is what they did before they agreed. */
function reportedSql({ what, of, link }: Happened, days: Days, asked: Asked): SQL {
  const has = link === undefined ? sql`` : sql`AND ${hasIn(sql`ifnull(se.url, '')`, link)}`
  return sql`CASE WHEN s.tracking_agreed_at IS NULL THEN NULL
    WHEN EXISTS (SELECT 1 FROM events AS se
      WHERE se.email = s.email AND se.type = ${what} AND se.is_machine = 0
        ${isOfSend(sql`se.send_id`, of)} ${has} ${timeSql(sql`se.at`, days, asked.timeZone)}) THEN 1
    WHEN ${isKnown(of, days, asked)} THEN 0 END`
}

/** Whether they had agreed before it could happen. Where nothing is said of when, what happened since they agreed is meant. */
function isKnown(of: string | undefined, { from, to }: Days, { now, timeZone }: Asked): SQL {
  const begin = from === undefined ? undefined : startOfDay(from, timeZone)
  if (of !== undefined) {
    return sql`s.tracking_agreed_at <= max(${begin ?? 0},
      (SELECT ifnull(min(started_at), ${now}) FROM sends WHERE slug = ${of} OR id = ${of}))`
  }
  if (begin !== undefined) return sql`s.tracking_agreed_at <= ${begin}`
  return to === undefined ? sql`true` : sql`s.tracking_agreed_at < ${startOfDay(to, timeZone)}`
}

function isOf(column: SQL, of: string | undefined): SQL {
  return of === undefined ? sql`` : sql`AND ${column} = ${of}`
}

/** All sends of a campaign, by its slug, or one by its id. */
function isOfSend(column: SQL, of: string | undefined): SQL {
  if (of === undefined) return sql``
  return sql`AND ${column} IN (SELECT id FROM sends WHERE slug = ${of} OR id = ${of})`
}

function timeSql(time: SQL, { from, to }: Days, timeZone: string): SQL {
  const since = from === undefined ? sql`` : sql`AND ${time} >= ${startOfDay(from, timeZone)}`
  const before = to === undefined ? sql`` : sql`AND ${time} < ${startOfDay(to, timeZone)}`
  return sql`${since} ${before}`
}

function daysIn(range: Range, { now, timeZone }: Asked): Days {
  return daysOf(range, todayIn(timeZone, now))
}
