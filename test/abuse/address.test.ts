import { describe, expect, it } from 'vitest'
import { isDisposable } from '../../integrations/mailshot/abuse/disposable.ts'
import { takesMail } from '../../integrations/mailshot/abuse/mail-exchange.ts'
import { mailDomains } from '../../integrations/mailshot/abuse/mail-domains.ts'
import { meantAddress } from '../../integrations/mailshot/abuse/mistyped.ts'
import { openDns } from '../../integrations/mailshot/deliverability/dns.ts'
import { startDnsServer } from '../dns-server.ts'

describe('meantAddress', () => {
  it('finds the mail service behind a slip in its name, and keeps the rest as it was written', () => {
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
    expect(Object.keys(slips).map((slip) => meantAddress(` Zoe.B+news@${slip}`))).toEqual(
      Object.values(slips).map((meant) => `Zoe.B+news@${meant}`),
    )
  })

  it('has no doubt of a mail service that it knows', () => {
    expect(mailDomains.filter((domain) => meantAddress(`zoe@${domain}`))).toEqual([])
    expect(meantAddress('zoe@')).toBeUndefined()
  })

  it('leaves names alone that are other ones', () => {
    const others = 'example.org toulouse.fr lemonde.fr ibm.com sun.com mit.edu univ-tlse3.fr gov.uk'
    const domains = [...others.split(' '), 'mail.example.org', 'gmail.example.org', 'free-news.fr']
    expect(domains.filter((domain) => meantAddress(`zoe@${domain}`))).toEqual([])
  })
})

describe('isDisposable', () => {
  it('knows services for throw-away mail, and what lies below their domains', async () => {
    expect(await isDisposable('mailinator.com')).toBe(true)
    expect(await isDisposable('a.b.mailinator.com')).toBe(true)
  })

  it('has nothing against mail services and aliases that last', async () => {
    const lasting = ['gmail.com', 'gmx.de', 'posteo.de', 'duck.com', 'simplelogin.com', 'com']
    const found = await Promise.all([...mailDomains, ...lasting].map(isDisposable))
    expect(found.filter(Boolean)).toEqual([])
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
