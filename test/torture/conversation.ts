import type { Socket } from 'node:net'
import type { CutStep, MailStep } from './orders.ts'

export interface Mail {
  to: string
  messageId: string
  /** What its client called itself at EHLO. */
  worker: string
}

/** What decides over a conversation, and hears of it. */
export interface Desk {
  /** Whether the client may send the next command before the answer to the last. */
  pipelining: boolean
  /** Whether a cut loses what is still under way (RST), rather than end behind it (FIN). */
  resets: boolean
  /** Whether the connection is to be broken off at this step. */
  isCut(step: CutStep): boolean
  /** Called once the client has said its name. */
  meet(worker: string): void
  /** Called with each mail that the server takes on, before it says so. */
  accept(mail: Mail): void
  reach(step: MailStep, mail: Pick<Mail, 'to' | 'worker'>): void
  beforeAnswer(): Promise<unknown>
}

/** Speaks SMTP with one client (RFC 5321, pipelining by RFC 2920) until either side breaks off. */
export async function converse(socket: Socket, desk: Desk): Promise<void> {
  // A client that dies is what this server is for.
  socket.on('error', () => undefined)
  const input = openInput(socket)
  const cut = (step: CutStep) => {
    const isCut = desk.isCut(step)
    if (isCut && desk.resets) socket.resetAndDestroy()
    else if (isCut) socket.destroySoon()
    return isCut
  }
  const say = (line: string) => socket.write(`${line}\r\n`)
  if (cut('connect')) return
  say('220 torture.example ESMTP')
  if (cut('greeting')) return
  const mail: Mail = { to: '', messageId: '', worker: '' }
  for (let line = await input.until('\r\n'); line !== undefined; line = await input.until('\r\n')) {
    const step = stepOf(line)
    if (step !== 'other' && cut(step)) return
    switch (step) {
      case 'ehlo':
        mail.worker = line.slice(5).trim()
        desk.meet(mail.worker)
        say(`250-torture.example${desk.pipelining ? '\r\n250-PIPELINING' : ''}`)
        say('250-8BITMIME\r\n250 SIZE 50000000')
        break
      case 'rcpt':
        mail.to = (/<(.*)>/.exec(line)?.[1] ?? '').toLowerCase()
        desk.reach('rcpt', mail)
        say('250 2.1.5 Ok')
        break
      case 'data':
        say('354 End data with <CR><LF>.<CR><LF>')
        if (!(await takeBody({ input, mail, desk, cut, say }))) return
        break
      case 'mail':
      case 'other':
        say(/^QUIT/i.test(line) ? '221 2.0.0 Bye' : '250 2.0.0 Ok')
        if (/^QUIT/i.test(line)) return void socket.end()
    }
  }
}

interface Body {
  input: Input
  mail: Mail
  desk: Desk
  cut: (step: CutStep) => boolean
  say: (line: string) => void
}

/** Answers whether the conversation goes on. */
async function takeBody({ input, mail, desk, cut, say }: Body): Promise<boolean> {
  if (!(await input.some())) return false
  desk.reach('body', mail)
  if (cut('body')) return false
  const body = await input.until('\r\n.\r\n')
  if (body === undefined || cut('dot')) return false
  mail.messageId = messageIdOf(body)
  desk.accept(mail)
  desk.reach('accepted', mail)
  if (cut('accepted')) return false
  await desk.beforeAnswer()
  say('250 2.0.0 Ok: queued')
  desk.reach('answered', mail)
  return !cut('answer')
}

/** A mail that does not begin with its header is booked by what it does begin with, which is nobody's. */
function messageIdOf(body: string): string {
  const [first = ''] = body.split('\r\n', 1)
  if (!/^[\w-]+: /.test(first)) return `no header: ${first.slice(0, 50)}`
  const [header = ''] = body.split('\r\n\r\n', 1)
  return /^Message-ID:\s*(<[^>]*>)/im.exec(header)?.[1] ?? 'no Message-ID'
}

const verbs: Record<string, 'ehlo' | 'mail' | 'rcpt' | 'data'> = {
  EHLO: 'ehlo',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
}

function stepOf(line: string) {
  return verbs[line.slice(0, 4).toUpperCase()] ?? 'other'
}

interface Input {
  /** What comes before the mark, which is dropped; `undefined` once the client is gone. */
  until(mark: string): Promise<string | undefined>
  /** Whether anything comes, without taking it. */
  some(): Promise<boolean>
}

function openInput(socket: Socket): Input {
  let buffered = ''
  socket.setEncoding('latin1')
  const chunks: AsyncIterator<string> = socket[Symbol.asyncIterator]()
  const more = async (): Promise<boolean> => {
    try {
      const { done, value } = await chunks.next()
      if (!done) buffered += value
      return !done
    } catch {
      return false
    }
  }
  return {
    until: async (mark) => {
      let end = buffered.indexOf(mark)
      while (end < 0) {
        if (!(await more())) return undefined
        end = buffered.indexOf(mark)
      }
      const text = buffered.slice(0, end)
      buffered = buffered.slice(end + mark.length)
      return text
    },
    some: async () => buffered !== '' || more(),
  }
}
