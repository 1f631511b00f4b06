import { describe, expect, it } from 'vitest'
import { isDisposable } from '../../integrations/mailshot/abuse/disposable.ts'
import { takesMail } from '../../integrations/mailshot/abuse/mail-exchange.ts'
import { mailServices } from '../../integrations/mailshot/abuse/mail-domains.ts'
import { meantAddress } from '../../integrations/mailshot/abuse/mistyped.ts'
import { openDns } from '../../integrations/mailshot/deliverability/dns.ts'
import { startDnsServer } from '../dns-server.ts'

describe('meantAddress', () => {
  it('finds the mail service behind a slip in its name, and keeps the rest as it was written', async () => {
    const slips = {
      'gmial.com': 'gmail.com',
      'gmal.com': 'gmail.com',
      'gmail.con': 'gmail.com',
      'gmail.co': 'gmail.com',
      'gmail.fr': 'gmail.com',
      'hotmial.fr': 'hotmail.fr',
      'hotnail.com': 'hotmail.com',
      'outlok.com': 'outlook.com',
      'wandoo.fr': 'wanadoo.fr',
      'laposte.met': 'laposte.net',
      'yaho.fr': 'yahoo.fr',
      'orage.fr': 'orange.fr',
      't-onlin.de': 't-online.de',
      // A Cyrillic letter.
      'gm\u0430il.com': 'gmail.com',
    }
    const meant = await Promise.all(
      Object.keys(slips).map((slip) => meantAddress(` Zoe.B+news@${slip}`)),
    )
    expect(meant).toEqual(Object.values(slips).map((domain) => `Zoe.B+news@${domain}`))
  })

  it('has no doubt of a mail service that it knows, nor of its other countries', async () => {
    expect(await doubted(mailServices)).toEqual([])
    const elsewhere =
      'outlook.ie outlook.com.au hotmail.co.jp hotmail.dk yahoo.se live.dk wanadoo.es'
    expect(await doubted(elsewhere.split(' '))).toEqual([])
    expect(await meantAddress('zoe@')).toBeUndefined()
  })

  it('suggests nothing for throw-away mail, and no name of an example', async () => {
    expect(await doubted(['yopmal.com', 'mailinato.com', 'exampl.com', 'tests.com'])).toEqual([])
  })

  it('leaves names alone that are other ones', async () => {
    const others = 'example.org toulouse.fr lemonde.fr ibm.com sun.com mit.edu univ-tlse3.fr gov.uk'
    const domains = [...others.split(' '), 'mail.example.org', 'gmail.example.org', 'free-news.fr']
    expect(await doubted(domains)).toEqual([])
  })

  async function doubted(domains: readonly string[]): Promise<(string | undefined)[]> {
    const meant = await Promise.all(domains.map((domain) => meantAddress(`zoe@${domain}`)))
    return meant.filter(Boolean)
  }
})

describe('isDisposable', () => {
  it('knows services for throw-away mail, and what lies below their domains', async () => {
    expect(await isDisposable('mailinator.com')).toBe(true)
    expect(await isDisposable('a.b.mailinator.com')).toBe(true)
  })

  it('has nothing against mail services and aliases that last', async () => {
    const aliases = ['duck.com', 'simplelogin.com', 'com']
    const domains = [...mailServices, ...aliases]
    const found = await Promise.all(domains.map(isDisposable))
    expect(domains.filter((_, index) => found[index]).join(' ')).toBe(
      'yourdomain.com 21cn.com mail-tester.com sify.com 10minutemail.com temp-mail.org mailinator.com bugmenot.com ' +
        'guerrillamail.com pe.hu yopmail.com cu.cc privacy.net chacuo.net emailondeck.com',
    )
  })
})

describe('takesMail', () => {
  it('says no only of a domain that has no server, or says so itself', async () => {
    const server = await startDnsServer({
      'MX good.example': ['10 mail.good.example'],
      'A bare.example': ['192.0.2.1'],
      'MX null.example': ['0 '],
      'TXT silent.example': ['v=spf1 -all'],
    })
    const ask = (domain: string) => takesMail(domain, openDns(server))
    expect(await ask('good.example')).toBe(true)
    expect(await ask('bare.example')).toBe(true)
    expect(await ask('null.example')).toBe(false)
    expect(await ask('silent.example')).toBe(false)
    expect(await ask('nowhere.example')).toBe(false)
  })

  it('says yes where no name server answers', async () => {
    const dead = openDns('127.0.0.1:9', { timeoutMs: 100, tries: 1 })
    expect(await takesMail('good.example', dead)).toBe(true)
  })
})
