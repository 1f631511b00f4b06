import * as fc from 'fast-check'
import { deliveryStates, suppressionReasons } from '../../db/status.ts'

const odd = fc.string({ unit: 'binary', maxLength: 9 })
const start = fc.constantFrom(
  '',
  '=',
  '+',
  '-1',
  '@',
  "'",
  "'=",
  '"',
  ';',
  ' ',
  '\t=',
  '\r\n',
  '￥',
)
/** What others may have said: line ends, quotes, formulas, nothing. */
const text = fc.tuple(start, odd, start).map((parts) => parts.join('').replaceAll('\0', ''))
/** What is stored of people's own words: one tidy line. */
const line = text.map((one) =>
  one
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim(),
)
const time = fc.integer({ min: 1, max: Date.UTC(2026, 0, 1) })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const json = (value: unknown) => JSON.stringify(value)
const lists = fc.uniqueArray(fc.constantFrom('weekly', 'product', 'old'), { minLength: 1 })

const person = fc
  .record({
    local: fc.stringMatching(/^[a-zA-Z=+'-]{1,9}$/),
    name: line,
    lang: maybe(fc.constantFrom('fr', 'pt-BR', 'zh-Hant')),
    time_zone: maybe(fc.constantFrom('Europe/Paris', 'America/Argentina/Buenos_Aires')),
    attributes: fc.record(
      {
        city: line.filter((one) => one !== ''),
        plan: fc.constantFrom('free', 'pro'),
        age: fc.oneof(fc.integer(), fc.constant(-1.5)),
        pro: fc.boolean(),
        agreed: fc.boolean(),
        born: fc.constantFrom('1999-12-31', '2024-02-29'),
      },
      { requiredKeys: [] },
    ),
    tracking_agreed_at: maybe(time),
    paused_until: maybe(time),
    created_at: time,
    isGone: fc.boolean(),
    suppression: maybe(
      fc.record({ reason: fc.constantFrom(...suppressionReasons), note: maybe(line), at: time }),
    ),
    places: fc.uniqueArray(
      fc.tuple(fc.constantFrom('weekly', 'product', 'old'), fc.nat(2), time, time, line),
      { selector: ([list]) => list },
    ),
    consents: fc.uniqueArray(
      fc.record({
        list_id: fc.constantFrom('', 'weekly', 'old'),
        at: time,
        source: fc.constantFrom('form', 'import', 'api', 'command', 're-consent'),
        form: text.filter((one) => one !== ''),
        words: maybe(text),
        lang: maybe(fc.constantFrom('fr', 'de')),
        ip: maybe(fc.ipV6()),
        user_agent: maybe(text),
        said: maybe(fc.json()),
        confirmed_at: maybe(time),
        confirmed_ip: maybe(fc.ipV4()),
        confirmed_user_agent: maybe(text),
        ended_at: maybe(time),
      }),
      { selector: ({ list_id, at, source }) => `${list_id} ${at} ${source}`, maxLength: 3 },
    ),
    formerIds: fc.uniqueArray(fc.tuple(fc.constantFrom('spip', 'x'), fc.uuid()), { maxLength: 2 }),
  })
  .map((one) => ({ ...one, email: `${one.local.toLowerCase()}@example.org` }))

const recipient = fc.record({
  lists: lists.map(json),
  lang: maybe(fc.constantFrom('fr', 'en')),
  active_lists: maybe(lists.map(json)),
  status: fc.constantFrom('sent', 'failed', 'skipped', 'cancelled', 'uncertain'),
  reason: maybe(text),
  enhanced: maybe(fc.constantFrom('5.1.1', '')),
  tries: fc.nat(9),
  resend: fc.nat(3),
  due_at: maybe(time),
  route: maybe(fc.constant('smtp')),
  transport: maybe(fc.constantFrom('smtp', 'mailjet')),
  in_hand_at: maybe(time),
  settled_at: maybe(time),
  message_id: maybe(text),
  provider_id: maybe(text),
  answer: maybe(text),
  delivery: maybe(fc.constantFrom(...deliveryStates)),
  delivery_class: maybe(fc.constantFrom('hard', 'soft')),
  settled_by: maybe(fc.constant('event')),
  redirected: maybe(fc.nat(1)),
})

const event = fc.record({
  transport: fc.constant('smtp'),
  type: fc.constantFrom(
    'delivered',
    'deferred',
    'bounced',
    'rejected',
    'complained',
    'unsubscribed',
    'opened',
    'clicked',
    'unknown',
  ),
  word: text,
  at: time,
  received_at: time,
  class: maybe(fc.constantFrom('hard', 'soft')),
  about: maybe(fc.constantFrom('address', 'mailbox', 'other')),
  status: maybe(fc.constantFrom('5.1.1', '')),
  reason: maybe(text),
  url: maybe(text),
  message_id: maybe(text),
  provider_event_id: maybe(text),
  is_machine: fc.nat(1),
  raw: fc.oneof(fc.json(), text),
  resend: maybe(fc.nat(2)),
  matched_by: maybe(fc.constantFrom('token', 'address')),
  whose: fc.nat(),
  isOfNobody: fc.boolean(),
})

const send = fc.record({
  slug: fc.stringMatching(/^[a-z]{3}$/),
  content_hash: fc.uuid(),
  compiled: fc.dictionary(text, text, { maxKeys: 3 }),
  lists: lists.map(json),
  segment: maybe(text),
  exclude: lists.map(json),
  audience: fc.constantFrom('first', 'again', 'all'),
  only_to: maybe(fc.constant('zoe@example.org')),
  status: fc.constantFrom('done', 'cancelled'),
  reason: maybe(text),
  git_commit: maybe(fc.constant('abc')),
  created_at: time,
  scheduled_at: time,
  local_time: maybe(fc.constant('2026-12-01T09:00')),
  until: maybe(time),
  started_at: maybe(time),
  frozen_at: maybe(time),
  finished_at: maybe(time),
  trashed_at: maybe(time),
  recipients: fc.array(recipient, { maxLength: 4 }),
  events: fc.array(event, { maxLength: 5 }),
  counts: fc.uniqueArray(fc.tuple(fc.constantFrom('delivery', 'click'), text, fc.nat()), {
    selector: ([kind, key]) => `${kind} ${key}`,
  }),
})

export type Instance = typeof instance extends fc.Arbitrary<infer Given> ? Given : never

/** Everything that an instance may hold of people and of what was sent to them, with what is odd in it. */
export const instance = fc.record({
  people: fc.uniqueArray(person, { selector: ({ email }) => email, maxLength: 6 }),
  sends: fc.array(send, { maxLength: 3 }),
  images: fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 2 }),
  erased: fc.uniqueArray(fc.emailAddress(), { maxLength: 2 }),
})
