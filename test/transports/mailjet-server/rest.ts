import { isRecord } from './check.ts'
import type { Reply, SentByMailjet } from '../mailjet-server.ts'

type Row = Record<string, unknown> & { ID: number }

/** What the account has beside its messages. */
export interface MailjetAccount {
  senders: (Row & { Email: string; Status: 'Active' | 'Inactive' })[]
  hooks: (Row & {
    EventType: string
    Url: string
    Status: string
    Version: number
    IsBackup: boolean
  })[]
  /** By domain. */
  dns: Record<string, Row & { DKIMStatus: string; SPFStatus: string }>
  /** What all calls but those of the Send API are answered. */
  refuseAll?: Reply
}

interface Call {
  method: string
  path: string[]
  query: URLSearchParams
  body: unknown
}

/** The REST API, as far as it is used: what it does not know it refuses, as Mailjet does. */
export function answerRest(
  account: MailjetAccount,
  sent: readonly SentByMailjet[],
  call: Call,
): Reply {
  if (account.refuseAll) return account.refuseAll
  const [resource = '', id, action] = call.path
  const verb = `${call.method} ${resource}${action ? ` ${action}` : ''}`
  switch (verb) {
    case 'GET message':
      return listMessages(sent, call.query)
    case 'GET sender':
      return rows(account.senders)
    case 'POST sender':
      return addSender(account, call.body)
    case 'POST sender validate':
      return validate(account, Number(id))
    case 'GET dns':
      return dnsOf(account, id)
    case 'POST dns check':
      return checkDns(account, id)
    case 'GET eventcallbackurl':
      return rows(account.hooks)
    case 'POST eventcallbackurl':
      return addHook(account, call.body)
    case 'PUT eventcallbackurl':
      return changeHook(account, Number(id), call.body)
    case 'DELETE eventcallbackurl':
      return dropHook(account, Number(id))
    default:
      return refusal(404, `The resource ${resource} does not exist`)
  }
}

function listMessages(sent: readonly SentByMailjet[], query: URLSearchParams): Reply {
  const known = ['CustomID', 'ShowCustomID', 'Limit', 'FromTS']
  const unknown = [...query.keys()].find((name) => !known.includes(name))
  if (unknown) return refusal(400, `Invalid query parameter ${unknown}`)
  const found = sent.filter(({ message }) => message['CustomID'] === query.get('CustomID'))
  const isShown = query.get('ShowCustomID') === 'true'
  return rows(
    found.map(({ message, id, uuid }) => ({
      ArrivedAt: '2026-11-22T09:00:00Z',
      ...(isShown && { CustomID: message['CustomID'] }),
      ID: id,
      Status: 'sent',
      UUID: uuid,
    })),
  )
}

function addSender(account: MailjetAccount, body: unknown): Reply {
  const email = isRecord(body) ? body['Email'] : undefined
  if (typeof email !== 'string') return refusal(400, 'Object properties invalid: Email')
  if (account.senders.some(({ Email }) => Email === email)) {
    return refusal(
      400,
      `There is an already existing inactive sender with the same email: "${email}".`,
    )
  }
  const row = {
    ID: 100 + account.senders.length,
    Email: email,
    Status: 'Inactive' as const,
    Name: '',
  }
  account.senders.push(row)
  return rows([row], 201)
}

/** An address has a mail with a link; a domain is looked for in DNS, where these have nothing. */
function validate(account: MailjetAccount, id: number): Reply {
  const sender = account.senders.find(({ ID }) => ID === id)
  if (!sender) return refusal(404, 'Object not found')
  if (sender.Status === 'Active') return refusal(400, 'The sender is already active!')
  const error =
    'Neither the file at your domain root nor the DNS TXT record have been found to validate this sender.'
  const isDomain = sender.Email.startsWith('*@')
  return rows([
    isDomain
      ? {
          ValidationMethod: '',
          Errors: { DNSValidationError: 'no TXT record' },
          GlobalError: error,
        }
      : { ValidationMethod: 'ActivationEmail', Errors: {}, GlobalError: '' },
  ])
}

function dnsOf({ dns }: MailjetAccount, domain = ''): Reply {
  const row = dns[domain]
  return row ? rows([row]) : refusal(404, 'Object not found')
}

function checkDns({ dns }: MailjetAccount, id = ''): Reply {
  const row = Object.values(dns).find(({ ID }) => String(ID) === id)
  if (!row) return refusal(404, 'Object not found')
  const { DKIMStatus, SPFStatus } = row
  return rows([{ DKIMErrors: [], DKIMStatus, SPFErrors: [], SPFStatus }])
}

const kinds = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub']

function addHook({ hooks }: MailjetAccount, body: unknown): Reply {
  if (!isRecord(body)) return refusal(400, 'Invalid JSON')
  const { EventType, Url, Version = 1, Status = 'alive', IsBackup = false } = body
  if (typeof EventType !== 'string' || !kinds.includes(EventType))
    return refusal(400, 'EventType is invalid')
  if (typeof Url !== 'string' || Version !== 2 || typeof IsBackup !== 'boolean') {
    return refusal(400, 'Object properties invalid')
  }
  if (hooks.some((hook) => hook.EventType === EventType && hook.IsBackup === IsBackup)) {
    return refusal(400, `MJ18 A Callback URL already exists for event type ${EventType}`)
  }
  const row = {
    ID: Math.max(500, ...hooks.map(({ ID }) => ID)) + 1,
    EventType,
    Url,
    Version,
    Status: String(Status),
    IsBackup,
  }
  hooks.push(row)
  return rows([row], 201)
}

function changeHook({ hooks }: MailjetAccount, id: number, body: unknown): Reply {
  const hook = hooks.find(({ ID }) => ID === id)
  if (!hook) return refusal(404, 'Object not found')
  Object.assign(hook, body)
  return rows([hook])
}

function dropHook({ hooks }: MailjetAccount, id: number): Reply {
  const at = hooks.findIndex(({ ID }) => ID === id)
  if (at < 0) return refusal(404, 'Object not found')
  hooks.splice(at, 1)
  return { status: 204 }
}

function rows(Data: readonly unknown[], status = 200): Reply {
  return { status, body: { Count: Data.length, Data, Total: Data.length } }
}

function refusal(StatusCode: number, ErrorMessage: string): Reply {
  return { status: StatusCode, body: { ErrorInfo: '', ErrorMessage, StatusCode } }
}
