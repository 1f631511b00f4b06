/** An address with the name shown beside it. Both are decoded text; encoding is the transport's work. */
export interface Mailbox {
  name: string
  address: string
}

/** Octets that are somewhere, and can be written where they are wanted. */
export interface Octets {
  readonly length: number
  /** Writes all of them, from `at` on; answers where they end. */
  write(into: Buffer, at: number): number
}

/**
 * What a transport is given for one recipient. Its parts serve HTTP APIs, `mime()` serves SMTP; both come from the
 * same composition.
 */
export interface Message {
  /** Ours, the same on every try: `<send>.<recipient>` for a campaign, `letter.<id>` for a letter. */
  readonly id: string
  /** RFC 5321 envelope: where bounces return to, and the one address it goes to. */
  readonly envelope: { readonly from: string; readonly to: string }
  readonly from: Mailbox
  readonly to: Mailbox
  readonly replyTo: Mailbox | undefined
  readonly subject: string
  readonly html: string
  readonly text: string
  /**
   * What `html` and `text` are joined of: what a campaign says to all readers is the same string in each of its messages, so that
   * its encoding can be kept. A text without a second reader has none.
   */
  parts?(): { readonly html: readonly string[]; readonly text: readonly string[] }
  /** With its angle brackets; the same on every try, so that a receiver can drop a double. */
  readonly messageId: string
  /**
   * How often the operator has had it mailed once more: a provider that drops repetitions must not take these for one. None
   * for letters.
   */
  readonly resend?: number
  /** All further headers (List-Unsubscribe, List-Id, Precedence, …), unfolded and decoded. */
  readonly headers: Readonly<Record<string, string>>
  /** The slug, for providers that group by a tag. Absent for letters. */
  readonly campaign: string | undefined
  readonly track: { readonly opens: boolean; readonly clicks: boolean }
  /**
   * The whole message (RFC 5322) as a binary string: one character is one octet, so write it as `latin1`. ASCII, but for
   * SMTPUTF8 addresses. Every line ends with CRLF, has at most 998 octets and does not begin with a dot: there is
   * nothing to stuff. The same string on every call.
   */
  mime(): string
  /** What `mime()` says, for who writes it to a connection: as a string, the whole mail would be copied twice more. */
  octets?(): Octets
}

/** What a transport answered at hand-over, one for each message. A reason never holds a credential. */
export type Outcome =
  | { status: 'accepted'; providerId: string; answer?: string }
  | {
      status: 'deferred'
      /** Whose fault it is: only `recipient` and `domain` cost the recipient one of its tries. */
      scope: 'recipient' | 'domain' | 'relay'
      reason: string
      /** Seconds that the other side asked to wait. */
      retryAfter?: number
      /**
       * Of scope `relay`: where the hand-over stopped. `mail`: the other side was there, had logged us in and taken the sender, and
       * failed at this mail's recipient or content, so that the mail may be what it always fails at. `connection`: before anything
       * was said of this mail. Absent where the transport cannot tell.
       */
      step?: 'connection' | 'mail'
    }
  | { status: 'rejected'; class: 'hard' | 'soft'; enhanced?: string; reason: string }
  /** Credentials, sender or account refused: the send pauses. */
  | { status: 'blocked'; reason: string }
  /** The link broke after hand-over: never retried unasked. */
  | { status: 'uncertain'; reason: string }

export const eventTypes = [
  'delivered',
  'deferred',
  'bounced',
  'rejected',
  'complained',
  'unsubscribed',
  'opened',
  'clicked',
  'unknown',
] as const
export type EventType = (typeof eventTypes)[number]

