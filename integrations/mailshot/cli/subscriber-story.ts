import type { AuditLine } from '../audit.ts'
import { eventJson, type ShownEvent } from '../event/list.ts'
import type { SendToPerson, Story } from '../subscriber/story.ts'
import { isoTime } from './format.ts'

/** The story of a person for programs: promises, to which fields may be added. */
export function storyJson({ suppression, consents, sends, events, history }: Story) {
  return {
    suppression: suppression && {
      reason: suppression.reason,
      note: suppression.note,
      at: isoTime(suppression.at),
    },
    consents: consents.map(({ at, confirmedAt, endedAt, ...consent }) => ({
      ...consent,
      at: isoTime(at),
      confirmedAt: isoTime(confirmedAt),
      endedAt: isoTime(endedAt),
    })),
    sends: sends.map(({ recipientId: _id, at, ...send }) => ({ ...send, at: isoTime(at) })),
    events: events.map((event) => ({ id: event.id, ...eventJson(event) })),
    history: history.map(({ at, ...line }) => ({ ...line, at: isoTime(at) })),
  }
}

/** The same for people: a name and a line each. */
export function storyLines(
  { suppression, consents, sends, events, history }: Story,
  time: (ms: number | null) => string,
): [name: string, line: string][] {
  return [
    ...(suppression
      ? [
          named(
            'suppressed',
            `${suppression.reason} since ${time(suppression.at)}`,
            suppression.note,
          ),
        ]
      : []),
    ...consents.map((one) => {
      const since = [
        ...(one.confirmedAt === null ? [] : [`confirmed ${time(one.confirmedAt)}`]),
        ...(one.endedAt === null ? [] : [`ended ${time(one.endedAt)}`]),
      ]
      const by = [one.source, one.form].filter(Boolean).join(' ')
      return named(
        'consent',
        `${one.list || '(to be counted by name)'}: ${time(one.at)} by ${by}`,
        since.join(', '),
      )
    }),
    ...sends.map((one) => named('send', `${time(one.at)} ${one.campaign}: ${stateOf(one)}`)),
    ...events.map((one) =>
      named('event', `${time(one.at)} ${one.id}: ${kindOf(one)}`, one.reason ?? one.url),
    ),
    ...history.map((line) =>
      named('history', `${time(line.at)} ${line.action} by ${line.actor}`, detailOf(line)),
    ),
  ]
}

function named(name: string, line: string, more?: string | null): [string, string] {
  return [name, more ? `${line} (${more})` : line]
}

function stateOf({ status, reason, answer, delivery, deliveryClass }: SendToPerson): string {
  const reported = [delivery, deliveryClass].filter(Boolean).join(' ')
  const said = answer ?? reason
  return [status, reported && `then ${reported}`, said && `(${said})`].filter(Boolean).join(' ')
}

function kindOf({ type, class: lasting, status, campaign, matched }: ShownEvent): string {
  const about = matched ? campaign && `of ${campaign}` : 'of no mail that is known'
  return [type, lasting, status, about].filter(Boolean).join(' ')
}

/** What is told of a change: why, of which lists, and by which events. */
function detailOf({ detail }: AuditLine): string {
  const { reason, note, was, as, lists, events } = detail
  return [
    as !== undefined && `as ${wordsOf(as)}`,
    was !== undefined && `it was ${wordsOf(was)}`,
    lists !== undefined && `lists: ${wordsOf(lists)}`,
    reason !== undefined && reason !== null && wordsOf(reason),
    note !== undefined && note !== null && note !== reason && wordsOf(note),
    Array.isArray(events) && `by ${events.length === 1 ? 'event' : 'events'} ${wordsOf(events)}`,
  ]
    .filter(Boolean)
    .join('; ')
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
