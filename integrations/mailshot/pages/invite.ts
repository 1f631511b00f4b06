import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { readerLanguage } from '../reader-language.ts'
import { findPerson, type Person } from '../subscriber.ts'
import { invitationsLeft, invite, invitingLists } from '../subscriber/invite.ts'
import { fill, type Texts, textsFor } from '../texts.ts'
import { verifyToken } from '../token.ts'
import { type AddressDoubt, choiceFields, doubtAddress } from './address-doubt.ts'
import { fieldsOf } from './form.ts'
import { pagePath, preferencesLink } from './link.ts'
import { gonePage, isSampleToken, lostPage, type Notice, noticeOf, testPage } from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { offeredLists, type OfferedList } from './sign-up.ts'
import { valuesOf } from './title.ts'
import { refuseTooMany } from './too-many.ts'

export type InviteView = Notice | InviteForm

export interface InviteForm {
  kind: 'invite'
  lists: OfferedList[]
  guests: Guest[]
  problems: InviteProblem[]
}

/** One of the addresses to fill in, with what is wrong with it. */
export interface Guest {
  email: string
  problem: string | undefined
  /** What was most likely meant, to be chosen; sent once more as it is, the address is taken. */
  suggestion: string | undefined
  /** Whether it was asked about, and so is taken the next time. */
  isAsked: boolean
}

export interface InviteProblem {
  field: 'lists' | `guest-${number}`
  text: string
}

interface Visit {
  person: Person
  texts: Texts
  token: string
}

/**
 * Where a reader names people who may like a letter too, by the link of their own pages. GET changes nothing. What is answered says
 * nothing of those who were named.
 */
export async function invitePage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<InviteView> | Response> {
  const { config } = mailshot
  if (isSampleToken(token)) return testPage(config, request)
  const verified = verifyToken(config.secrets, 'invite', token, mailshot.now())
  if ('refused' in verified) return lostPage(config, request)
  const person = await findPerson(mailshot, verified.ids[0] ?? 0)
  if (!person) return gonePage(config, request)
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  const words = texts.pages.invite
  const links = [preferencesLink(config, texts, person.id)]
  const query = new URL(request.url).searchParams
  if (query.has('done')) return { status: 200, texts, view: noticeOf(words.done, {}, { links }) }
  const open = person.suppressed ? [] : await invitingLists(mailshot, person)
  if (config.signUp.invitations === 0 || open.length === 0) {
    return { status: 403, texts, view: noticeOf(words.closed, {}, { links }) }
  }
  const most = await invitationsLeft(mailshot, person)
  if (most === 0) return { status: 429, texts, view: noticeOf(words.tooMany, {}, { links }) }
  if (request.method === 'POST') return post(mailshot, request, { person, texts, token })
  const lists = offeredLists(config, texts, { lists: open, chosen: open })
  const guests = Array.from({ length: most }, () => guestOf(''))
  return { status: 200, texts, view: { kind: 'invite', lists, guests, problems: [] } }
}

async function post(
  mailshot: Mailshot,
  request: Request,
  { person, texts, token }: Visit,
): Promise<Page<InviteView> | Response> {
  const { config } = mailshot
  const form = await readForm(request)
  if ('refused' in form) {
    return refusalPage(config, request, { status: form.refused, lang: texts.lang })
  }
  const chosen = fieldsOf(form, 'list')
  const most = await invitationsLeft(mailshot, person)
  const { guests, addresses } = await readGuests(config, texts, { form, most })
  const open = await invitingLists(mailshot, person)
  const lists = offeredLists(config, texts, { lists: open, chosen })
  const problems = problemsOf(texts, { lists, guests })
  if (problems.length === 0) {
    const tooMany = await refuseTooMany(mailshot, request, {
      emails: addresses.map(({ identity }) => identity),
      lang: texts.lang,
    })
    if (tooMany) return tooMany
    const { status } = await invite(mailshot, {
      inviter: person,
      guests: addresses,
      lists: chosen,
      lang: texts.lang,
      wording: guestWords(config, texts, { person, lists: open.filter(isAmong(chosen)) }),
    })
    const own = pagePath(config, `invite/${token}`)
    return redirectTo(own, status === 'invited' ? { done: '1' } : {})
  }
  return { status: 422, texts, view: { kind: 'invite', lists, guests, problems } }
}

/** What a guest reads who says yes, on the page behind the link; kept for all alike, so without the address. */
function guestWords(
  config: MailshotConfig,
  texts: Texts,
  { person, lists }: { person: Person; lists: string[] },
): string {
  const { ready, button } = texts.pages.confirm
  const values = valuesOf(config, texts, { ...person, written: '{email}', lists })
  const { heading, paragraphs } = noticeOf(ready, values)
  return [heading, ...paragraphs, button].join('\n')
}

const isAmong = (chosen: readonly string[]) => (list: string) => chosen.includes(list)

/** As many as were shown; those left empty are nobody. */
async function readGuests(
  config: MailshotConfig,
  texts: Texts,
  { form, most }: { form: FormData; most: number },
) {
  const answers = {
    asked: fieldsOf(form, choiceFields.about),
    chosen: fieldsOf(form, choiceFields.chosen),
  }
  const written = fieldsOf(form, 'email').slice(0, most)
  const guests = await Promise.all(
    written.map(async (text) => readGuest(config, texts, { email: text.trim(), ...answers })),
  )
  const addresses = guests.flatMap(({ email }) => parseEmailAddress(email) ?? [])
  const [first] = guests
  const isEmpty = guests.every(({ email }) => email === '')
  if (first && isEmpty) guests[0] = { ...first, problem: texts.pages.form.noEmail }
  return { guests, addresses }
}

async function readGuest(
  config: MailshotConfig,
  texts: Texts,
  { email: given, asked, chosen }: { email: string; asked: string[]; chosen: string[] },
): Promise<Guest> {
  const email = given.slice(0, 320)
  if (email === '') return guestOf('')
  if (!parseEmailAddress(email)) return guestOf(email, { text: texts.pages.form.wrongEmail })
  const doubt = await doubtAddress(config, texts, { email, isChosen: false })
  if (doubt?.suggestion === undefined) return guestOf(email, doubt)
  if (!asked.includes(email)) return { ...guestOf(email, doubt), isAsked: true }
  const isMeant = chosen.includes(doubt.suggestion)
  const taken = isMeant ? doubt.suggestion : email
  const rest = await doubtAddress(config, texts, { email: taken, isChosen: true })
  return { ...guestOf(taken, rest), isAsked: !isMeant }
}

function guestOf(email: string, doubt?: AddressDoubt): Guest {
  return { email, problem: doubt?.text, suggestion: doubt?.suggestion, isAsked: false }
}

function problemsOf(
  texts: Texts,
  { lists, guests }: { lists: OfferedList[]; guests: Guest[] },
): InviteProblem[] {
  const { form, invite: words } = texts.pages
  const noList = lists.every(({ isChosen }) => !isChosen)
  return [
    ...guests.flatMap(({ problem }, index) =>
      problem === undefined
        ? []
        : [
            {
              field: `guest-${index + 1}` as const,
              text: `${guestLabel(words, index)}${words.separator}${problem}`,
            },
          ],
    ),
    ...(noList ? [{ field: 'lists' as const, text: form.noList }] : []),
  ]
}

/** `Email address 2`. */
export function guestLabel({ guest }: { guest: string }, index: number): string {
  return fill(guest, { number: String(index + 1) })
}