/** A fact reported after hand-over, normalised; what the reporter said stays in `raw`. */
export interface DeliveryEvent {
  type: EventType
  /** Milliseconds since 1970, by the reporter's clock. */
  at: number
  /** The provider's own word for it: `bounce`, `hard_bounce`, … */
  word: string
  /** The address it is about, as reported. */
  recipient?: string
  /** Of `bounced` and `rejected` only. */
  class?: 'hard' | 'soft'
  /**
   * What the refusal is about. `address`: no such user or domain. `mailbox`: that mailbox otherwise (full, disabled, unspecified).
   * `other`: policy, authentication, content, quota, account, network; such a refusal never counts against the address.
   */
  about?: 'address' | 'mailbox' | 'other'
  /** The enhanced status code (RFC 3463). */
  status?: string
  /** For people, at most 1000 characters. */
  reason?: string
  /** Of `clicked`: where to. */
  url?: string
  /** The message's id as the reporter names it: the provider's as an exact string; of mail the Message-ID with its brackets. */
  messageId?: string
  /** `Message.id`, of a campaign with `.` and `Message.resend`, of a letter with its time, where the provider gives it back. */
  ourId?: string
  /** The token of the envelope sender that a bounce came back to. */
  token?: string
  /** Unique for each event at that provider; without it an event is known by what it says. */
  providerEventId?: string
  /** The reporter says that no person did it: a prefetch, a proxy. */
  isMachine?: boolean
  ip?: string
  userAgent?: string
  /** The report as it came; JSON can hold it. */
  raw: unknown
}

/**
 * What a request to a webhook said. `batchId` names the delivery, the same when it is made again. A reason is for the log
 * alone and quotes no secret.
 */
export type WebhookReading =
  { events: DeliveryEvent[]; batchId?: string } | { refused: 400 | 401; reason: string }

/** A webhook as a provider has it registered. */
export interface RegisteredWebhook {
  url: string
  /** Whether its address is this site's, so that it may be changed. */
  isOurs: boolean
  detail: string
}

/** What a transport knows of how receivers judge its mails, for `mailshot doctor`. */
export interface SenderFacts {
  /** The mail server that it connects to; absent where a provider's API sends. */
  host?: string
  /** The signature that it makes itself; the public half of its key as PEM, where the private one is known. */
  dkim?: { domain: string; selector: string; publicKey?: string }
  /** Where the provider signs as the sender's domain: under one of these names, as far as they are known. */
  selectors?: readonly string[]
  /** What the provider asks senders to include in their SPF record. */
  spfInclude?: string
  /** Bounces return to the provider's own domain, so that SPF is its affair. */
  hasOwnBounces?: boolean
}

/** The way out. A factory (`smtp({…})`) returns one; it opens no connection before the first call. */
export interface Transport {
  readonly name: string
  /** Whether it counts opens and clicks itself, where a message asks for it; else the message comes with addresses of ours. */
  readonly tracks?: true
  /** Most messages in one call: SMTP 1, Mailjet 50. */
  readonly batch: number
  /** Calls at once. */
  readonly parallel: number
  /**
   * Hands the messages over and answers one outcome a message, by position. It does not throw for anything that the
   * other side or the network does. When `signal` aborts, messages not yet handed over come back as `deferred` with
   * scope `relay`; those in flight are finished first.
   */
  send(messages: readonly Message[], signal: AbortSignal): Promise<Outcome[]>
  /** Asks the provider what became of messages whose answer was lost. */
  lookUp?(messages: readonly Message[]): Promise<Outcome[]>
  /**
   * Reads what the provider reports. First it checks that the request is the provider's, by its signature, or by `hasSecret`: the
   * address carried this transport's secret. `request.url` is the public address, whatever a proxy made of it. Kinds it does not
   * know are kept as `unknown`.
   */
  readEvents?(request: Request, proof: { hasSecret: boolean }): Promise<WebhookReading>
  /** The provider's side of webhooks. Only what is this site's is ever changed. */
  webhooks?: {
    /** Answers what is left to do by hand, a line each: Mandrill's key for signatures, which no transport can keep. */
    install(url: string): Promise<readonly string[] | void>
    list(): Promise<RegisteredWebhook[]>
    remove(url: string): Promise<void>
  }
  /** Absent of what mails nobody: files, a test's memory. */
  readonly sends?: SenderFacts
  /** Registers the sender's address or domain, where the provider offers it; answers what is left to do, a line each. */
  registerSender?(address: string): Promise<string[]>
  /**
   * Checks credentials, and the sender's address where one is given, for `mailshot doctor`. Throws a `MailshotError` with cause
   * and cure.
   */
  verify?(from?: string): Promise<void>
  /**
   * Ends at once; a later call opens anew. What is on its way comes back `deferred` with scope `relay` where nothing of the
   * body has left, else `uncertain`: waiting for it is the caller's decision.
   */
  close?(): Promise<void>
}
