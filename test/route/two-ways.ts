import { sql } from 'drizzle-orm/sql'
import { compileCampaign, type CompiledCampaign } from '../../integrations/mailshot/compile.ts'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { type Send, startSend, type StartOptions } from '../../integrations/mailshot/send.ts'
import type { Message, Outcome } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { sendingCampaigns } from '../start-fixture.ts'

type Ways = NonNullable<MailshotConfigInput['transports']>
type Own = Omit<Extract<Ways[string], { use: unknown }>, 'use'>

/** What one relay was given, and when. */
export interface Relay {
  /** All that it was given. */
  readonly given: { at: number; to: string; campaign: string | undefined }[]
  /** The addresses of what it took. */
  taken(): string[]
  /** The most that it had in hand at once. */
  mostInHand(): number
  /** What it answers to campaigns from now on, where it does not accept. */
  answer(script: (message: Message) => Outcome | undefined): void
  /** The same to letters. */
  answerLetters(script: (message: Message) => Outcome | undefined): void
}

/** A Mailshot with two transports in virtual time, `main` (the default) and `bulk`, which record what they are given. */
export async function openTwoWays(
  given: Partial<MailshotConfigInput> & { main?: Own; bulk?: Own } = {},
): Promise<{ mailshot: TestMailshot; main: Relay; bulk: Relay }> {
  const { main: ofMain, bulk: ofBulk, ...config } = given
  const [main, bulk] = [memory({ parallel: 4 }), memory({ parallel: 4 })]
  const mailshot = await openTestMailshot({
    transport: undefined,
    transports: { main: { use: main, ...ofMain }, bulk: { use: bulk, ...ofBulk } },
    ...config,
  })
  return { mailshot, main: watch(mailshot, main), bulk: watch(mailshot, bulk) }
}

function watch(mailshot: TestMailshot, transport: ReturnType<typeof memory>): Relay {
  const given: Relay['given'] = []
  let script: (message: Message) => Outcome | undefined = () => undefined
  let letterScript = script
  let [inHand, most] = [0, 0]
  transport.failWhen(async (message) => {
    const isLetter = message.campaign === undefined
    if (!isLetter) inHand += 1
    most = Math.max(most, inHand)
    await mailshot.sleep(10)
    given.push({ at: mailshot.now(), to: message.envelope.to, campaign: message.campaign })
    await mailshot.sleep(10)
    if (isLetter) return letterScript(message)
    inHand -= 1
    return script(message)
  })
  return {
    given,
    taken: () => transport.messages.filter(isCampaign).map(({ envelope }) => envelope.to),
    mostInHand: () => most,
    answer: (next) => (script = next),
    answerLetters: (next) => (letterScript = next),
  }
}

function isCampaign({ campaign }: Message): boolean {
  return campaign !== undefined
}

/** Starts the fixture campaign under a name of its own, as if its front matter said so. */
export async function startAs(
  mailshot: Mailshot,
  slug: string,
  said: Partial<Pick<CompiledCampaign, 'transport' | 'from'>> & Pick<StartOptions, 'lists'> = {},
): Promise<Send> {
  const { lists, ...campaign } = said
  const config = { ...mailshot.config, campaigns: sendingCampaigns }
  const { compiled } = await compileCampaign(config, await readCampaign(config, 'hello'))
  const hash = `${compiled.hash}-${slug}`
  const start = { ...compiled, ...campaign, slug, hash }
  return (await startSend(mailshot, start, [], { actor: 'test', lists })).send
}

/** By which transport each got it, as the database has it. */
export async function carriers(
  mailshot: Mailshot,
  sendId: string,
): Promise<Record<string, number>> {
  const rows = await mailshot.db.all<{ way: string; count: number }>(
    sql`SELECT status || ' by ' || coalesce(transport, 'nobody') AS way, count(*) AS count
        FROM recipients WHERE send_id = ${sendId} GROUP BY 1`,
  )
  return Object.fromEntries(rows.map(({ way, count }) => [way, count]))
}

export const relayDown: Outcome = {
  status: 'deferred',
  scope: 'relay',
  reason: 'connection refused',
}
