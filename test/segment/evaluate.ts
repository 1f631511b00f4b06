import type { Condition, Subject } from '../../integrations/mailshot/segment/condition.ts'
import type { Moment, Range, Unit } from '../../integrations/mailshot/segment/range.ts'
import { type InventedPerson, sends } from './people.ts'

/** What a condition says of a person, worked out the long way; null where nobody may know. */
export function evaluate(
  condition: Condition,
  person: InventedPerson,
  now: number,
): boolean | null {
  switch (condition.kind) {
    case 'and': {
      const results = condition.parts.map((part) => evaluate(part, person, now))
      return results.includes(false) ? false : results.includes(null) ? null : true
    }
    case 'or': {
      const results = condition.parts.map((part) => evaluate(part, person, now))
      return results.includes(true) ? true : results.includes(null) ? null : false
    }
    case 'not': {
      const result = evaluate(condition.of, person, now)
      return result === null ? null : !result
    }
    case 'text':
      return isText(condition, textOf(condition.subject, person))
    case 'number':
      return isNumber(condition, person.attributes[condition.field])
    case 'flag':
      return person.attributes[condition.field] === condition.value
    case 'days': {
      const day = person.attributes[condition.field]
      return (
        typeof day === 'string' &&
        /^\d{4}-\d\d-\d\d$/.test(day) &&
        isWithin(condition.range, day, now)
      )
    }
    case 'set':
      return textOf(condition.subject, person) !== ''
    case 'lang': {
      const lang = (person.lang ?? 'fr').toLowerCase()
      return condition.values.some((one) => `${lang}-`.startsWith(`${one.toLowerCase()}-`))
    }
    case 'list':
      return person.places.some(
        ({ list, status }) => status === 'active' && condition.values.includes(list),
      )
    case 'happening':
      return hasHappened(condition, person, now)
  }
}

function textOf(subject: Subject, person: InventedPerson): string {
  switch (subject) {
    case 'email':
    case 'name':
      return person[subject]
    case 'domain':
      return person.email.replace(/^.*@/, '')
    case 'lang':
      return person.lang ?? ''
    default: {
      const value = person.attributes[subject.field]
      return value === undefined
        ? ''
        : typeof value === 'boolean'
          ? String(Number(value))
          : String(value)
    }
  }
}

function isText({ op, values }: Extract<Condition, { kind: 'text' }>, text: string): boolean {
  const [own, ...wanted] = [text, ...values].map(lower)
  if (own === undefined) return false
  return wanted.some((value) => {
    if (op === 'is') return own === value
    if (op === 'contains') return own.includes(value)
    return op === 'starts' ? own.startsWith(value) : own.endsWith(value)
  })
}

/** Without the letters whose other case is several letters. */
function lower(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => (letter === 'İ' ? letter : letter.toLowerCase()))
}

function isNumber(
  { op, values }: Extract<Condition, { kind: 'number' }>,
  own: string | number | boolean | undefined,
): boolean {
  if (typeof own !== 'number') return false
  return values.some((value) => {
    switch (op) {
      case '=':
        return own === value
      case '<':
        return own < value
      case '<=':
        return own <= value
      case '>':
        return own > value
      case '>=':
        return own >= value
    }
  })
}

function hasHappened(
  { what, of, link, range }: Extract<Condition, { kind: 'happening' }>,
  person: InventedPerson,
  now: number,
): boolean | null {
  const isThen = (at: number) => range === undefined || isWithin(range, dayOf(at), now)
  const isList = (list: string) => of === undefined || of === list
  const isSend = (send: string) =>
    of === undefined || sends.some(({ id, slug }) => id === send && (of === id || of === slug))
  switch (what) {
    case 'subscribed':
      return person.places.some(
        ({ list, status, at }) => status === 'active' && isList(list) && isThen(at),
      )
    case 'confirmed':
      return person.consents.some(
        ({ list, at }) => list !== '' && at !== null && isList(list) && isThen(at),
      )
    case 'received':
      return person.mails.some(
        ({ send, status, delivery, at }) =>
          ['sent', 'uncertain', 'in-hand'].includes(status) &&
          delivery !== 'bounced' &&
          delivery !== 'rejected' &&
          isSend(send) &&
          isThen(at),
      )
    case 'opened':
    case 'clicked':
      if (person.agreedAt === null) return null
      if (
        person.reports.some(
          ({ send, type, url, isMachine, at }) =>
            type === what &&
            !isMachine &&
            isSend(send) &&
            isThen(at) &&
            (link === undefined || lower(url ?? '').includes(lower(link))),
        )
      ) {
        return true
      }
      return knowsAll(person.agreedAt, { of, range }, now) ? false : null
  }
}

/** Whether they had agreed before the days began that are asked about, or before the campaign was sent. */
function knowsAll(
  agreedAt: number,
  { of, range }: { of: string | undefined; range: Range | undefined },
  now: number,
): boolean {
  if (of === undefined && (range === undefined || range.op === 'before' || range.op === 'until')) {
    return range === undefined || isWithin(range, dayOf(agreedAt), now)
  }
  const asked = sends.filter(({ id, slug }) => of === id || of === slug)
  const started = Math.min(now, ...asked.map(({ startedAt }) => startedAt))
  return (of !== undefined && agreedAt <= started) || hadAgreed(agreedAt, range, dayOf(now))
}

function hadAgreed(agreedAt: number, range: Range | undefined, today: string): boolean {
  if (range === undefined || range.op === 'before' || range.op === 'until') return false
  const before = dayOf(agreedAt - 1)
  if (range.op === 'within') return before < shifted(today, -range.count, range.unit)
  const day = momentDay(range.moment, today)
  return range.op === 'after' ? before <= day : before < day
}

function isWithin(range: Range, day: string, now: number): boolean {
  const today = dayOf(now)
  if (range.op === 'within') {
    return day >= shifted(today, -range.count, range.unit) && day <= today
  }
  const other = momentDay(range.moment, today)
  switch (range.op) {
    case 'before':
      return day < other
    case 'since':
      return day >= other
    case 'after':
      return day > other
    case 'until':
      return day <= other
    case 'on':
      return day === other
  }
}

function momentDay(moment: Moment, today: string): string {
  return 'day' in moment ? moment.day : shifted(today, moment.count, moment.unit)
}

function shifted(day: string, count: number, unit: Unit): string {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  if (unit === 'day' || unit === 'week') {
    return iso(Date.UTC(year, month - 1, date + count * (unit === 'week' ? 7 : 1)))
  }
  const months = unit === 'year' ? count * 12 : count
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return iso(Date.UTC(year, month - 1 + months, Math.min(date, last)))
}

function iso(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function dayOf(at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris' }).format(at)
}
