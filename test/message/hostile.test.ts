import { assert, asyncProperty, constantFrom, oneof, pre, property, string } from 'fast-check'
import { Parser } from 'htmlparser2'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import type { Reader } from '../../integrations/mailshot/message.ts'
import { compileOnly, markdown, mjml } from '../campaign-folder.ts'
import { composeFor } from '../compose-for.ts'

/** Names as people, forms and attackers write them. */
const nasty = oneof(
  string({ unit: 'binary', maxLength: 40 }),
  string({
    unit: constantFrom(
      '"',
      "'",
      '<',
      '>',
      '&',
      '{{',
      '}}',
      '{%',
      '%}',
      '\r\n',
      '\n',
      '\r',
      '\0',
      '=',
      '`',
      '\\',
      ']]>',
      '-->',
      '<!--',
      '</title>',
      '<script>',
      'javascript:',
      '\u202E',
      '\u2066',
      '\u200F',
      '\uD800',
      '\uDC00',
      '\uFDD0{',
      '}\uFDD1',
      '\uFDD0%',
      '\uFFFF',
      '\u2028',
      '\u0085',
      'zq0x',
      '👩‍👩‍👧',
      'ß',
      'a',
      ' ',
      'Bcc: x@y.org',
      ':',
      ',',
      ';',
      '@',
      '=?UTF-8?Q?=0A?=',
    ),
    maxLength: 30,
  }),
  constantFrom(
    'x'.repeat(10_240),
    'é"<'.repeat(3500),
    '\r\nBcc: all@example.org\r\n\r\n<b>'.repeat(300),
  ),
)

const everywhere = markdown(
  [
    'Bonjour {{ nom | default: "x" }}, [a]({{ nom | default: "x" }}) [b](https://a.org/{{ nom | default: "x" }}?q={{ city | default: "x" }})',
    '![{{ nom | default: "x" }}](https://a.org/a.png "{{ nom | default: "x" }}")',
    '{% if nom %}\n## {{ nom | upcase }} {{ nom | append: "!" }}\n{% endif %}',
    '<b title=\'{{ nom | default: "x" }}\'>{{ nom | default: "x" }}</b>',
  ].join('\n\n'),
  'subject: {{ nom | default: "x" }} et {{ city | default: "x" }}',
  'preheader: {{ nom | default: "x" }}',
)

/** Every tag, attribute and comment of a page, without the texts that may differ. */
function structure(html: string): string {
  const seen: string[] = []
  const parser = new Parser({
    onopentag: (name, attributes) => seen.push(`<${name} ${Object.keys(attributes).join(' ')}>`),
    onclosetag: (name) => seen.push(`</${name}>`),
    oncomment: (text) => seen.push(`<!--${text}-->`),
  })
  parser.end(html)
  return seen.join('\n')
}

describe('composeMessage, whatever a name holds', () => {
  test('leaves the markup as it is', async () => {
    const compiled = await compileOnly({ 'a.md': everywhere })
    const harmless = structure(composeFor(compiled).html)
    assert(
      property(nasty, nasty, (name, city) => {
        pre(name.trim() !== '')
        const { html } = composeFor(compiled, { name: `a${name}`, attributes: { city } })
        expect(structure(html)).toBe(harmless)
        expect(html).not.toMatch(/(?:href|src)="\s*(?!https:|#)/)
        const address = new URL(/href="(https:\/\/a\.org[^"]*)"/.exec(html)?.[1] ?? '')
        expect(address.pathname.split('/')).toHaveLength(2)
        expect([...address.searchParams.keys(), address.hash]).toEqual(['q', ''])
      }),
      { numRuns: 300 },
    )
  })

  test('leaves the markup of an MJML campaign as it is', async () => {
    const compiled = await compileOnly({
      'a.mjml': mjml(
        `<mj-section><mj-column><mj-text>{{ nom | default: "x" }}</mj-text>
        <mj-image src="https://a.org/a.png" href="{{ city | default: "x" }}" alt='{{ nom | default: "x" }}' title="{{ nom | default: "x" }}" />
        <mj-button href="https://a.org/?q={{ nom | default: "x" }}">{{ nom | default: "x" }}</mj-button></mj-column></mj-section>`,
      ),
    })
    const harmless = structure(composeFor(compiled).html)
    assert(
      property(nasty, nasty, (name, city) => {
        expect(structure(composeFor(compiled, { name, attributes: { city } }).html)).toBe(harmless)
      }),
      { numRuns: 200 },
    )
  })

  test('shows no placeholder of ours, and no half character', async () => {
    const compiled = await compileOnly({ 'a.md': everywhere })
    const harmless = nasty.filter((name) => !/[{}%z]/.test(name))
    assert(
      property(harmless, (name) => {
        const { subject, html, text } = composeFor(compiled, { name, attributes: {} })
        for (const part of [subject, html, text]) {
          expect(part).not.toMatch(/\{\{|\}\}|\{%|%\}|zq+\d|mailshot_|[\uFDD0\uFDD1]/)
          expect(part.isWellFormed()).toBe(true)
          expect(part).not.toMatch(/[\0\u202E\u2066]/)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('leaves the headers and the parts of the mail as they are', async () => {
    const compiled = await compileOnly({ 'a.md': everywhere })
    const headersOf = async (reader: Partial<Reader>) => {
      const message = composeFor(compiled, reader)
      const mail = await simpleParser(Buffer.from(await message.mime()))
      return { mail, message, keys: mail.headerLines.map(({ key }) => key) }
    }
    const { keys: harmless } = await headersOf({})
    await assert(
      asyncProperty(nasty, nasty, async (name, city) => {
        const { mail, message, keys } = await headersOf({ name, attributes: { city } })
        expect(keys).toEqual(harmless)
        expect(`${message.subject}${message.to.name}`).not.toMatch(/[\r\n\0\u2028]/)
        expect(message.to.name.length).toBeLessThan(300)
        expect(mail.to).toMatchObject({ value: [{ address: 'Camille@example.org' }] })
        expect(mail.to && 'value' in mail.to && mail.to.value.length).toBe(1)
        expect(mail.attachments).toEqual([])
        expect(mail.html).toBe(message.html)
        expect(mail.text).toBe(message.text)
      }),
      { numRuns: 100 },
    )
  })
})
